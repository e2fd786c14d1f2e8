"""排位图谱, 下一个空位 and 排位日志 through the console."""

import re

import pytest
import sqlalchemy as sa

from models import Member, Seat, db
from models.operations import placement, standing
from models.queries import ego, member, vacancy
from models.rules.placement import Template
from tests.operations import world


def seat_of(code: str) -> Seat:
    return db.session.scalars(
        sa.select(Seat).join(Member, Member.id == Seat.member_id).where(Member.code == code)
    ).one()


def page_of(browser, code: str) -> str:
    return browser.get(f"/tree/{seat_of(code).id}").text


def drawn(page: str, code: str) -> str:
    """The classes of a seat as it is drawn."""
    return re.search(rf'<a class="seat ([^"]*)"[^>]*title="{code} ', page)[1]


class TestEgo:
    def test_shows_five_above_and_three_below(self, staff):
        world.network()
        for n in range(5):
            world.member(f"a{n}", f"a{n - 1}" if n else "M-10")
        page = page_of(staff("auditor"), "M-10")
        assert [code in page for code in ("M-5", "M-9", "a0", "a1", "a2")] == [True] * 5
        assert 'title="a3 ' not in page
        assert 'title="M-4 ' not in page
        assert "付酬止于第 3 层" in page

    def test_draws_spill_otherwise_than_a_direct(self, staff):
        world.network()
        for code in ("a", "b", "c"):
            world.member(code, "M-10")
        world.member("d", "M-10")
        page = page_of(staff("auditor"), "M-10")
        assert "is-spill" not in drawn(page, "a")
        assert "is-spill" in drawn(page, "d")

    def test_draws_each_slot_taken_vacant_or_shut(self, staff):
        world.network()
        world.member("a", "M-10")
        page = page_of(staff("auditor"), "M-9")
        assert page.count('class="seat shut"') == 2
        assert page.count('class="seat vacant"') == 2 + 3

    def test_shows_who_is_frozen_and_who_is_closed(self, staff):
        world.network()
        one, other = world.member("a", "M-10"), world.member("b", "M-10")
        one.standing = "frozen"
        standing.close_showcase(member=other, at=world.AT, reason="staff")
        db.session.commit()
        page = page_of(staff("auditor"), "M-10")
        assert drawn(page, "a").split()[0] == "frozen"
        assert "is-closed" in drawn(page, "b")

    def test_leads_back_to_the_root(self, staff):
        world.network()
        for n in range(8):
            world.member(f"a{n}", f"a{n - 1}" if n else "M-10")
        page = page_of(staff("auditor"), "a7")
        assert f"/tree/{seat_of('M-1').id}" in page
        assert "隔 11 层" in page

    def test_takes_as_many_queries_however_many_it_shows(self, staff):
        world.network(Template.TRIPLE)
        browser = staff("auditor")
        root = seat_of("M-1").id
        few = queries_of(browser, f"/tree/{seat_of('M-10').id}")
        many = queries_of(browser, f"/tree/{root}")
        assert many <= few + 3

    def test_fetches_the_next_generation_alone(self, staff):
        world.network()
        world.member("a", "M-10")
        world.member("b", "a")
        page = staff("auditor").get(f"/tree/{seat_of('M-10').id}/below?generation=4").text
        assert 'title="a ' in page
        assert 'title="b ' not in page
        assert "<html" not in page

    def test_counts_ten_levels(self, staff):
        world.network()
        page = staff("auditor").get(f"/tree/{seat_of('M-1').id}/counts").text
        assert page.count(">1<") >= 9
        assert '<b><span class="num">9</span></b>' in page

    def test_is_there_for_its_own_merchant_alone(self, staff):
        network = world.network()
        seat = seat_of("M-10").id
        for address in (f"/tree/{seat}", f"/tree/{seat}/below", f"/tree/{seat}/counts"):
            assert staff("merchant").get(address).status_code == 404
            assert staff("merchant", merchant_id=network.merchant_id).get(address).status_code == 200

    def test_escapes_what_people_call_themselves(self, staff):
        world.network()
        world.joins("<img src=x onerror=1>", "M-10")
        assert "<img src=x" not in page_of(staff("auditor"), "M-10")


