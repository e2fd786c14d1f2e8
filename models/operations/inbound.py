"""Callbacks: kept once before they are answered, decided later, and decided again at somebody's word."""

from datetime import date, datetime

from sqlalchemy.dialects.postgresql import insert

from models.base import db
from models.errors import Conflict, Missing
from models.operations import outbox
from models.rules.inbound import Channel, Message, State
from models.tables.inbound import Inbound, InboundRefusal
from models.tables.job import Queue


class NoMessage(Missing):
    """No callback has this id."""


class StillWaiting(Conflict):
    """The callback is being decided."""


def receive(*, message: Message, ip: str, at: datetime) -> int | None:
    """Keep a callback and ask for its decision; none where the very same is here already."""
    made = db.session.scalar(
        insert(Inbound).values(
            channel=message.channel, key=message.key, event=message.event, number=message.number,
            content=message.content, digest=message.digest, ip=ip, received_at=at, state=State.WAITING, error="",
            tries=0,
        ).on_conflict_do_nothing(constraint="uq_inbound_channel_key").returning(Inbound.id)
    )  # fmt: skip
    if made is not None:
        _ask(made, message.channel, message.event, key=f"inbound:{made}", by="wechat")
    return made


def refuse(*, channel: Channel, why: str, ip: str, at: datetime, day: date) -> None:
    """Count a callback that did not prove to be WeChat's; ``day`` is the Shanghai day of ``at``."""
    one = insert(InboundRefusal).values(day=day, channel=channel, why=why, times=1, last_at=at, last_ip=ip)
    db.session.execute(
        one.on_conflict_do_update(
            constraint="pk_inbound_refusal",
            set_={"times": InboundRefusal.times + 1, "last_at": at, "last_ip": ip},
        )
    )


def held(*, inbound_id: int) -> Inbound:
    """A callback under its row lock."""
    found = db.session.get(Inbound, inbound_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NoMessage("没有这条回调，请刷新列表。")
    return found


def decide(*, inbound_id: int, state: State, at: datetime, error: str = "") -> Inbound:
    """Write down what became of a callback."""
    found = held(inbound_id=inbound_id)
    found.state, found.error, found.decided_at, found.tries = state, error[:500], at, found.tries + 1
    db.session.flush()
    return found


def again(*, inbound_id: int, by: str) -> Inbound:
    """Decide a callback anew: harmless, since what it did is done once."""
    found = held(inbound_id=inbound_id)
    if found.state == State.WAITING:
        raise StillWaiting("这条回调正在等待处理，请稍后刷新。")
    found.state, found.error, found.decided_at = State.WAITING, "", None
    db.session.flush()
    _ask(found.id, Channel(found.channel), found.event, key=f"inbound:{found.id}:{found.tries}", by=by)
    return found


def _ask(inbound_id: int, channel: Channel, event: str, *, key: str, by: str) -> None:
    outbox.request(
        "decide_inbound", queue=Queue.MONEY if channel is Channel.PAY else Queue.DEFAULT,
        payload={"inbound_id": inbound_id}, subject=f"inbound:{inbound_id}", title=f"处理回调 {event}", by=by, key=key,
    )  # fmt: skip
