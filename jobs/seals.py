"""Where the heads of the ledger's chain are kept outside the database: a file that only grows."""

import json
import os
from datetime import datetime
from pathlib import Path

from flask import current_app

from models.tables.ledger import Block


def path() -> Path:
    """The file of this installation."""
    place: Path = current_app.config["SETTINGS"].files / "seals"
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    return place / "heads.jsonl"


def kept() -> dict[int, bytes]:
    """The hash of each block that was kept, by its number; a line that a crash cut short counts for nothing."""
    found: dict[int, bytes] = {}
    if path().exists():
        for line in path().read_text(encoding="utf-8").splitlines():
            try:
                head = json.loads(line)
                found.setdefault(int(head["block"]), bytes.fromhex(head["hash"]))
            except (ValueError, KeyError, TypeError):
                continue
    return found


def keep(block: Block) -> None:
    """Add the head of a block, on the disk before this returns."""
    sealed_at: datetime = block.sealed_at
    head = {
        "block": block.id,
        "last_posting": block.last_posting_id,
        "hash": bytes(block.hash).hex(),
        "sealed_at": sealed_at.isoformat(),
    }
    # On a line of its own even behind one that a crash cut short.
    with path().open("a", encoding="utf-8") as file:
        file.write(f"\n{json.dumps(head)}\n" if _is_cut() else f"{json.dumps(head)}\n")
        file.flush()
        os.fsync(file.fileno())


def _is_cut() -> bool:
    octets = path().read_bytes()
    return bool(octets) and not octets.endswith(b"\n")
