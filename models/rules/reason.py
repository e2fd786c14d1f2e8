"""Why somebody acts on people or money: coded reasons by kind of action, with a note where the code says too little."""

from models.errors import Invalid
from models.rules.reason_kind import REASONS as REASONS
from models.rules.reason_kind import Reason as Reason

NOTE_LENGTH = 200


class Unstated(Invalid):
    """An action without a reason, with one that its kind does not know, or without the note that it needs."""


def of(kind: str) -> tuple[Reason, ...]:
    """The reasons that an action of this kind may have."""
    return REASONS[kind]


def check(kind: str, code: str, note: str = "") -> str:
    """The reason as the audit trail keeps it, `code` or `code: note`; refused when it says nothing."""
    if not code:
        raise Unstated("请选择原因后再提交")
    found = next((reason for reason in of(kind) if reason.code == code), None)
    if found is None:
        raise Unstated("没有这个原因，请从列表中重新选择")
    note = " ".join(note.split())[:NOTE_LENGTH]
    if found.needs_note and not note:
        raise Unstated("选择“其他”时请在说明中写明原因")
    return f"{code}: {note}" if note else code


_SAID = {(reason.code, reason.title) for kind in REASONS.values() for reason in kind}
# A code that two kinds explain in different words stands as it is.
_TITLES = {code: title for code, title in _SAID if [one for one, _ in _SAID].count(code) == 1}


def told(kept: str) -> tuple[str, str]:
    """The title and the note of what `check` keeps; words that begin with no code are all note."""
    code, _sep, note = kept.partition(":")
    title = _TITLES.get(code.strip(), "")
    return (title, note.strip()) if title else ("", kept.strip())
