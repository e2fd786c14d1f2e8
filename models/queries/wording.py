"""Every text that goes out to members and buyers, wherever it is kept: what the copy job scans."""

from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from models.base import db
from models.rules import complaint, compliance
from models.rules.phrase import Kind


@dataclass(frozen=True, slots=True)
class Wording:
    """One text: the subject a finding names, what it is for, whether it is published."""

    subject: str
    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class Source:
    """One table with texts: its name, what its rows are for, and the question that gives (subject, text)."""

    table: str
    kind: Kind
    query: str


SOURCES: tuple[Source, ...] = (
    Source("product", Kind.COPY, "SELECT 'product:' || code, title FROM product WHERE state <> 'retired'"),
    Source(
        "agreement",
        Kind.RULES,
        "SELECT 'agreement:' || version, text FROM agreement a WHERE effective_at >= ("
        "SELECT coalesce(max(effective_at), '-infinity') FROM agreement WHERE effective_at <= now())",
    ),
    Source(
        "content",
        Kind.COPY,
        "SELECT 'content:' || id, concat_ws(E'\\n', title, body) FROM content WHERE state = 'published'",
    ),
    Source("notice_wording", Kind.COPY, "SELECT 'notice-wording:' || id, concat_ws(E'\\n', title, body)"
           " FROM notice_wording"),
    Source(
        "story",
        Kind.COPY,
        "SELECT 'story:' || id, concat_ws(E'\\n', title, words) FROM story WHERE state = 'published'",
    ),
    Source(
        "challenge",
        Kind.COPY,
        "SELECT 'challenge:' || id, concat_ws(E'\\n', title, words, prize) FROM challenge WHERE state = 'published'",
    ),
)  # fmt: skip


def every() -> Iterator[Wording]:
    """The texts of the program itself, then those of each table that this installation has."""
    for name, text in compliance.DISCLAIMERS.items():
        yield Wording(f"disclaimer:{name}", Kind.COPY, text)
    yield Wording("receipt:complaint", Kind.COPY, complaint.RECEIVED)
    for source in SOURCES:
        if db.session.scalar(sa.select(sa.func.to_regclass(source.table))) is not None:
            for subject, text in db.session.execute(sa.text(source.query)):
                yield Wording(subject, source.kind, text or "")