def queries_of(browser, address: str) -> int:
    told = []
    sa.event.listen(db.engine, "before_cursor_execute", lambda *said: told.append(said[2]))
    assert browser.get(address).status_code == 200
    return len(told)


class TestSearch:
    def test_jumps_to_the_seat_of_a_code(self, staff):
        world.network()
        answer = staff("support").get("/tree/?code=M-7")
        assert answer.location.endswith(f"/tree/{seat_of('M-7').id}")

    def test_offers_what_begins_so(self, staff):
        world.network()
        page = staff("support").get("/tree/?code=M-").text
        assert page.count("data-href") == 10

    def test_says_when_nobody_is_called_so(self, staff):
        world.network()
        assert "没有代码为 nobody 的会员" in staff("support").get("/tree/?code=nobody").text

    def test_finds_nothing_of_another_merchant(self, staff):
        world.network()
        assert "没有代码为 M-7 的会员" in staff("merchant").get("/tree/?code=M-7").text


class TestVacancies:
    @pytest.mark.parametrize("inviter", ["M-10", "a", "b", None])
    def test_are_where_the_next_ones_then_land(self, session, inviter):
        network = world.network()
        for code in ("a", "b", "c", "d"):
            world.member(code, "M-10")
        told = vacancy.preview(inviter=member.by_code(inviter) if inviter else None, network=network)
        landed = []
        for n in range(1, 11):
            seat = member.seat_of(world.joins(f"n{n}", inviter).id)
            parent = ego.place(seat.parent_id).code
            landed.append((parent.replace("n", "#"), seat.slot, seat.depth))
        assert [(one.under, one.slot, one.depth) for one in told.places] == landed

    def test_say_who_sponsors_in_place_of_an_inviter_who_cannot(self, staff):
        world.network()
        world.member("a", "M-10")
        world.member("b", "a")
        standing.close_showcase(member=member.by_code("b"), at=world.AT, reason="staff")
        db.session.commit()
        page = staff("operator").get("/vacancies/?inviter=b").text
        assert "最近的合格者是 a" in page

    def test_say_when_the_network_is_full(self, staff):
        network = world.network()
        placement.set_open(seat=seat_of("M-10"), is_open=False, at=world.AT, by="t", reason="t")
        db.session.commit()
        assert network is not None
        assert "规则 2.3" in staff("operator").get("/vacancies/").text

    def test_take_nothing(self, staff, trail):
        world.network()
        before = db.session.scalar(sa.select(sa.func.count()).select_from(Seat))
        staff("operator").get("/vacancies/?inviter=M-10")
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Seat)) == before


class TestLog:
    def test_tells_direct_from_spill(self, staff):
        world.network()
        for code in ("xa", "xb", "xc", "xd"):
            world.member(code, "M-10")
        browser = staff("auditor")
        assert "<code>xd</code>" in browser.get("/moves/?how=spill").text
        assert "<code>xb</code>" not in browser.get("/moves/?how=spill").text
        assert "<code>xd</code>" not in browser.get("/moves/?how=direct&cols=member").text

    def test_shows_before_and_after_of_a_move(self, staff):
        world.network()
        world.member("a", "M-10")
        world.member("b", "M-10")
        placement.move(
            seat_id=seat_of("b").id, to_parent_id=seat_of("a").id, to_slot=2, at=world.AT, by="staff:1", reason="family"
        )
        db.session.commit()
        page = staff("auditor").get("/moves/?kind=move").text
        row = re.sub(r"<[^>]+>|\s+", " ", page[page.index("<tbody") : page.index("</tbody")])
        assert [word for word in row.split() if word in ("b", "M-10", "a", "应与亲友或同事相邻")] == [
            "b",
            "M-10",
            "a",
            "应与亲友或同事相邻",
        ]

    def test_shows_a_merchant_its_own_networks(self, staff):
        network = world.network()
        assert "M-10" not in staff("merchant").get("/moves/").text
        assert "M-10" in staff("merchant", merchant_id=network.merchant_id).get("/moves/").text
