"""Telling members: a notice in the mini-program, a subscription message beside it, each once."""

from collections.abc import Iterable, Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from models.base import db
from models.errors import Conflict
from models.queries import notice as queries
from models.rules import notice as rules
from models.rules import scanning
from models.rules.notice import State
from models.tables.notice import Notice, NoticeDelivery, NoticeWording

_READ = sa.text(
    """
    WITH seen AS (
        UPDATE notice SET read_at = greatest(:at, made_at)
        WHERE member_id = :member AND id <= :until AND read_at IS NULL RETURNING 1)
    SELECT (SELECT count(*) FROM seen) AS seen, (
        SELECT count(*) FROM notice WHERE member_id = :member AND id > :until AND read_at IS NULL) AS unread
    """
)


class NotEnded(Conflict):
    """The message has gone out or still waits."""


def set_wording(
    *, kind: str, title: str, body: str, template_id: str, fields: Mapping[str, str], at: datetime, by: str
) -> NoticeWording:
    """Set the words of a kind from now on; what was told before keeps its own (rules §8.4)."""
    rules.check_wording(kind, title=title, body=body, fields=fields)
    scanning.check_clean(scanning.scanned(title, body, *fields.values()))
    made = NoticeWording(
        kind=kind, title=title.strip(), body=body.strip(), template_id=template_id.strip() or None,
        fields=dict(fields), made_at=at, made_by=by,
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()
    return made


def tell(*, member_id: int, template: str, values: Mapping[str, str], about: str, at: datetime) -> Notice | None:
    """Tell a member of something, once: the same again is None. ``template`` names the kind, ``about`` the thing.

    A value that may not stand in words that go out is left out. What happened longer ago than
    ``rules.FRESH`` is not for this function to know: whoever calls decides.
    """
    told = rules.kind(template)
    words = queries.wording(template)
    fit = {name: value if scanning.is_fit(value) else "—" for name, value in values.items()}
    title = rules.filled(words.title if words else told.title, fit)
    body = rules.filled(words.body if words else told.body, fit)
    made = db.session.scalars(
        insert(Notice)
        .values(member_id=member_id, kind=template, title=title, body=body, about=about, made_at=at)
        .on_conflict_do_nothing(index_elements=["member_id", "kind", "about"])
        .returning(Notice)
    ).one_or_none()
    if made is not None and words is not None and words.template_id and queries.openid(member_id):
        db.session.add(
            NoticeDelivery(
                notice_id=made.id, template_id=words.template_id, state=State.WAITING, tries=0, next_at=at, error="",
                message=rules.message(words.fields, {**fit, "title": title}),
            )
        )  # fmt: skip
        db.session.flush()
    return made


def read(*, member_id: int, until: int, at: datetime) -> tuple[int, int]:
    """A member has seen its notices up to one; how many of them it had not seen before, and how many are left."""
    found = db.session.execute(_READ, {"member": member_id, "until": until, "at": at}).one()
    return found.seen, found.unread


def record_sent(*, delivery_id: int, at: datetime) -> None:
    """WeChat took the message."""
    delivery = _waiting(delivery_id)
    if delivery is not None:
        delivery.state, delivery.sent_at, delivery.next_at = State.SENT, at, None
        delivery.tries, delivery.error = delivery.tries + 1, ""
        db.session.flush()


def record_refused(*, delivery_id: int, error: str) -> None:
    """WeChat will never take the message: not subscribed, template or values wrong."""
    delivery = _waiting(delivery_id)
    if delivery is not None:
        delivery.state, delivery.next_at, delivery.error = State.REFUSED, None, error
        delivery.tries += 1
        db.session.flush()


def record_silent(*, delivery_id: int, error: str, at: datetime) -> None:
    """No answer, or a plea to come back: tried again later, in the end given up."""
    delivery = _waiting(delivery_id)
    if delivery is not None:
        delivery.tries, delivery.error = delivery.tries + 1, error
        delivery.next_at = rules.next_try(delivery.tries, at)
        delivery.state = State.WAITING if delivery.next_at else State.DROPPED
        db.session.flush()


def put_off(*, delivery_ids: Iterable[int], at: datetime) -> None:
    """The quota is used up: these wait, no try of theirs is counted."""
    waiting = (NoticeDelivery.id.in_(list(delivery_ids)), NoticeDelivery.state == State.WAITING)
    db.session.execute(sa.update(NoticeDelivery).where(*waiting).values(next_at=at + rules.QUOTA_WAIT, error="45009"))


def send_again(*, delivery_id: int, at: datetime) -> None:
    """Try once more what was refused or given up."""
    delivery = db.session.get(NoticeDelivery, delivery_id, with_for_update=True, populate_existing=True)
    if delivery is None or delivery.state not in (State.REFUSED, State.DROPPED):
        raise NotEnded("这条消息已发出或正在等待发送，无需重发。")
    delivery.state, delivery.next_at, delivery.tries, delivery.error = State.WAITING, at, 0, ""
    db.session.flush()


def _waiting(delivery_id: int) -> NoticeDelivery | None:
    found = db.session.get(NoticeDelivery, delivery_id, with_for_update=True, populate_existing=True)
    return found if found is not None and found.state == State.WAITING else None
