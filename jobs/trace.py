"""Parcels of own payments, followed through the mini-program: WeChat tells where each stands, not what happened."""

from datetime import timedelta
from typing import Any

import structlog

from jobs.errand import gateway
from jobs.gateways.http import Refused, Retryable
from jobs.gateways.mini_shipping import Waybill
from jobs.gateways.token import Account
from jobs.queue import Run, job
from models.operations import errand, parcel
from models.queries import errand as queries
from models.rules import errand as rules
from models.rules.parcel import State

AT_ONCE = 200
LOOK_AGAIN = timedelta(minutes=25)

log = structlog.get_logger("jobs.trace")


@job(title="跟踪小程序订单的包裹", max_attempts=1)
def ask_tracks(run: Run, *, at: str) -> dict[str, Any]:
    """Have parcels of own payments followed, and write down where those stand that are; what goes unanswered is asked
    about next time."""
    if Account.MINI not in gateway().credentials.apps:
        return {"begun": 0, "moved": 0}
    with run.transaction():
        fresh = queries.unfollowed(limit=AT_ONCE)
    begun = sum(_begin(run, one) for one in fresh)
    with run.transaction():
        found = queries.followed(before=run.at - LOOK_AGAIN, limit=AT_ONCE)
        followed = [(one.parcel_id, one.token, one.openid) for one in found]
    return {"begun": begun, "moved": sum(_look(run, *one) for one in followed)}


def _begin(run: Run, one: Any) -> bool:
    run.check()
    goods = Waybill(
        number=one.waybill, company=rules.carrier_code(one.carrier), goods=one.goods or one.waybill,
        receiver_phone=one.phone or "",
    )  # fmt: skip
    try:
        trace = gateway().shippings.follow(openid=one.openid, waybill=goods, transaction=one.transaction, image="")
    except (Retryable, Refused) as error:
        log.warning("trace.not_begun", parcel_id=one.id, code=error.code)
        return False
    with run.transaction():
        errand.begin_trace(parcel_id=one.id, token=trace.waybill_token, openid=one.openid, at=run.at)
    return True


def _look(run: Run, parcel_id: int, token: str, openid: str) -> bool:
    """Ask about one; a status that is new becomes a track."""
    run.check()
    try:
        status = gateway().shippings.look(token=token, openid=openid).status
    except (Retryable, Refused) as error:
        log.warning("trace.unanswered", parcel_id=parcel_id, code=error.code)
        return False
    with run.transaction():
        is_news = errand.looked(parcel_id=parcel_id, status=status, at=run.at)
        if is_news and status in rules.TRACKS:
            state, words = rules.TRACKS[status]
            parcel.track(parcel_id=parcel_id, state=State(state), words=words, at=run.at)
    return is_news
