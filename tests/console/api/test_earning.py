"""Earnings as a file: written in the background, for its owner alone, gone after a day."""

import io
from datetime import UTC, datetime, timedelta

import openpyxl
import pytest

from jobs import export
from models import EarningExport, db, transaction
from models.operations import download, earning_export
from models.operations.earning_export import Wish
from models.queries import earning
from models.queries import member as members
from models.rules.compliance import DISCLAIMERS
from tests.console.api.test_foreign import Village
from tests.operations import world

NOW = datetime.now(UTC)
DAY = timedelta(days=1)


@pytest.fixture
def seller(session, phone):
    village = Village(phone)
    with transaction():
        db.session.query(EarningExport).delete()
        # A number that a shop may give and a spreadsheet would run.
        world.completed("=1+1", "W1", NOW - 40 * DAY, buyer="W2")
    village.seller.village = village
    return village.seller


def rows_of(answer):
    sheet = openpyxl.load_workbook(io.BytesIO(answer.data)).active
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


def exported(phone, work, body=None):
    asked = phone.post("/me/earnings/exports", body or {})
    assert (asked.status_code, asked.json["state"]) == (202, "working"), asked.text
    work()
    return phone.get(f"/me/earnings/exports/{asked.json['id']}").json


class TestFile:
    def test_holds_what_the_list_shows_with_its_disclaimer_beside(self, seller, work):
        told = exported(seller, work)
        assert (told["state"], told["rows"], told["disclaimer"]["id"]) == ("ready", 2, "D-03")
        answer = seller.get(f"/me/earnings/exports/{told['id']}/file")
        assert answer.mimetype == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        heading, *rows = rows_of(answer)
        assert heading[4:6] == ["金额（元）", "已冲回（元）"]
        shown = seller.get("/me/earnings").json["items"]
        assert [round(row[4] * 100) for row in rows] == [one["amount_fen"] for one in shown] == [3000, 3000]
        assert [row[8] for row in rows] == [one["why"] for one in shown]
        assert {row[9] for row in rows} == {DISCLAIMERS["D-03"]}

    def test_runs_no_formula(self, seller, work):
        told = exported(seller, work)
        rows = rows_of(seller.get(f"/me/earnings/exports/{told['id']}/file"))
        assert [row[2] for row in rows[1:]] == ["o1", "'=1+1"]

    def test_is_narrowed_as_the_list_is(self, seller, work):
        day = (NOW - 40 * DAY + timedelta(hours=8)).date().isoformat()
        assert exported(seller, work, {"kind": "level", "from": day, "to": day})["rows"] == 1
        assert exported(seller, work, {"kind": "dividend"})["rows"] == 0

    def test_is_read_a_batch_at_a_time_without_losing_a_row(self, seller, monkeypatch):
        monkeypatch.setattr(earning, "AT_ONCE", 1)
        span = (earning.BEGINNING, earning.END)
        found = earning.batches(member_id=members.by_code("W1").id, kind=None, span=span)
        assert [[row.number for row in batch] for batch in found] == [["o1"], ["=1+1"]]


class TestFetching:
    def test_is_for_its_owner_alone(self, seller, work):
        told = exported(seller, work)
        for path in (f"/me/earnings/exports/{told['id']}", f"/me/earnings/exports/{told['id']}/file"):
            assert seller.village.stranger.get(path).status_code == 404
            assert seller.get(path).status_code == 200

    def test_waits_until_it_is_written(self, seller):
        made = seller.post("/me/earnings/exports", {}).json
        answer = seller.get(f"/me/earnings/exports/{made['id']}/file")
        assert (answer.status_code, answer.json["code"]) == (409, "not_ready")

    def test_ends_after_a_day_and_the_file_is_gone(self, seller, work):
        told = exported(seller, work)
        made = db.session.get(EarningExport, told["id"])
        path = export.folder() / made.file
        with transaction():
            made.ready_at, made.expires_at = NOW - DAY, NOW - timedelta(minutes=1)
        assert seller.get(f"/me/earnings/exports/{told['id']}").json["state"] == "expired"
        assert seller.get(f"/me/earnings/exports/{told['id']}/file").json["code"] == "no_file"
        with transaction():
            assert download.expire(EarningExport, at=NOW) == [path.name]
        path.unlink()

    def test_ends_when_its_owner_leaves(self, seller, work):
        told = exported(seller, work)
        earning_export.forget(member_id=members.by_code("W1").id, at=datetime.now(UTC))
        assert seller.get(f"/me/earnings/exports/{told['id']}").json["state"] == "expired"


class TestAsking:
    @pytest.mark.parametrize(
        ("body", "code"),
        [
            ({"from": "2026-11-02", "to": "2026-11-01"}, "backward"),
            ({"from": "2026-13-01"}, "invalid_fields"),
            ({"to": "9999-12-31"}, "invalid_fields"),
            ({"from": 20261101}, "invalid_fields"),
            ({"kind": "house"}, "invalid_fields"),
        ],
    )
    def test_is_refused_in_words(self, seller, body, code):
        answer = seller.post("/me/earnings/exports", body)
        assert (answer.status_code, answer.json["code"]) == (422, code)

    def test_takes_no_day_that_cannot_be_counted_beyond(self, seller):
        for day in ("9999-12-31", "0001-01-01"):
            assert seller.get(f"/me/earnings?from={day}&to={day}").status_code == 422

    def test_under_one_key_is_one_file_and_ten_an_hour_are_enough(self, seller):
        first = seller.post("/me/earnings/exports", {}, key="one-and-the-same")
        assert seller.post("/me/earnings/exports", {}, key="one-and-the-same").data == first.data
        member_id = members.by_code("W1").id
        with transaction():
            for _ in range(9):
                earning_export.ask(member_id=member_id, wish=Wish(), at=NOW)
        assert seller.post("/me/earnings/exports", {}).json["code"] == "too_often"
