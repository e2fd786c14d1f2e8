"""Tables that only grow and may be emptied of personal data: by the owner's function, of the named columns alone."""

from collections.abc import Mapping, Sequence
from typing import Any

_ASKED = "SET LOCAL qianxing.forgetting = '{}'; "
_TOLD = {
    "case_snooze": ("reason", "made_by"),
    "case_step": ("note", "by"),
    "complaint_message": ("words", "by"),
    "member_note": ("text", "by"),
    "proof_step": ("note", "by"),
    "risk_event": ("device", "kind"),
}
OF_THEIR_OWN = {f"forgets_{table}" for table in _TOLD}
_OTHER = {"device": "'\\x01'::bytea", "kind": "'register'"}


def _offences(table: str, emptied: str, kept: str) -> Sequence[tuple[Mapping[str, Any], str]]:
    asked = _ASKED.format(table)
    return (
        ({}, f'{asked}UPDATE {table} SET "{emptied}" = {_OTHER.get(emptied, repr("another"))}'),
        ({}, f'{asked}UPDATE {table} SET "{kept}" = {_OTHER.get(kept, repr("another"))}'),
    )


OFFENCES = {f"forgets_{table}": _offences(table, *columns) for table, columns in _TOLD.items()}
