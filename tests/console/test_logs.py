"""Logs: one JSON line an event, with ids, and nobody's personal data in them."""

import io
import json
import logging

import pytest
import sqlalchemy as sa
import structlog
from flask import Flask

from console import logs
from models import transaction
from models.operations import note
from models.operations.note import Facts
from tests.console.api.phone import Phone
from tests.operations import world

PHONE, NAME, ADDRESS = "13812345678", "欧阳明月", "浙江省杭州市西湖区文三路478号3幢502室"
OPENID, PASSWORD, TOKEN = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o", "一二三四五六七八-Zx9", "qxt_9f8e7d6c5b4a39281706"
IDENTITY, CARD, EMAIL = "330106199003074518", "6222021234567890123", "mingyue@example.com"
PLANTED = (PHONE, NAME, ADDRESS, OPENID, PASSWORD, TOKEN, IDENTITY, CARD, EMAIL)


@pytest.fixture
def written():
    """What the process logged so far, as text; the loggers are put back afterwards."""
    before = {name: (logging.getLogger(name).handlers, logging.getLogger(name).propagate) for name in logs.APART}
    root = logging.getLogger()
    handlers, level, shape = root.handlers, root.level, structlog.get_config()
    stream = io.StringIO()
    logs.configure(stream)
    structlog.contextvars.clear_contextvars()
    yield stream.getvalue
    logging.captureWarnings(False)
    structlog.contextvars.clear_contextvars()
    root.handlers, root.level = handlers, level
    structlog.configure(**shape)
    for name, (kept, propagates) in before.items():
        logging.getLogger(name).handlers, logging.getLogger(name).propagate = kept, propagates


