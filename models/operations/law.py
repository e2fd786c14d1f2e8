"""Somebody looked whether an article still says what we go by."""

from datetime import date

from models.base import db
from models.errors import Invalid, Missing
from models.rules import law as rules
from models.tables.finding import LawCheck


class NoLaw(Missing):
    """No article has this reference."""


class Unseen(Invalid):
    """A look without a word about what was looked at."""


def check(*, ref: str, note: str, on: date, by: str) -> LawCheck:
    """Note a look: the article's day of checking is that day from here."""
    if rules.by_ref(ref) is None:
        raise NoLaw("没有这条法规，请从列表中选择。")
    words = " ".join(note.split())[:300]
    if not words:
        raise Unseen("请写明核对了哪个版本、有没有变化。")
    made = LawCheck(law=ref, checked_on=on, by=by, note=words)
    db.session.add(made)
    db.session.flush()
    return made
