"""Notices: a member's own, the words in force, what waits to be sent, what there is to tell of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from models.base import db
from models.tables.identity import MemberIdentity
from models.tables.notice import Notice, NoticeDelivery, NoticeWording

DAY = timedelta(days=1)
_UNREAD = sa.text("SELECT count(*) FROM notice WHERE member_id = :member AND read_at IS NULL")


def wording(kind: str) -> NoticeWording | None:
    """The words of a kind as somebody set them last."""
    chosen = sa.select(NoticeWording).where(NoticeWording.kind == kind).order_by(NoticeWording.id.desc()).limit(1)
    return db.session.scalars(chosen).one_or_none()


def wordings() -> dict[str, NoticeWording]:
    """The words in force of every kind that has any of its own."""
    newest = sa.select(sa.func.max(NoticeWording.id)).group_by(NoticeWording.kind)
    found = db.session.scalars(sa.select(NoticeWording).where(NoticeWording.id.in_(newest)))
    return {one.kind: one for one in found}


def openid(member_id: int) -> str | None:
    """Where a member is reached, while it is one."""
    return db.session.scalar(sa.select(MemberIdentity.openid).where(MemberIdentity.member_id == member_id))


def page(*, member_id: int, before: int, limit: int) -> Sequence[Notice]:
    """A member's notices, the newest first."""
    chosen = sa.select(Notice).where(Notice.member_id == member_id, Notice.id < before)
    return db.session.scalars(chosen.order_by(Notice.id.desc()).limit(limit)).all()


def unread(member_id: int) -> int:
    """How many of its notices a member has not seen."""
    return db.session.scalar(_UNREAD, {"member": member_id}) or 0


@dataclass(frozen=True, slots=True)
class Due:
    """A message to send; without an openid its member has left."""

    delivery_id: int
    openid: str | None
    template_id: str
    message: dict[str, str]


def due(*, at: datetime, limit: int) -> Sequence[Due]:
    """What waits to be sent, the longest first."""
    chosen = (
        sa.select(
            NoticeDelivery.id, MemberIdentity.openid, NoticeDelivery.template_id, NoticeDelivery.message
        )
        .join(Notice, Notice.id == NoticeDelivery.notice_id)
        .outerjoin(MemberIdentity, MemberIdentity.member_id == Notice.member_id)
        .where(NoticeDelivery.state == "waiting", NoticeDelivery.next_at <= at)
        .order_by(NoticeDelivery.next_at, NoticeDelivery.notice_id).limit(limit)
    )  # fmt: skip
    return [Due(*row) for row in db.session.execute(chosen)]


def delivery(notice_id: int) -> NoticeDelivery | None:
    """The message that went along with a notice."""
    chosen = sa.select(NoticeDelivery).where(NoticeDelivery.notice_id == notice_id)
    return db.session.scalars(chosen).one_or_none()


def results(since: datetime, *, until: datetime | None = None) -> dict[str, int]:
    """How messages of notices made since, and before ``until``, ended; those without a message under `none`."""
    state = sa.func.coalesce(NoticeDelivery.state, "none")
    chosen = (
        sa.select(state, sa.func.count()).select_from(Notice)
        .outerjoin(NoticeDelivery, NoticeDelivery.notice_id == Notice.id).where(Notice.made_at >= since).group_by(state)
    )  # fmt: skip
    chosen = chosen if until is None else chosen.where(Notice.made_at < until)
    return {row[0]: row[1] for row in db.session.execute(chosen)}


_CHANGES = sa.text(
    """
    SELECT c.id, c.member_id, c.kind, c.at FROM standing_change c JOIN member m ON m.id = c.member_id
    WHERE c.at >= :since AND c.kind = ANY (:kinds) AND m.position IS NULL
      AND NOT EXISTS (SELECT 1 FROM notice n WHERE n.member_id = c.member_id AND n.about = 'change:' || c.id
                      AND n.kind = (CAST(:told AS jsonb) ->> c.kind))
    ORDER BY c.at, c.id LIMIT :limit
    """
)


def untold_changes(*, since: datetime, told: str, kinds: Sequence[str], limit: int) -> Sequence[Any]:
    """Changes of standing since an instant that nobody was told of; ``told`` is the notice of each kind, as JSON."""
    asked = {"since": since, "kinds": list(kinds), "told": told, "limit": limit}
    return db.session.execute(_CHANGES, asked).all()


_ENDING = sa.text(
    """
    SELECT m.id, m.cycle_end FROM member m
    WHERE m.cycle_end > :at AND m.cycle_end <= :until AND m.position IS NULL AND m.standing IN ('active', 'frozen')
      AND NOT EXISTS (SELECT 1 FROM notice n WHERE n.member_id = m.id AND n.kind = 'cycle.ending'
                      AND n.about = 'cycle:' || m.id || ':' || floor(extract(epoch FROM m.cycle_end))::bigint)
    ORDER BY m.cycle_end, m.id LIMIT :limit
    """
)


def ending_cycles(*, at: datetime, until: datetime, limit: int) -> Sequence[Any]:
    """Members whose cycle ends within a span, not told yet."""
    return db.session.execute(_ENDING, {"at": at, "until": until, "limit": limit}).all()


_TO_ASK = sa.text(
    """
    SELECT m.id FROM member m
    WHERE m.position IS NULL AND m.standing IN ('candidate', 'active', 'frozen')
      AND NOT EXISTS (SELECT 1 FROM consent c WHERE c.member_id = m.id AND c.agreement_id = :agreement)
      AND NOT EXISTS (SELECT 1 FROM notice n WHERE n.member_id = m.id AND n.kind = 'agreement.changed'
                      AND n.about = 'agreement:' || CAST(:agreement AS text))
    ORDER BY m.id LIMIT :limit
    """
)


def to_ask_again(*, agreement_id: int, limit: int) -> Sequence[int]:
    """Members who have not accepted an agreement and were not told that it is asked for."""
    return db.session.scalars(_TO_ASK, {"agreement": agreement_id, "limit": limit}).all()
