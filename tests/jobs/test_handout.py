"""Evidence packs and reports: whole, provable, masked, marked, gone in time."""

import csv
import dataclasses
import io
import json
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from console.cli import main
from jobs.handout import folder
from models import Handout, Job, Merchant, Person, db
from models.operations import complaint, download, handout
from models.queries import pack as packs
from models.rules import pack
from models.rules.complaint import Category
from tests import people
from tests.operations import world
from tests.operations.world import AT


@pytest.fixture(autouse=True)
def _own_files(app, session, monkeypatch, tmp_path):
    monkeypatch.setitem(app.config, "SETTINGS", dataclasses.replace(app.config["SETTINGS"], files=tmp_path))


@pytest.fixture
def told():
    """A network, a member with a name, an order, a complaint about it."""
    world.network()
    amy = world.member("amy")
    db.session.add(Person(member_id=amy.id, nickname="阿米", phone="13800001234", real_name="张三"))
    world.completed("o1", seller="amy")
    return complaint.open_(
        member_id=amy.id, category=Category.MERCHANT, subject="o1", words="=破损", at=AT, by="member:amy"
    )


def made(work, kind: str, subject: str, role: str = "compliance", *, is_masked: bool = True) -> Handout:
    asked = handout.ask(
        kind=kind, subject=subject, why="authority", is_masked=is_masked, staff_id=people.person(role).id,
        at=datetime.now(UTC),
    )  # fmt: skip
    db.session.commit()
    work()
    db.session.refresh(asked)
    assert asked.ready_at is not None, db.session.scalars(sa.select(Job.error)).all()
    return asked


def tables(one: Handout) -> dict[str, list[dict[str, str]]]:
    with zipfile.ZipFile(folder() / one.file) as archive:
        return {
            name: list(csv.DictReader(io.StringIO(archive.read(name).decode())))
            for name in archive.namelist() if name.endswith(".csv")
        }  # fmt: skip


def manifest(one: Handout) -> dict:
    with zipfile.ZipFile(folder() / one.file) as archive:
        return json.loads(archive.read(pack.MANIFEST))


class TestPack:
    @pytest.mark.parametrize(("kind", "subject"), [("member", "amy"), ("order", "o1"), ("complaint", ""),
                                                   ("period", "2026-01-01..2026-01-31")])  # fmt: skip
    def test_holds_what_it_is_about_and_proves_itself(self, work, told, kind, subject):
        one = made(work, kind, subject or str(told.id))
        found = tables(one)
        assert [row["number"] for row in found["orders.csv"]] == ["o1"]
        assert [row["words"] for row in found["complaints.csv"]] == ["'=破损"]
        assert sum(int(row["amount_fen"]) for row in found["legs.csv"]) == 0
        assert {row["account"] for row in found["legs.csv"]} >= {"member:amy:pending", "clearing"}
        assert list(pack.examined(folder() / one.file)) == []
        assert len(found) == 17

    def test_masks_people_and_marks_every_row(self, work, told):
        one = made(work, "member", "amy")
        found = tables(one)
        (amy,) = found["members.csv"]
        assert (amy["nickname"], amy["phone"], amy["real_name"]) == ("阿*", "138****1234", "张*")
        marks = {row["watermark"] for rows in found.values() for row in rows}
        assert marks == {f"P{one.id}-S{one.staff_id}-{one.created_at:%Y%m%d%H%M}"}

    def test_shows_people_to_whoever_may_read_them(self, work, told):
        (amy,) = tables(made(work, "member", "amy", is_masked=False))["members.csv"]
        assert (amy["phone"], amy["real_name"]) == ("13800001234", "张三")

    def test_keeps_agreements_with_their_digest_and_says_what_it_is(self, work, told):
        one = made(work, "member", "amy")
        found = tables(one)
        assert found["consents.csv"][0]["sha256"] == found["agreements.csv"][0]["sha256"]
        said = manifest(one)
        assert (said["kind"], said["subject"], said["is_masked"]) == ("member", "amy", True)
        with zipfile.ZipFile(folder() / one.file) as archive:
            assert archive.read(pack.SEAL).decode().split()[0] == one.digest

    def test_is_refused_about_nothing_and_over_years(self, told):
        person = people.person("compliance").id
        asked = {"why": "x", "is_masked": True, "staff_id": person, "at": AT}
        for kind, subject in (("member", "nobody"), ("order", "x"), ("complaint", "99"), ("period", "2025..2026"),
                              ("period", "2025-01-01..2026-01-01"), ("period", "2026-02-30..2026-03-01")):  # fmt: skip
            with pytest.raises(handout.NoSubject):
                handout.ask(kind=kind, subject=subject, **asked)

    def test_is_gone_after_a_day(self, work, told):
        one = made(work, "order", "o1")
        path = folder() / one.file
        assert path.exists()
        assert download.expire(Handout, at=one.ready_at + timedelta(hours=23)) == []
        assert download.expire(Handout, at=one.ready_at + timedelta(hours=24)) == [one.file]
        with pytest.raises(download.NoFile, match="过期"):
            handout.fetch(handout_id=one.id, staff_id=one.staff_id, at=one.ready_at + timedelta(hours=25))

    def test_asks_questions_that_can_be_asked(self, session):
        told = {"code": "1", "start": AT, "end": AT}
        for kind in handout.PACKS:
            for part in packs.parts(kind):
                assert packs.headings(part, told)


