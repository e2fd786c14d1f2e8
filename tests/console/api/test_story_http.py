"""A promoter's whole story over real HTTP against a real server with its worker, the console showing each step."""

import dataclasses
import re
import shutil
import tempfile
import time
import uuid
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from console import create_app, credential
from console import installation as machine_of
from console.supervisor import Supervisor
from jobs.gateways.pay_order import TradeOrder
from jobs.gateways.wechat import WeChat
from models import Inbound, InboundRefusal, Matrix, Member, Order, db, transaction
from models.operations import order, session, shop_order
from models.rules import shop_order as shops
from models.rules.commission import Kind
from tests import factories, live, people
from tests.conftest import superuser
from tests.operations import world
from tests.village import happens

PATIENCE = 120
ROLES = ("operator", "finance")


@dataclasses.dataclass
class Installation:
    """A server of its own, and the application to play the shop with: what WeChat's shop reports comes from there."""

    address: str
    app: object
    folder: Path

    def shop(self, do, **values):
        with self.app.app_context(), transaction():
            return do(at=datetime.now(UTC), **values)

    def sells(self, number, seller, buyer, **facts):
        """The shop reports an order as paid and sent."""
        purchase = world.purchase(number, seller, buyer=buyer, **facts)
        self.shop(order.place, purchase=purchase)
        self.shop(order.ship, number=number)

    @cached_property
    def wechat(self):
        """The simulated WeChat, spoken to as this installation does."""
        return WeChat(credential.read(machine_of.simulated(self.folder)))

    def pulls(self, string, **body):
        """What the world on the other side does."""
        answer = httpx.post(f"{self.wechat.credentials.host}/_control/{string}", json=body, timeout=PATIENCE)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def sees(self, query, holds):
        """Ask the database until it holds."""
        deadline = time.monotonic() + PATIENCE
        while True:
            with self.app.app_context():
                found = db.session.execute(query).all()
            if holds(found):
                return found
            assert time.monotonic() < deadline, found
            time.sleep(0.2)


class Phone:
    """A mini-program that speaks HTTP and nothing else."""

    def __init__(self, address):
        self.http = httpx.Client(base_url=f"{address}/api/v1", timeout=PATIENCE)

    def ask(self, method, path, body=None, *, status=None):
        answer = self.http.request(method, path, json=body, headers={"Idempotency-Key": uuid.uuid4().hex})
        if status is not None:
            assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    def sign_in(self, name):
        told = self.ask("POST", "/session", {"code": f"{name}.{uuid.uuid4().hex}"}, status=201)
        self.http.headers["Authorization"] = f"Bearer {told['access_token']}"
        current = self.ask("GET", "/agreement", status=200)
        accepted = {"version": current["version"], "sha256": current["sha256"]}
        self.ask("POST", "/agreement/acceptance", accepted, status=201)
        return self

    def waits_for(self, path, holds):
        """Ask until it holds: a worker of another process is at it."""
        deadline = time.monotonic() + PATIENCE
        while not holds(told := self.ask("GET", path, status=200)):
            assert time.monotonic() < deadline, told
            time.sleep(0.2)
        return told


class Desk:
    """A browser of the console without a window: a session's cookie, forms with their token."""

    def __init__(self, installation, role):
        with installation.app.app_context():
            self.person = people.person(role)
            with transaction():
                token = session.open_(
                    staff_id=self.person.id, ip="127.0.0.1", user_agent="test", at=datetime.now(UTC)
                )  # fmt: skip
        self.http = httpx.Client(
            base_url=installation.address, cookies={"qianxing": token}, timeout=PATIENCE, follow_redirects=True
        )

    def page(self, path):
        answer = self.http.get(path)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
        return answer.text

    def press(self, path, on, **fields):
        """Post a form of a page, with its token."""
        token = re.search(r'name="csrf-token" content="([^"]+)"', self.page(on))[1]
        answer = self.http.post(
            path, data={"csrf_token": token, **fields}, headers={"Referer": self.http.base_url.join(on).__str__()}
        )
        assert answer.status_code == 200, answer.text[:400]
        return answer.text


