"""A promoter's whole story over real HTTP against a real server with its worker, the console showing each step."""

import dataclasses
import re
import shutil
import tempfile
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from console import create_app
from console.supervisor import Supervisor
from models import Member, db, transaction
from models.operations import order, session
from models.rules.commission import Kind
from tests import live, people
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

    def shop(self, do, **values):
        with self.app.app_context(), transaction():
            return do(at=datetime.now(UTC), **values)

    def sells(self, number, seller, buyer, **facts):
        """The shop reports an order as paid and sent."""
        purchase = world.purchase(number, seller, buyer=buyer, **facts)
        self.shop(order.place, purchase=purchase)
        self.shop(order.ship, number=number)


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
        yield Installation(live.start(supervisor, own, folder, is_simulated=True), app)
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
