"""``python -m tests.bench.mutants [--sample N] [MODULE …]``: changes rules of risk, money, tree and tax one by one.

One operator, comparison, condition or constant of a module is changed, and only the module's own tests of
``tests/rules`` are run (where it has none, those that import it), until the first of them fails. Sentences that people
read are left alone. ``--sample`` tries N changes of each module, always the same ones. Printed: how many of the changes
were noticed, and each that was not, by line.
"""

import argparse
import ast
import importlib.util
import os
import random
import signal
import sys
import time
import types
from collections.abc import Iterator, Sequence
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path

import hypothesis
import pytest

from tests.bench.mutating import Mutant, mutants

MODULES = (
    "risk", "risk_feature", "commission", "share", "refund", "dividend", "tax", "withdrawal", "placement", "ledger",
    "region_share",
)  # fmt: skip
ROOT = Path(__file__).parents[2]
RULES = ROOT / "models" / "rules"
TESTS = ROOT / "tests" / "rules"
SECONDS_MAX = 60
AT_ONCE = 4


class Mutated(SourceFileLoader):
    """Loads one module from a changed tree."""

    tree: ast.Module

    def get_code(self, fullname: str) -> types.CodeType:
        return compile(self.tree, self.path, "exec")


class Finder:
    """Hands out the changed module, and nothing else."""

    def __init__(self, name: str, tree: ast.Module) -> None:
        self.name, self.tree = name, tree

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if name != f"models.rules.{self.name}":
            return None
        loader = Mutated(name, str(RULES / f"{self.name}.py"))
        loader.tree = self.tree
        return importlib.util.spec_from_loader(name, loader)


def tests_of(module: str) -> list[str]:
    """The file of tests/rules that is named after a module, or else those that import it."""
    own = TESTS / f"test_{module}.py"
    if own.exists():
        return [str(own)]
    return [str(path) for path in sorted(TESTS.glob("test_*.py")) if module in set(_imported(path))]


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module == "models.rules":
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("models.rules."):
            yield (node.module or "").removeprefix("models.rules.")


def noticed(module: str, trees: Sequence[ast.Module], tests: Sequence[str]) -> list[bool]:
    """Whether a test fails, or never ends, in a child process that imports the changed module; one answer a tree."""
    answers = [True] * len(trees)
    waiting = list(enumerate(trees))[::-1]
    running: dict[int, tuple[int, float]] = {}
    while waiting or running:
        while waiting and len(running) < AT_ONCE:
            number, tree = waiting.pop()
            child = os.fork()
            if child == 0:
                os._exit(_run(module, tree, tests))
            running[child] = number, time.monotonic() + SECONDS_MAX
        time.sleep(0.02)
        for child, (number, ends) in list(running.items()):
            pid, status = os.waitpid(child, os.WNOHANG)
            if pid:
                answers[number] = os.waitstatus_to_exitcode(status) != pytest.ExitCode.OK
                del running[child]
            elif time.monotonic() > ends:
                os.kill(child, signal.SIGKILL)
    return answers


def _run(module: str, tree: ast.Module, tests: Sequence[str]) -> int:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    sys.meta_path.insert(0, Finder(module, tree))  # type: ignore[arg-type]
    options = ["-x", "-q", "--noconftest", "-c", os.devnull, "-p", "no:cacheprovider", "--rootdir", str(ROOT)]
    return int(pytest.main([*options, *tests]))


def prepare() -> None:
    """The rules are plain Python: their package is enough, without the tables; random tests alike each time."""
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    package = types.ModuleType("models")
    package.__path__ = [str(ROOT / "models")]
    sys.modules["models"] = package
    phases = [hypothesis.Phase.explicit, hypothesis.Phase.generate]
    hypothesis.settings.register_profile("mutants", derandomize=True, deadline=None, database=None, phases=phases)
    hypothesis.settings.load_profile("mutants")


def score(module: str, sample: int) -> tuple[int, list[Mutant]]:
    """How many changes were tried, and those that nobody noticed."""
    source = (RULES / f"{module}.py").read_text()
    tests = tests_of(module)
    if noticed(module, [ast.parse(source)], tests) != [False]:
        raise SystemExit(f"{module}: its tests are red before anything is changed")
    made = list(mutants(source))
    if 0 < sample < len(made):
        made = random.Random(module).sample(made, sample)
    seen = noticed(module, [mutant.tree for mutant in made], tests)
    return len(made), [mutant for mutant, is_seen in zip(made, seen, strict=True) if not is_seen]


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--sample", type=int, default=0)
    parser.add_argument("modules", nargs="*", default=MODULES)
    asked = parser.parse_args()
    prepare()
    tried = missed = 0
    for module in asked.modules:
        started = time.monotonic()
        total, survivors = score(module, asked.sample)
        tried, missed = tried + total, missed + len(survivors)
        killed = total - len(survivors)
        sys.stdout.write(f"{module}: {killed} of {total}, {killed / total:.0%}, {time.monotonic() - started:.0f} s\n")
        for mutant in survivors:
            sys.stdout.write(f"   {module}.py:{mutant.line}: {mutant.change}\n")
        sys.stdout.flush()
    sys.stdout.write(f"{tried - missed} of {tried} changes noticed, {(tried - missed) / tried:.1%}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