@pytest.fixture(scope="module")
def installation(services, settings):
    name = f"story_{uuid.uuid4().hex[:8]}"
    with superuser(services) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE pristine OWNER qianxing_owner".encode())
    folder = Path(tempfile.mkdtemp(prefix="qx-story-"))
    own = dataclasses.replace(
        settings, redis_url=f"{settings.redis_url}?db=2", files=folder / "files",
        database_url=sa.make_url(settings.database_url).set(database=name).render_as_string(False),
    )  # fmt: skip
    supervisor = Supervisor()
    try:
        app = create_app(own)
        with app.app_context(), transaction():
            # The plan, whose money may leave as soon as an order is complete: a story has no week to wait.
            happens("policy", preset="plan", set={"return_days": 0})
            world.network()
        yield Installation(live.start(supervisor, own, folder, is_simulated=True), app, folder)
        with app.app_context():
            db.engine.dispose()
    finally:
        supervisor.stop()
        shutil.rmtree(folder, ignore_errors=True)
        with superuser(services) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


class TestStory:
    @pytest.fixture
    def opened(self):
        """Closes what the story opened."""
        clients = []
        yield clients
        for one in clients:
            one.http.close()

    def test_runs_from_registration_to_money_in_hand(self, installation, opened):
        desk, finance = (Desk(installation, role) for role in ROLES)
        promoter, self.buyer = (Phone(installation.address) for _ in range(2))
        opened += [desk, finance, promoter, self.buyer]
        promoter.sign_in("promoter")
        code = self.registers(promoter, desk)
        self.qualifies(promoter, installation, desk, code)
        earned = self.earns(promoter, installation, desk, code)
        self.is_paid(promoter, finance, code, earned)

    def registers(self, promoter, desk):
        """Placed below the last of the ten presets, with ten tasks."""
        placed = promoter.ask("POST", "/registration", {"inviter": "M-10"}, status=201)
        assert (placed["tasks"], placed["slot"], placed["depth"]) == (10, 1, 10)
        assert promoter.ask("GET", "/me")["standing"] == "candidate"
        assert placed["code"] in desk.page("/admission/")
        return placed["code"]

    def qualifies(self, promoter, installation, desk, code):
        """Ten purchases, one in each window, each confirmed by the buyer's own phone."""
        tasks = promoter.ask("GET", "/me/admission")["items"]
        for task in tasks:
            number = f"A{task['n']}"
            installation.sells(
                number, task["seller"], code, kind=Kind.ADMISSION, paid_fen=4_900, cost_fen=2_000, commission_fen=1_000
            )
            assert promoter.ask("POST", f"/orders/{number}/receipt", status=200)["state"] == "completed"
        assert promoter.ask("GET", "/me/admission")["passed"] == 10
        me = promoter.ask("GET", "/me")
        assert (me["standing"], me["showcase"], me["has_real_name"]) == ("active", "open", True)
        told = promoter.waits_for("/me/notices", lambda told: told["items"] or None)
        assert told["items"][0]["kind"] == "admission.qualified" or told["unread"] >= 1
        with installation.app.app_context():
            member_id = db.session.scalar(sa.select(Member.id).where(Member.code == code))
        assert "A10" in desk.page(f"/members/{member_id}")
        return member_id

    def earns(self, promoter, installation, desk, code):
        """Somebody invited buys in the promoter's window and confirms the receipt."""
        buyer = self.buyer.sign_in("buyer")
        bought_by = buyer.ask("POST", "/registration", {"inviter": code}, status=201)["code"]
        installation.sells("S1", code, bought_by)
        assert buyer.ask("POST", "/orders/S1/receipt", status=200)["state"] == "completed"
        (row,) = promoter.ask("GET", "/me/earnings", status=200)["items"]
        # The seller's own level of the plan: 70% of a commission of ¥30.
        assert (row["order"], row["level"], row["amount_fen"]) == ("S1", 1, 2_100)
        assert row["disclaimer"]["id"] == "D-03"
        balance = promoter.waits_for("/me/balance", lambda told: told["available_fen"] == 2_100)
        assert balance["pending_fen"] == 0
        assert "S1" in desk.page("/orders/?q=S1")
        return row["amount_fen"]

    def is_paid(self, promoter, finance, code, earned):
        """All of it asked for, approved in the console, paid by the simulator's transfer, told to its member."""
        asked = promoter.ask("POST", "/me/withdrawals", {"amount_fen": earned}, status=201)
        assert "/withdrawals/" in (page := finance.page("/withdrawals/"))
        number = asked["number"]
        assert number in page
        row_id = re.search(r"/withdrawals/(\d+)", page)[1]
        finance.press(f"/withdrawals/{row_id}/approve", f"/withdrawals/{row_id}", reason_code="checked")
        ended = promoter.waits_for(
            "/me/withdrawals", lambda told: told["items"][0]["state"] in ("SUCCESS", "FAIL", "CANCELLED")
        )["items"][0]
        assert (ended["state"], ended["amount_fen"]) == ("SUCCESS", earned)
        assert promoter.ask("GET", "/me/balance")["available_fen"] == 0
        told = promoter.waits_for(
            "/me/notices", lambda told: any(one["kind"] == "withdrawal.paid" for one in told["items"])
        )
        assert number in next(one["body"] for one in told["items"] if one["kind"] == "withdrawal.paid")
        assert code in finance.page("/notices/?kind=withdrawal.paid")