class TestExamination:
    def test_finds_a_changed_a_missing_and_a_stray_file(self, work, told, tmp_path):
        one = made(work, "order", "o1")
        torn = tmp_path / "torn.zip"
        with zipfile.ZipFile(folder() / one.file) as whole, zipfile.ZipFile(torn, "w") as archive:
            for name in whole.namelist():
                if name == "refunds.csv":
                    continue
                octets = whole.read(name)
                archive.writestr(name, octets.replace(b"9900", b"9901") if name == "orders.csv" else octets)
            archive.writestr("extra.txt", "x")
        assert list(pack.examined(torn)) == [
            "extra.txt 不在清单里", "orders.csv 的内容与清单不符", "清单里的 refunds.csv 不在包里",
        ]  # fmt: skip

    def test_finds_a_manifest_that_was_rewritten(self, work, told, tmp_path):
        one = made(work, "order", "o1")
        forged = tmp_path / "forged.zip"
        with zipfile.ZipFile(folder() / one.file) as whole, zipfile.ZipFile(forged, "w") as archive:
            for name in whole.namelist():
                octets = whole.read(name)
                archive.writestr(name, octets.replace(b"authority", b"nobody") if name == pack.MANIFEST else octets)
        assert list(pack.examined(forged)) == ["清单与它的 SHA-256 不符"]

    def test_is_a_command(self, work, told, tmp_path):
        one = made(work, "order", "o1")
        whole = CliRunner().invoke(main, ["verify-pack", str(folder() / one.file)])
        assert (whole.exit_code, "一致" in whole.output) == (0, True)
        (tmp_path / "no.zip").write_text("x")
        torn = CliRunner().invoke(main, ["verify-pack", str(tmp_path / "no.zip")])
        assert (torn.exit_code, "不是一个完整的证据包" in torn.output) == (1, True)


class TestFiling:
    def test_of_a_quarter_names_merchants_and_promoters_with_what_is_missing(self, work, told):
        db.session.execute(sa.update(Merchant).values(name="商家甲"))
        one = made(work, "platform_income", "2026Q1", "finance")
        found = tables(one)
        rows = [list(row.values())[:-1] for row in found["platform_income-2026Q1.csv"]]
        assert rows == [
            ["经营者", "S", "商家甲", "", "M", "销售货物", "1", "99.00", "0.00", "99.00"],
            ["从业人员", "amy", "张三", "", "amy", "佣金收入", "1", "30.00", "0.00", "30.00"],
        ]
        assert [row["problem"] for row in found["problems.csv"]] == ["缺证件号码：请在报送系统补录"]
        assert manifest(one)["totals"] == {"gross": "129.00", "refunds": "0.00", "net": "129.00"}

    def test_of_identities_and_of_withholding_can_be_made(self, work, told):
        found = tables(made(work, "platform_identity", "2026-01", "finance"))
        rows = found["platform_identity-2026-01.csv"]
        assert [row["身份"] for row in rows] == ["从业人员"]
        assert tables(made(work, "withholding", "2026-01", "finance"))["withholding-2026-01.csv"] == []

    @pytest.mark.parametrize(
        ("kind", "subject"),
        [
            ("withholding", "2026Q1"),
            ("platform_income", "2026-01"),
            ("withholding", "2026-13"),
            ("platform_identity", "soon"),
        ],
    )
    def test_of_no_period_is_refused(self, session, kind, subject):
        with pytest.raises(handout.NoSubject):
            handout.ask(kind=kind, subject=subject, why="x", is_masked=True, staff_id=1, at=AT)

    def test_spans_months_to_the_next_year(self):
        assert [str(day) for day in handout.months("2026Q4")] == ["2026-10-01", "2027-01-01"]
        assert [str(day) for day in handout.months("2026-12")] == ["2026-12-01", "2027-01-01"]