def _events(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


def _is_clean(text: str) -> bool:
    return not any(secret in text for secret in PLANTED)


class TestLine:
    def test_is_one_json_object_whatever_the_text_holds(self, written):
        structlog.get_logger("a").info('first\nsecond\r\n{"event": "forged"}\u2028third\x85fourth')
        (event,) = _events(written())
        assert event["event"].startswith("first\nsecond")
        assert event["level"] == "info"
        assert event["at"].endswith("Z")

    def test_carries_the_ids_of_the_request_and_the_job(self, written):
        with structlog.contextvars.bound_contextvars(request_id="r-1", job_id=7):
            logging.getLogger("models.x").warning("kept %s", "it")
        (event,) = _events(written())
        assert (event["event"], event["request_id"], event["job_id"], event["logger"]) == (
            "kept it",
            "r-1",
            7,
            "models.x",
        )

    def test_is_cut_when_it_is_huge(self, written):
        structlog.get_logger("a").info("x" * 100_000, request_id="r-2")
        (event,) = _events(written())
        assert (event["event"], event["request_id"]) == ("log.too_long", "r-2")

    @pytest.mark.parametrize("name", ["rq.worker", "rq.scheduler", "gunicorn.error"])
    def test_comes_from_loggers_that_keep_to_themselves_too(self, written, name):
        logging.getLogger(name).error("working for %s", PHONE)
        (event,) = _events(written())
        assert (event["logger"], event["event"]) == (name, "working for ***")


class TestRedaction:
    def test_hides_values_by_the_name_of_their_key(self, written):
        structlog.get_logger("a").info(
            "member.seen",
            phone=PHONE, name=NAME, address=ADDRESS, openid=OPENID, password=PASSWORD, token=TOKEN, buyer=NAME,
            nested={"receiver_name": NAME, "rows": [{"收货地址": ADDRESS, "手机号": 13812345678}]}, shop_id=3,
        )  # fmt: skip
        (event,) = _events(written())
        assert _is_clean(written())
        assert event["phone"] == event["nested"]["receiver_name"] == event["nested"]["rows"][0]["收货地址"] == "***"
        assert event["shop_id"] == 3

    def test_hides_values_by_their_looks_under_any_key(self, written):
        structlog.get_logger("a").info(
            f"call {PHONE} or +86 138-1234-5678, mail {EMAIL}",
            note=f"{IDENTITY} {CARD} {OPENID} {ADDRESS}",
            header=f"Bearer {TOKEN}",
            number=13812345678,
            url=f"postgresql://app:{TOKEN}@db/qianxing",
        )
        assert _is_clean(written())
        assert "138-1234-5678" not in written()

    def test_keeps_what_an_operator_needs(self, written):
        structlog.get_logger("a").info(
            "import.staged", import_id=12, rows=1_000_000, ms=20231123.5, order="202002210001"
        )
        (event,) = _events(written())
        assert (event["import_id"], event["rows"], event["order"]) == (12, 1_000_000, "202002210001")

    def test_an_error_shows_where_and_what_but_not_whose(self, written):
        def choke() -> None:
            try:
                int(NAME)
            except ValueError as error:
                raise KeyError(f"no buyer “{NAME}” at {ADDRESS}") from error

        try:
            choke()
        except KeyError:
            logging.getLogger("a").exception("it broke for %s", PHONE)
        (event,) = _events(written())
        assert _is_clean(written())
        assert "KeyError" in event["error"]
        assert "from ValueError: invalid literal for int()" in event["error"]
        assert "test_logs.py" in event["error"]

    def test_a_database_error_keeps_the_constraint_and_drops_the_row(self, written, services):
        engine = sa.create_engine(services.owner_database_url, poolclass=sa.NullPool)
        with engine.connect() as connection:
            connection.execute(sa.text("CREATE TEMPORARY TABLE person (who text CONSTRAINT uq_person UNIQUE)"))
            insert = sa.text("INSERT INTO person VALUES (:who)")
            connection.execute(insert, {"who": NAME})
            try:
                connection.execute(insert, {"who": NAME})
            except sa.exc.IntegrityError:
                logging.getLogger("a").exception("refused")
        (event,) = _events(written())
        assert NAME not in written()
        assert "uq_person" in event["error"]


class TestAccess:
    @pytest.fixture
    def client(self, settings):
        application = Flask("tiny")
        application.config["SETTINGS"] = settings
        logs.register(application)

        @application.get("/people/<code>")
        def person(code: str) -> str:
            logging.getLogger("inside").info("looking")
            return code

        return application.test_client()

    def test_names_the_route_and_not_the_words_asked_for(self, written, client):
        answer = client.get(f"/people/{PHONE}?q={NAME}&token={TOKEN}")
        inside, access = _events(written())
        assert _is_clean(written())
        assert (access["route"], access["status"], access["method"]) == ("/people/<code>", 200, "GET")
        assert inside["request_id"] == access["request_id"] == answer.headers["X-Request-ID"]

    def test_does_not_believe_a_strangers_request_id(self, written, client):
        answer = client.get("/nowhere", headers={"X-Request-ID": "forged-by-a-stranger"})
        (access,) = _events(written())
        assert (access["status"], access["route"]) == (404, None)
        assert answer.headers["X-Request-ID"] == access["request_id"] != "forged-by-a-stranger"


class TestPlanted:
    """Personal data and secrets go through sign-in, search, notes and the API; the log holds none of them."""

    def test_words_are_found_in_no_line_of_the_log(self, app, staff, client, written):
        typed = {"login": PHONE, "password": PASSWORD, "code": "424242"}
        client.post("/sign-in", data=typed)
        world.network()
        with transaction():
            member = world.member("p1")
            note.keep_person(member_id=member.id, facts=Facts(nickname=NAME, phone=PHONE))
        browser = staff("operator")
        browser.get(f"/members/?q={PHONE}")
        browser.get(f"/find?q={NAME}")
        browser.get(f"/nowhere/{PHONE}")
        browser.post(f"/members/{member.id}/add-note", data={"text": f"{NAME} {PHONE}"})
        phone = Phone(app, OPENID).sign_in()
        phone.get(f"/products?cursor={PHONE}")
        phone.ask("PATCH", "/me", {"phone": PHONE, "nickname": NAME})
        lines = written()
        assert lines.count("\n") >= 8
        planted = (PHONE, NAME, OPENID, PASSWORD, "424242", phone.tokens["access_token"])
        assert [word for word in planted if word in lines] == []
