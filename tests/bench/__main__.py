"""`make bench [ONLY="lists imports"]`: every benchmark of this folder, each in its own process, and what it ran on.

A benchmark is a module here with a `main()`; it prints its own figures. None of them is a test: a busy machine makes a
figure worse, never red.
"""

import os
import pkgutil
import platform
import subprocess
import sys
import time
from pathlib import Path

from tests import bench


def machine() -> str:
    """One line that says what the figures below were measured on."""
    model = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.processor(),
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = " ".join(f"{value:.2f}" for value in os.getloadavg())
    return f"{os.cpu_count()} × {model}, {memory:.0f} GiB, Python {platform.python_version()}, load {load}"


def names(only: list[str]) -> list[str]:
    """The benchmarks asked for, or all of them."""
    found = [module.name for module in pkgutil.iter_modules(bench.__path__) if not module.name.startswith("_")]
    unknown = set(only) - set(found)
    if unknown:
        raise SystemExit(f"没有这个测量：{', '.join(sorted(unknown))}；可选：{', '.join(found)}")
    return only or found


def main() -> int:
    failed = []
    for name in names(sys.argv[1:]):
        sys.stdout.write(f"\n== {name}\n   {machine()}\n")
        sys.stdout.flush()
        started = time.monotonic()
        if subprocess.run([sys.executable, "-m", f"tests.bench.{name}"], check=False).returncode:
            failed.append(name)
        sys.stdout.write(f"   {time.monotonic() - started:.0f} s\n")
    if failed:
        sys.stdout.write(f"\n没有跑完：{', '.join(failed)}\n")
    return len(failed)


if __name__ == "__main__":
    sys.exit(main())
