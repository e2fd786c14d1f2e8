"""Products in windows: listed, taken down everywhere with four outcomes, mirrored."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from jobs.gateways.showcase import Known, Refused, Reported, Silent, Unauthorised
from models import Delisting, DelistingWindow, Listing, Member, Product, SyncLog, db
from models.operations import listing, outbox
from models.rules.listing import NowhereToList, Outcome, Shown, Source, UnderWay
from models.rules.product import OutOfLife
from tests import factories
from tests.operations import world

AT = datetime(2026, 11, 23, 2, tzinfo=UTC)


class Scripted:
    """Windows whose answers the test writes: by window, an answer or something to raise, the first for ever."""

    def __init__(self, **answers) -> None:
        self.answers = answers
        self.calls: list[tuple[str, str]] = []

    def _answer(self, verb, window, default):
        self.calls.append((verb, window))
        answer = self.answers.get(f"{verb}_{window.rpartition('-')[2]}")
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        answer = default if answer is None else answer
        if isinstance(answer, Exception):
            raise answer
        return answer

    def add(self, *, window, product):
        return self._answer("add", window, Source.AGENCY)

    def remove(self, *, window, product):
        return self._answer("remove", window, Outcome.REMOVED)

    def look(self, *, window, products):
        return self._answer("look", window, [shown(known) for known in products])


def shown(known: Known, **changes) -> Reported:
    facts = {"product": known.product, "shown": Shown.ON, "stock": known.stock, "price_fen": known.price_fen}
    return Reported(**facts | changes)


@pytest.fixture
def product(session) -> Product:
    """On sale, of the merchant of matrix M with its ten windows."""
    return factories.product(merchant_id=world.network().merchant_id)


@pytest.fixture
def windows(app, monkeypatch):
    """Sets the interface to answer as written."""

    def answering(**answers) -> Scripted:
        scripted = Scripted(**answers)
        monkeypatch.setitem(app.extensions, "windows", scripted)
        return scripted

    return answering


@pytest.fixture
def listed(product, windows, work):
    """The product in all ten windows."""
    windows()
    listing.ask(product_id=product.id, is_presets=True, at=AT, by="staff:1")
    db.session.commit()
    work()
    return product


def states() -> dict[str, str]:
    rows = sa.select(Member.code, Listing.state).join(Listing, Listing.member_id == Member.id)
    return {row.code: row.state for row in db.session.execute(rows)}


def kinds() -> list[str]:
    return list(db.session.scalars(sa.select(SyncLog.kind).order_by(SyncLog.id)))


class TestListing:
    def test_fills_the_open_windows_of_the_merchants_networks(self, listed):
        assert states() == {f"M-{n}": "listed" for n in range(1, 11)}
        assert kinds() == ["listed"] * 10

    def test_writes_down_who_refused_and_why(self, product, windows, work):
        windows(add_1=Unauthorised(), add_2=Refused("类目未申请"), add_3=Silent(), add_4=[Silent(), Source.SHOP])
        listing.ask(product_id=product.id, is_presets=True, at=AT, by="staff:1")
        db.session.commit()
        work()
        rows = sa.select(Member.code, Listing.state, Listing.error, Listing.source).join(Listing).order_by(Member.id)
        assert [tuple(row) for row in db.session.execute(rows.limit(5))] == [
            ("M-1", "refused", "橱窗主未授权", "agency"),
            ("M-2", "refused", "类目未申请", "agency"),
            ("M-3", "refused", "接口无应答", "agency"),
            ("M-4", "listed", "", "shop"),
            ("M-5", "listed", "", "agency"),
        ]
        assert sorted(kinds())[-4:] == ["listed", "refused", "silent", "unauthorised"]

    def test_asks_again_only_where_it_is_not(self, product, windows, work):
        windows(add_1=[Unauthorised(), Source.AGENCY])
        assert listing.ask(product_id=product.id, is_presets=True, at=AT, by="staff:1") == 10
        db.session.commit()
        work()
        assert listing.ask(product_id=product.id, is_presets=True, at=AT, by="staff:1") == 1
        db.session.commit()
        work()
        assert set(states().values()) == {"listed"}
        with pytest.raises(NowhereToList):
            listing.ask(product_id=product.id, is_presets=True, at=AT, by="staff:1")

    @pytest.mark.parametrize("changes", [{"state": "draft"}, {"state": "retired"}, {"stock": 0}])
    def test_is_refused_for_what_is_not_sold(self, product, changes):
        for name, value in changes.items():
            setattr(product, name, value)
        with pytest.raises(OutOfLife):
            listing.ask(product_id=product.id, is_presets=True, at=AT, by="staff:1")


class TestDelisting:
    def begun(self, product) -> Delisting:
        made = listing.delist_everywhere(product_id=product.id, why="sold_out", at=AT, by="staff:1")
        db.session.commit()
        return made

    def ends(self, made: Delisting) -> list:
        rows = sa.select(DelistingWindow.outcome).where(DelistingWindow.delisting_id == made.id)
        return list(db.session.scalars(rows.order_by(DelistingWindow.id)))

    def test_ends_in_one_of_four_ways_a_window(self, listed, windows, work):
        windows(remove_1=Outcome.NOT_OURS, remove_2=Outcome.UNAUTHORISED, remove_3=Outcome.AUTO_SYNCED)
        made = self.begun(listed)
        work()
        db.session.expire_all()
        assert self.ends(made) == ["not_ours", "unauthorised", "auto_synced", *["removed"] * 7]
        assert list(states().values()) == ["listed", "listed", *["removed"] * 8]
        assert (made.ended_at is not None, listed.state) == (True, "retired")

    def test_asks_a_silent_window_three_times_a_round(self, listed, windows, work):
        scripted = windows(remove_1=Silent(), remove_2=[Silent(), Outcome.REMOVED])
        made = self.begun(listed)
        work()
        assert self.ends(made) == [None, *["removed"] * 9]
        assert scripted.calls.count(("remove", "M-1")) == 3
        assert scripted.calls.count(("remove", "M-2")) == 2
        assert kinds().count("silent") == 4

    def test_is_tried_again_where_it_still_stands_and_nowhere_else(self, listed, windows, work):
        windows(remove_1=Silent(), remove_2=Outcome.UNAUTHORISED, remove_3=Outcome.NOT_OURS)
        made = self.begun(listed)
        work()
        scripted = windows(remove_3=Outcome.NOT_OURS)
        listing.delist_again(delisting_id=made.id, at=AT, by="staff:1")
        db.session.commit()
        work()
        db.session.expire_all()
        assert sorted(scripted.calls) == [("remove", "M-1"), ("remove", "M-2"), ("remove", "M-3")]
        assert self.ends(made) == ["removed", "removed", "not_ours", *["removed"] * 7]
        assert made.rounds == 2

    def test_runs_once_at_a_time(self, listed):
        made = self.begun(listed)
        with pytest.raises(UnderWay, match="正在全网下架"):
            self.begun(listed)
        with pytest.raises(UnderWay, match="还在进行"):
            listing.delist_again(delisting_id=made.id, at=AT, by="staff:1")

    def test_forgets_what_was_only_asked_for(self, product, windows, work):
        windows()
        listing.ask(product_id=product.id, is_presets=True, at=AT, by="staff:1")
        self.begun(product)
        work()
        assert set(states().values()) == {"refused"}


class TestMirror:
    def look(self, work) -> None:
        outbox.request("mirror_windows", payload={})
        db.session.commit()
        work()

    def test_logs_each_change_once(self, listed, windows, work):
        windows()
        self.look(work)
        known = Known(product=listed.code, stock=100, price_fen=9_900)
        windows(look_1=[[shown(known, stock=0, price_fen=8_900)]], look_2=[[shown(known, shown=Shown.BANNED)]])
        self.look(work)
        self.look(work)
        changes = sa.select(SyncLog.kind, SyncLog.before, SyncLog.after).where(SyncLog.before != "")
        assert [tuple(row) for row in db.session.execute(changes.order_by(SyncLog.id))] == [
            ("stock", "100", "0"), ("price", "9900", "8900"), ("state", "on", "banned"),
        ]  # fmt: skip

    def test_takes_note_of_a_window_that_cannot_be_seen(self, listed, windows, work):
        windows(look_1=Unauthorised(), look_2=Silent())
        self.look(work)
        assert kinds()[10:] == ["unauthorised", "silent"]

    def test_finds_what_the_promoter_took_away(self, listed, windows, work):
        known = Known(product=listed.code, stock=100, price_fen=9_900)
        windows(look_1=[[shown(known, shown=Shown.GONE)]])
        self.look(work)
        assert states()["M-1"] == "removed"