class TestCallbacks:
    def test_of_a_shop_that_repeats_and_forges_take_an_order_in_once(self, installation):
        with installation.app.app_context(), transaction():
            matrix = db.session.scalars(sa.select(Matrix)).one()
            seller = db.session.scalars(sa.select(Member.id).where(Member.code == "M-10")).one()
            factories.product(merchant_id=matrix.merchant_id, code="P-1001", cost_fen=4_000, commission_fen=3_000)
            shop_order.bind(
                member_id=seller, kind=shops.Kind.FINDER, account="sph1", by="t", at=datetime.now(UTC)
            )  # fmt: skip
        for kind in ("bad_signature", "stale"):
            installation.pulls("fault", verb="push", kind=kind)
        number = installation.pulls("order", finder_id="sph1", price_fen=9_900, sku_code="P-1001")["order_id"]
        # WeChat is done with working out who sold it once it was read: the next event of the order is read at once.
        installation.wechat.orders.get(number)
        installation.pulls("fault", verb="push", kind="duplicate")
        installation.pulls("case", order_id=number, fen=900)
        taken = sa.select(Order.state, Order.refunded_fen).where(Order.number == number)
        installation.sees(taken, lambda found: [tuple(one) for one in found] == [("paid", 900)])
        turned = installation.sees(sa.select(InboundRefusal.why, InboundRefusal.times), len)
        assert {("signature", 1), ("stale", 1)} <= {tuple(one) for one in turned}
        events = installation.sees(sa.select(Inbound.event, sa.func.count()).group_by(Inbound.event), len)
        # Two states of the case, the first of them delivered twice, are two; what was forged came again and was taken.
        assert {tuple(one) for one in events} >= {
            ("channels_ec_order_new", 1), ("channels_ec_order_pay", 1), ("channels_ec_aftersale_update", 2),
        }  # fmt: skip

    def test_of_pay_are_taken_only_once_their_signature_is_right(self, installation):
        with installation.app.app_context(), transaction():
            order.await_payment(purchase=world.purchase("QX20001", "M-10"), at=datetime.now(UTC))
        trade = TradeOrder(
            number="QX20001", description="洗衣液", amount_fen=9_900, openid="oBuyer",
            notify_url=f"{installation.address}/webhooks/pay",
        )  # fmt: skip
        installation.wechat.trades.create(trade)
        installation.pulls("fault", verb="notice", kind="signtest")
        installation.pulls("pay", number="QX20001")
        probed = sa.select(InboundRefusal.times).where(InboundRefusal.why == "signtest")
        installation.sees(probed, lambda found: [tuple(one) for one in found] == [(1,)])
        installation.pulls("advance", seconds=16)
        paid = sa.select(Order.state).where(Order.number == "QX20001")
        installation.sees(paid, lambda found: [tuple(one) for one in found] == [("paid",)])
