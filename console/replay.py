"""A scenario file played through the operations, on a scratch database with its own clock; the resulting world out."""

import hashlib
import json
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa

from console import installation
from models import migrations
from models.base import db, rehearsal
from models.errors import DomainError
from models.operations import (
    admission,
    agreement,
    cohort,
    dividend,
    due,
    evening,
    hold,
    order,
    placing,
    policy,
    region_agent,
    withdrawal,
)
from models.queries import member as members
from models.queries import order as orders
from models.queries import world
from models.queries.policy import in_force
from models.rules import lint, scenario, shanghai
from models.rules import policy as policies
from models.rules.tax import Month
from models.rules.withdrawal import TransferState
from models.tables.merchant import Merchant
from models.tables.payout import DividendLine

BY = "replay"
CHECKER = "replay:checker"
# A story may name any policy (rules §10): every finding is acknowledged and the opinion never lapses.
FOR_EVER = datetime(9999, 1, 1, tzinfo=UTC)

TEXT = "剧本中的推广协议：注册即视为同意。"
AGREEMENT = agreement.Acceptance(
    version="replay", sha256=hashlib.sha256(TEXT.encode()).hexdigest(), ip="", user_agent="replay"
)


class Stopped(Exception):
    """The line at which a replay ends, and why."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"第 {line} 行：{reason}")
        self.line = line


class NotRefused(Exception):
    """An event that must be refused was accepted."""


def _policy(event: scenario.SetPolicy) -> None:
    draft = policy.propose(preset="plan", terms=policies.plain(event.policy), effective_at=event.at, at=event.at, by=BY)
    policy.approve(
        version_id=draft.id, digest=draft.digest, acknowledged=[rule.id for rule in lint.RULES],
        opinion_until=FOR_EVER, at=event.at, by=CHECKER,
    )  # fmt: skip
    agreement.publish(version=AGREEMENT.version, text=TEXT, effective_at=event.at)


def _matrix(event: scenario.MakeMatrix) -> None:
    merchant = db.session.scalars(sa.select(Merchant).where(Merchant.code == event.merchant)).one_or_none()
    if merchant is None:
        merchant = Merchant(code=event.merchant, name=event.merchant)
        db.session.add(merchant)
        db.session.flush()
    admission.make_matrix(code=event.matrix, merchant=merchant, template=event.template, at=event.at, by=BY)


def _register(event: scenario.Register) -> None:
    admission.register(code=event.member, inviter=event.inviter, acceptance=AGREEMENT, at=event.at, by=BY)


def _purchase(event: scenario.PlaceOrder) -> order.Purchase:
    return order.Purchase(
        number=event.order, seller=event.seller, paid_fen=event.paid, cost_fen=event.cost,
        commission_fen=event.commission, buyer=event.buyer, kind=event.kind, scene=event.scene, region=event.region,
    )  # fmt: skip


def _order(event: scenario.PlaceOrder) -> None:
    order.place(purchase=_purchase(event), at=event.at)


def _dividend(event: scenario.PayDividend) -> None:
    month = date(event.month.year, event.month.month, 1)
    bill = dividend.build(month=month, bounds=shanghai.month_bounds, at=event.at, by=BY)
    dividend.confirm(bill_id=bill.id, at=event.at, by=CHECKER)
    for line_id in db.session.scalars(
        sa.select(DividendLine.id).where(DividendLine.bill_id == bill.id).order_by(DividendLine.id)
    ):
        dividend.pay_line(line_id=line_id, at=event.at)
    dividend.close(bill_id=bill.id, at=event.at)


def _withdraw(event: scenario.Withdraw) -> None:
    there = event.at.astimezone(shanghai.SHANGHAI)
    asked = withdrawal.request(
        number=event.withdrawal,
        code=event.member,
        amount_fen=event.amount,
        month=Month(there.year, there.month),
        at=event.at,
    )
    for approver in (BY, CHECKER):
        if asked.state == "requested":
            withdrawal.approve(number=event.withdrawal, by=approver, at=event.at)


ACTIONS: Mapping[type[scenario.Event], Callable[[Any], Any]] = {
    scenario.SetPolicy: _policy,
    scenario.MakeMatrix: _matrix,
    scenario.Register: _register,
    scenario.Qualify: lambda e: admission.qualify(member_id=members.by_code(e.member).id, at=e.at),
    scenario.PlaceOrder: _order,
    scenario.Ship: lambda e: order.ship(number=e.order, at=e.at),
    scenario.Complete: lambda e: order.complete(number=e.order, at=e.at),
    scenario.Refund: lambda e: order.refund(number=e.order, amount_fen=e.amount, at=e.at),
    scenario.Appoint: lambda e: region_agent.appoint(code=e.member, region=e.region, at=e.at),
    scenario.NameSeed: lambda e: admission.name_seed(member_id=members.by_code(e.member).id, at=e.at),
    scenario.Hold: lambda e: hold.hold(number=e.order, at=e.at),
    scenario.Clear: lambda e: hold.clear(number=e.order, at=e.at),
    scenario.ConfirmFraud: lambda e: hold.confirm_fraud(number=e.order, at=e.at),
    scenario.PayDividend: _dividend,
    scenario.Withdraw: _withdraw,
    scenario.EndPayout: lambda e: withdrawal.record(number=e.withdrawal, state=TransferState(e.state), at=e.at),
    scenario.Tick: lambda e: None,
}


def _register_all(events: Sequence[scenario.Register]) -> None:
    newcomers = [cohort.Newcomer(one.member, one.inviter, one.at) for one in events]
    cohort.register_many(newcomers=newcomers, acceptance=AGREEMENT, by=BY)


def _qualify_all(events: Sequence[scenario.Qualify]) -> None:
    cohort.qualify_many(candidates=[cohort.Candidate(one.member, one.at) for one in events])


def _place_all(events: Sequence[scenario.PlaceOrder]) -> None:
    placing.place_many(placed=[placing.Placed(_purchase(one), one.at) for one in events])


def _complete_all(events: Sequence[scenario.Complete]) -> None:
    if not orders.are_known([one.order for one in events]):
        raise order.NoOrder("其中有订单不存在。")
    evening.complete_many(numbers=[one.order for one in events], at=[one.at for one in events])


# Runs of these kinds are played at once.
AT_ONCE: Mapping[type[scenario.Event], Callable[[Any], None]] = {
    scenario.Register: _register_all,
    scenario.Qualify: _qualify_all,
    scenario.PlaceOrder: _place_all,
    scenario.Complete: _complete_all,
}
RUN_MAX = 20_000
# A story is one transaction, so that nothing it wrote is ever analysed: the server would keep the plans that it made
# for tables still empty. After so many events at once it plans anew, by the size that the tables then have.
RUN_LARGE = 1_000
_PLAN_ANEW = sa.text("DISCARD PLANS")


def play(lines: Iterable[str | bytes]) -> dict[str, Any]:
    """A whole scenario on an empty database, and nothing of it left behind; stops at the first line that is refused."""
    number = 0
    with rehearsal():
        story = Story()
        for number, line in enumerate(lines, 1):
            story.read(number, line)
        story.play()
        if not number:
            raise Stopped(0, "空文件：第一行应为 policy。")
        return world.shown()


def _text(line: str | bytes, number: int) -> str:
    """A line as text; a byte order mark before the first is no part of it."""
    if isinstance(line, str):
        return line
    try:
        return line.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError as wrong:
        raise scenario.BadLine(f"不是 UTF-8 文字：第 {wrong.start + 1} 个字节无法读取，请另存为 UTF-8。") from None


class Story:
    """Events in their order; a run of one kind that nothing falls due in is played at once, with the same result."""

    def __init__(self) -> None:
        self.now: datetime | None = None
        self.run: list[tuple[int, scenario.Event]] = []
        self.until: datetime | None = None

    def read(self, number: int, line: str | bytes) -> None:
        """Take in a line; it is played now or together with those after it."""
        event = self._told(number, line)
        if event is None or type(event) not in AT_ONCE or event.refused:
            self.play()
            with _stopping(number):
                self.now = play_line(scenario.load(_text(line, number)), self.now, number)
            return
        if self.run and (type(event) is not type(self.run[0][1]) or len(self.run) == RUN_MAX or self._is_over(event)):
            self.play()
        self.run.append((number, event))

    def _told(self, number: int, line: str | bytes) -> scenario.Event | None:
        """The event of a line that is right in itself; None for one that is not: it stops the story in its turn."""
        try:
            event = scenario.parse(scenario.load(_text(line, number)))
            scenario.check_sequence(event, first=number == 1, now=self.run[-1][1].at if self.run else self.now)
        except DomainError:
            return None
        return event

    def _is_over(self, event: scenario.Event) -> bool:
        """Whether something may fall due between the first of the run and this one."""
        begins = self.run[0][1].at
        if self.until is None:
            with _stopping(self.run[0][0]):
                advance(begins)
            _, policy = in_force(begins)
            days = (policy.candidate_days, policy.cycle_days, policy.return_days, policy.auto_confirm_days)
            coming = due.first(FOR_EVER)
            own = begins + timedelta(days=min(days))
            self.until = min(own, coming.at) if coming else own
        return event.at >= self.until

    def play(self) -> None:
        """Play what was read and not played: at once, or one by one where one of them asks for it."""
        run, self.run, self.until = self.run, [], None
        if len(run) > 1:
            try:
                with db.session.begin_nested():
                    advance(run[0][1].at)
                    AT_ONCE[type(run[0][1])]([event for _, event in run])
                if len(run) >= RUN_LARGE:
                    db.session.execute(_PLAN_ANEW)
                self.now = run[-1][1].at
                return
            except DomainError:
                db.session.expire_all()
        for number, event in run:
            with _stopping(number):
                self.now = play_event(event)


@contextmanager
def _stopping(number: int) -> Iterator[None]:
    """A refusal inside ends the story at this line."""
    try:
        yield
    except (DomainError, NotRefused) as wrong:
        raise Stopped(number, str(wrong)) from wrong


def play_event(event: scenario.Event) -> datetime:
    """One event that must not be refused, after everything due before it."""
    advance(event.at)
    with db.session.begin_nested():
        ACTIONS[type(event)](event)
    return event.at


def play_line(found: dict[str, Any], now: datetime | None, number: int) -> datetime | None:
    """One line after everything due before it; what a line that must be refused has tried is undone."""
    must_be_refused = found.get("refused", False)
    try:
        event = scenario.parse(found)
        scenario.check_sequence(event, first=number == 1, now=now)
        advance(event.at)
        now = event.at
        with db.session.begin_nested():
            ACTIONS[type(event)](event)
    except DomainError:
        if must_be_refused:
            return now
        raise
    if must_be_refused:
        raise NotRefused("此事件应被拒绝，却被接受了。")
    return now


def advance(at: datetime) -> None:
    """Everything due at or before an instant happens first, in order of due instant."""
    while (next_due := due.first(at)) is not None:
        due.run(next_due)


@contextmanager
def scratch() -> Iterator[None]:
    """An empty database of this installation's server, made for the block and dropped after it."""
    with installation.open_settings() as settings:
        owner = sa.make_url(settings.owner_database_url)
        name = f"scratch_{secrets.token_hex(6)}"
        with psycopg.connect(_plain(owner), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        try:
            migrations.upgrade(owner.set(database=name).render_as_string(hide_password=False))
            url = sa.make_url(settings.database_url).set(database=name).render_as_string(hide_password=False)
            with installation.opened(replace(settings, database_url=url)):
                yield
        finally:
            with psycopg.connect(_plain(owner), autocommit=True) as connection:
                connection.execute(f"DROP DATABASE {name}".encode())


def _plain(url: sa.URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def play_file(path: Path) -> str:
    """The resulting world of one scenario file as canonical JSON text."""
    with path.open("rb") as lines:
        return json.dumps(play(lines), ensure_ascii=False, sort_keys=True)
