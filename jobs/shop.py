"""The WeChat shop, read by push and by poll: an event only says that something changed, what it is now is read."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from flask import current_app

from jobs.gateways.shop import Shop, Silent, Unknown
from jobs.queue import Run, job
from models.errors import Conflict, DomainError
from models.operations import listing, outbox, shop_case, shop_cursor, shop_order
from models.queries import shop as queries
from models.rules import shanghai
from models.rules import shop_order as rules
from models.rules.listing import UnderWay
from models.rules.product import ProductState
from models.tables.job import Queue

AT_ONCE, IN_ONE_JOB = 500, 50
BANNED = frozenset({13, 14, 15, 20})
"""Taken down by the platform: violation, deposit, brand, sealed (facts/wechat §5)."""
READS: dict[str, str] = {"channels_ec_order_": "sync_order", "channels_ec_aftersale_update": "sync_case"}
GOODS = frozenset({"product_spu_audit", "product_spu_listing", "product_spu_update", "channels_ec_stock_no_enough"})


class NoShop(Conflict):
    """No interface to the shop is set up."""


class NobodyAnswered(RuntimeError):
    """The shop was silent, or is not done with the order: the job comes again."""


def gateway() -> Shop:
    """The shop that this installation reads."""
    found: Shop | None = current_app.extensions.get("shop")
    if found is None:
        raise NoShop("还没有配置微信小店接口，请先在部署配置中填好小店的 AppID 与密钥。")
    return found


@job(title="核对小店通知")
def read_told(run: Run, *, kind: str, number: str, **_: Any) -> dict[str, Any]:
    """What a pushed event is about is read again."""
    if not number:
        return {"asked": ""}
    asked = next((job for event, job in READS.items() if kind.startswith(event)), "")
    if kind in GOODS:
        asked = "sync_product"
    with run.transaction():
        if asked == "sync_order":
            _ask_order(number, key=f"told:{run.job_id}")
        elif asked == "sync_case":
            _ask_case(number, key=f"told:{run.job_id}")
        elif asked == "sync_product":
            outbox.request("sync_product", payload={"number": number}, title="同步小店商品", key=f"told:{run.job_id}")
    return {"asked": asked}


def _ask_order(number: str, *, key: str) -> None:
    outbox.request(
        "sync_order", payload={"number": number}, subject=f"shop:{number}", title="同步小店订单", by="shop",
        key=f"order:{number}:{key}",
    )  # fmt: skip


def _ask_orders(numbers: Sequence[str], *, key: str) -> None:
    """Jobs for many orders, some tens each: a job of its own for each would cost more than the order.

    After hours of silence they are a thousand jobs, and clocks, notices and what people press do not wait for them.
    """
    for start in range(0, len(numbers), IN_ONE_JOB):
        part = list(numbers[start : start + IN_ONE_JOB])
        digest = hashlib.sha256("\n".join(part).encode()).hexdigest()[:16]
        outbox.request(
            "sync_orders", queue=Queue.BULK, payload={"numbers": part}, title="同步一批小店订单", by="shop",
            key=f"orders:{digest}:{key}",
        )  # fmt: skip


def _ask_cases(numbers: Sequence[str], *, key: str) -> None:
    for number in numbers:
        _ask_case(number, key=key)


def _ask_case(number: str, *, key: str) -> None:
    outbox.request(
        "sync_case", payload={"number": number}, subject=f"shop:{number}", title="同步小店售后", by="shop",
        key=f"case:{number}:{key}",
    )  # fmt: skip


@job(title="同步小店订单", max_attempts=12)
def sync_order(run: Run, *, number: str) -> dict[str, Any]:
    """Read one order and fold it in; its after-sales are read beside it."""
    try:
        return {"state": _synced(run, number)}
    except rules.NotYet as not_yet:
        raise NobodyAnswered(str(not_yet)) from not_yet


def _synced(run: Run, number: str) -> str:
    try:
        content = dict(gateway().order(number))
    except Unknown:
        return "unknown"
    except Silent as silence:
        raise NobodyAnswered("小店接口没有应答") from silence
    sold = rules.read(content)
    with run.transaction():
        state = shop_order.fold(sold=sold, content=content, at=run.at)
        for case in sold.cases if state == "folded" else ():
            _ask_case(case, key=f"of:{run.job_id}")
    return state


@job(queue=Queue.BULK, title="同步一批小店订单", max_attempts=12)
def sync_orders(run: Run, *, numbers: list[str]) -> dict[str, Any]:
    """Read orders one after the other and fold each in by itself; one that cannot be yet gets a job of its own."""
    ended: Counter[str] = Counter()
    gateway()
    for done, number in enumerate(numbers):
        run.check()
        try:
            ended[_synced(run, number)] += 1
        except DomainError:
            with run.transaction():
                _ask_order(number, key=f"of:{run.job_id}")
            ended["alone"] += 1
        run.progress(done + 1, len(numbers), "")
    return dict(ended)


@job(title="同步小店售后", max_attempts=12)
def sync_case(run: Run, *, number: str) -> dict[str, Any]:
    """Read one after-sale; once the shop has paid back, the refund is booked here."""
    try:
        content = dict(gateway().case(number))
    except Unknown:
        return {"state": "unknown"}
    except Silent as silence:
        raise NobodyAnswered("小店接口没有应答") from silence
    told = _told_case(number, content, run.at)
    with run.transaction():
        state = shop_case.fold(told=told, at=run.at, day=shanghai.day_of)
        if state == "no order" and told.order_number:
            _ask_order(told.order_number, key=f"for:{run.job_id}")
    return {"state": state}


def _told_case(number: str, content: Mapping[str, Any], at: datetime) -> shop_case.Told:
    """A case as `getaftersaleorder` tells it; its deadline comes in seconds from now."""
    details, left = content.get("details") or {}, int(content.get("deadline") or 0)
    return shop_case.Told(
        number=number, order_number=str(content.get("order_id", "")), status=str(content.get("status", "")),
        amount_fen=int((content.get("refund_info") or {}).get("amount") or 0),
        at=datetime.fromtimestamp(int(content.get("update_time") or 0), UTC),
        kind=str(content.get("type") or ""), reason=str(content.get("reason") or ""),
        words=str(details.get("desc") or content.get("reason_text") or ""),
        deadline_at=at.replace(microsecond=0) + timedelta(seconds=left) if left > 0 else None,
    )  # fmt: skip


@job(title="同步小店商品")
def sync_product(run: Run, *, number: str) -> dict[str, Any]:
    """Read one product; what the platform took down or what is sold out leaves every window, with its outcomes."""
    try:
        content = gateway().product(number)
    except Unknown:
        return {"state": "unknown"}
    except Silent as silence:
        raise NobodyAnswered("小店接口没有应答") from silence
    status, code = int(content.get("status") or 0), str(content.get("out_product_id") or "")
    stock = sum(int(one.get("stock_num") or 0) for one in content.get("skus") or ())
    why = "violation" if status in BANNED else "sold_out" if status and not stock else ""
    taken = 0
    for product in _of_code(run, code) if why else ():
        try:
            with run.transaction():
                listing.delist_everywhere(product_id=product, why=why, at=run.at, by="shop")
                outbox.emit("product.taken_down", subject=f"product:{code}", product_id=product, why=why)
            taken += 1
        except UnderWay:
            continue
    return {"why": why, "delisted": taken}


def _of_code(run: Run, code: str) -> list[int]:
    with run.transaction():
        return [one.id for one in queries.product_of(code) if one.state == ProductState.LISTED]


@job(title="轮询小店订单", max_attempts=3)
def poll_orders(run: Run, *, at: str = "") -> dict[str, Any]:
    """Ask for every order that changed since the last time, with an overlap: what no push told of is found here."""
    if "shop" not in current_app.extensions:
        return {"asked": 0}
    with run.transaction():
        span = shop_cursor.span(kind="orders", at=run.at)
    found = gateway().changed(begins=int(span.begins.timestamp()), ends=int(span.ends.timestamp()))
    asked = _asked(run, found, _ask_orders, key=f"poll:{int(span.ends.timestamp())}")
    with run.transaction():
        shop_cursor.advance(kind="orders", through=span.ends)
    return {"asked": asked}


@job(title="轮询小店售后", max_attempts=3)
def poll_cases(run: Run, *, at: str = "") -> dict[str, Any]:
    """Ask for every after-sale that changed since the last time."""
    if "shop" not in current_app.extensions:
        return {"asked": 0}
    with run.transaction():
        span = shop_cursor.span(kind="after_sales", at=run.at)
    found = gateway().cases(begins=int(span.begins.timestamp()), ends=int(span.ends.timestamp()))
    asked = _asked(run, found, _ask_cases, key=f"poll:{int(span.ends.timestamp())}")
    with run.transaction():
        shop_cursor.advance(kind="after_sales", through=span.ends)
    return {"asked": asked}


def _asked(run: Run, found: Iterator[str], ask: Callable[..., None], *, key: str) -> int:
    """A job for each number, some hundred a transaction; the cursor moves on after the last of them alone."""
    asked = 0
    for part in _parts(found):
        run.check()
        with run.transaction():
            ask(part, key=key)
        asked += len(part)
        run.progress(asked, asked + 1, "")
    return asked


def _parts(found: Iterator[str]) -> Iterator[list[str]]:
    """The numbers that the shop tells of, some hundred at a time."""
    while True:
        try:
            part = list(dict.fromkeys(islice(found, AT_ONCE)))
        except Silent as silence:
            raise NobodyAnswered("小店接口没有应答") from silence
        if not part:
            return
        yield part


@job(title="核对小店漏单", max_attempts=3)
def find_gaps(run: Run, *, at: str) -> dict[str, Any]:
    """Look at every order of two days that the poll has passed, and read those that nobody ever told of."""
    if "shop" not in current_app.extensions:
        return {"missing": 0}
    with run.transaction():
        cursor = queries.cursor("orders")
        through = cursor.through if cursor is not None else None
        awaited = queries.awaited()
    if through is None:
        return {"missing": 0}
    ends = min(datetime.fromisoformat(at) - timedelta(hours=1), through)
    begins = ends - timedelta(days=2)
    numbers = gateway().created(begins=int(begins.timestamp()), ends=int(ends.timestamp()))
    missing = 0
    for part in _parts(numbers):
        run.check()
        with run.transaction():
            skipped = [number for number in queries.unknown(part) if number not in awaited]
            _ask_orders(skipped, key=f"gap:{at}")
        missing += len(skipped)
    with run.transaction():
        shop_cursor.checked(kind="orders", missing=missing, at=run.at)
    return {"missing": missing}
