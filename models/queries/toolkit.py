"""Scripts and posters that are out, and those that a newer list of phrases has not seen."""

from collections.abc import Sequence

import sqlalchemy as sa

from models.base import db
from models.tables.content import Content


def newest(code: str) -> Content | None:
    """The newest version of a code."""
    chosen = sa.select(Content).where(Content.code == code).order_by(Content.version.desc()).limit(1)
    return db.session.scalars(chosen.with_for_update()).one_or_none()


def published(code: str) -> Content | None:
    """The version of a code that is out."""
    chosen = sa.select(Content).where(Content.code == code, Content.state == "published")
    return db.session.scalars(chosen).one_or_none()


def page(*, kind: str | None, before: int, limit: int) -> Sequence[Content]:
    """What is out, the newest first."""
    chosen = sa.select(Content).where(Content.state == "published", Content.id < before)
    chosen = chosen.where(Content.kind == kind) if kind else chosen
    return db.session.scalars(chosen.order_by(Content.id.desc()).limit(limit)).all()


def versions(code: str) -> Sequence[Content]:
    """All versions of a code, the newest first."""
    return db.session.scalars(sa.select(Content).where(Content.code == code).order_by(Content.version.desc())).all()


def stale(phrases: str, *, limit: int) -> Sequence[int]:
    """What is out and was last held against another list."""
    chosen = sa.select(Content.id).where(Content.state == "published", Content.phrases != phrases)
    return db.session.scalars(chosen.order_by(Content.id).limit(limit)).all()
