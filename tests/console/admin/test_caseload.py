"""The inbox in the order of its clocks, and batches over it: assigned, put to rest, let go, row by row."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from models import Batch, BatchRow, StaffTie, db
from tests.operations import docket, world
from tests.operations.docket import opened, taken

NOW = datetime.now(UTC)


pytestmark = pytest.mark.usefixtures("session")


@pytest.fixture(scope="module", autouse=True)
def network(stage):
    world.network()


def form(key: str, cases=(), **more):
    chosen = {"ids": [str(one.id) for one in cases]} if cases else {"is_filter": "yes"}
    return {"page": "cases", "key": key, "query": "", "reason_code": "household"} | chosen | more


def start(browser, key, cases, **more):
    amount = sum(one.stake_fen for one in cases)
    db.session.commit()
    wish = form(key, cases, rows=len(cases), amount_fen=str(amount), **more)
    return browser.post("/batches/start", data=wish)


def results() -> dict[int, tuple[str, str]]:
    batch_id = db.session.scalar(sa.select(sa.func.max(Batch.id)))
    rows = db.session.scalars(sa.select(BatchRow).where(BatchRow.batch_id == batch_id))
    return {row.row_id: (row.outcome, row.result) for row in rows}


class TestOrder:
    def test_stands_beside_the_priority_and_pages_by_key(self, staff):
        made = [opened(f"ring:{n}", at=NOW - timedelta(days=n)) for n in range(21)]
        browser = staff("reviewer")
        first = browser.get("/cases/?sort=urgency&size=20&state=open").text
        assert "超时" in first
        assert f'href="/cases/{made[20].id}"' in first
        assert f'data-href="/cases/{made[0].id}"' not in first
        after = first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
        assert f'data-href="/cases/{made[0].id}"' in browser.get(after).text


class TestBatch:
    def test_lets_go_row_by_row_and_says_why_not(self, staff, work):
        honest, large, foreign = opened("ring:1", at=NOW), opened("ring:2", at=NOW, stake_fen=1_000_000), opened(
            "ring:3", at=NOW
        )  # fmt: skip
        browser = staff("reviewer")
        taken(foreign, docket.reviewer(), NOW)
        chosen = [honest, large, foreign]
        assert "共 3 行" in browser.post("/batches/preview", data=form("clear", chosen)).text
        start(browser, "clear", chosen)
        work()
        ended = results()
        assert ended[honest.id] == ("done", "")
        assert ended[large.id][0] == "refused"
        assert "双人审核线" in ended[large.id][1]
        assert "另一位审核员" in ended[foreign.id][1]
        db.session.expire_all()
        assert [one.state for one in chosen] == ["cleared", "open", "in_review"]

    def test_never_touches_what_concerns_oneself_even_over_the_whole_filter(self, staff, work):
        member, browser = world.member("a"), staff("reviewer")
        own, other = opened(f"member:{member.id}", at=NOW), opened("ring:1", at=NOW)
        db.session.add(StaffTie(staff_id=browser.person.id, member_id=member.id, note="本人", set_at=NOW, set_by="t"))
        db.session.commit()
        wish = form("clear", rows=1, amount_fen="10000")
        browser.post("/batches/start", data=wish)
        work()
        db.session.expire_all()
        assert (own.state, other.state) == ("open", "cleared")

    def test_asks_to_whom_and_for_how_long(self, staff, work):
        made, browser = opened(at=NOW), staff("reviewer")
        to = docket.reviewer()
        page = browser.post("/batches/preview", data=form("assign", [made])).text
        assert to.name in page
        assert "手上最少的人" in page
        assert start(browser, "assign", [made], choice="999999", reason_code="load").status_code == 400
        start(browser, "assign", [made], choice=str(to.id), reason_code="load")
        work()
        db.session.expire_all()
        assert made.assignee_id == to.id
        rest = opened("ring:2", at=NOW)
        start(browser, "snooze", [rest], choice="24", reason_code="carrier")
        work()
        db.session.expire_all()
        assert timedelta(hours=23) < rest.snoozed_until - NOW < timedelta(hours=25)

    def test_is_not_offered_to_whom_it_is_not_entrusted(self, staff):
        opened(at=NOW)
        assert 'value="assign"' in staff("reviewer").get("/cases/").text
        assert 'value="clear"' not in staff("auditor").get("/cases/").text
