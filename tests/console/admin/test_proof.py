"""凭证审核: the queue, a picture beside its record, twins, decisions with a reason, the log."""

from datetime import UTC, datetime

import pytest

from console import pictures as store
from models import Proof, ProofStep, db, transaction
from models.operations import order, proof
from models.operations.proof import Sent
from models.rules import measured_judge
from models.rules.commission import Kind
from models.rules.reading import Fields
from tests import pictures
from tests.operations import world
from tests.village import happens

NOW = datetime.now(UTC)
NUMBER = "3712345678901234567"
READ = Fields(number=NUMBER, paid_fen=4_900, placed_at=NOW, paid_at=NOW, shops=("M-10",), sure=0.6)


@pytest.fixture
def network(session):
    with transaction():
        happens("policy", preset="plan")
        world.network()


def sent(app, code: str, *, task: int = 1, seed: int = 1, read: Fields | None = READ) -> Proof:
    """A picture of a candidate, kept on disk, judged."""
    picture = store.take(pictures.encoded(pictures.noise(seed)))
    name = store.keep(picture, files=app.config["SETTINGS"].files)
    facts = Sent(
        picture=name, sha256=picture.sha256, hash64=picture.hash64, outline=picture.outline, width=picture.width,
        height=picture.height,
    )  # fmt: skip
    with transaction():
        member = world.joins(code, "M-10", NOW)
        made = proof.submit(member_id=member.id, n=task, sent=facts, at=NOW, by=f"member:{code}")
        proof.judge(proof_id=made.id, read=read, at=NOW)
    return made


def bought(buyer: str) -> None:
    with transaction():
        order.place(purchase=world.purchase(NUMBER, "M-10", buyer=buyer, kind=Kind.ADMISSION), at=NOW)


@pytest.fixture
def manual(app, network) -> Proof:
    """A picture without a record."""
    return sent(app, "W1")


class TestQueue:
    def test_shows_who_waits_and_leads_to_the_one_that_waited_longest(self, app, staff, manual):
        sent(app, "W2", seed=2, read=None)
        page = staff("reviewer").get("/proofs/?state=manual").text
        assert page.count("待人工</span>") >= 2
        assert f'href="/proofs/{manual.id}" data-key="n"' in page

    def test_stands_on_the_workbench(self, staff, manual):
        assert "待人工核对的凭证" in staff("reviewer").get("/").text

    @pytest.mark.parametrize(
        ("asked", "is_found"),
        [
            ("code=record_missing", True), ("code=twin", False), ("appealed=no", True), ("appealed=yes", False),
            ("twin=yes", False), ("q=37123", True), ("q=99", False), ("member=W1", True),
        ],
    )  # fmt: skip
    def test_is_asked_by_what_matters(self, staff, manual, asked, is_found):
        assert (f'href="/proofs/{manual.id}"' in staff("support").get(f"/proofs/?{asked}").text.split("data-key")[-1]
                ) is is_found  # fmt: skip

    def test_is_not_there_for_other_roles(self, staff, manual):
        assert staff("finance").get("/proofs/").status_code == 403
        assert staff("finance").get(f"/proofs/{manual.id}/picture").status_code == 403


class TestPicture:
    def test_is_served_to_staff_alone_as_nothing_but_a_picture(self, staff, client, manual):
        answer = staff("reviewer").get(f"/proofs/{manual.id}/picture")
        assert (answer.status_code, answer.mimetype) == (200, "image/jpeg")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert answer.headers["Content-Disposition"] == f'inline; filename="proof-{manual.id}.jpg"'
        assert answer.headers["Cache-Control"] == "no-store"
        assert client.get(f"/proofs/{manual.id}/picture").status_code == 303

    def test_is_not_there_when_its_file_is_gone(self, app, staff, manual):
        store.path(manual.picture, files=app.config["SETTINGS"].files).unlink()
        assert staff("reviewer").get(f"/proofs/{manual.id}/picture").status_code == 404


class TestDetail:
    def test_says_that_there_is_no_record(self, staff, manual):
        page = staff("reviewer").get(f"/proofs/{manual.id}").text
        for word in ("暂无记录", NUMBER, "¥49.00", "还没有收到这笔订单的记录"):
            assert word in page

    def test_marks_what_differs_from_the_record(self, app, staff, network):
        with transaction():
            world.joins("W9", "M-10", NOW)
        bought("W9")
        made = sent(app, "W1")
        page = staff("reviewer").get(f"/proofs/{made.id}").text
        assert page.count('<tr class="differs">') == 2
        for word in ("¥49.00", "¥99.00", "W9", "他人订单"):
            assert word in page

    def test_shows_twins_beside_each_other(self, app, staff, manual):
        other = sent(app, "W2")
        page = staff("reviewer").get(f"/proofs/{other.id}").text
        assert f"/proofs/{manual.id}/picture" in page
        assert f"/proofs/{other.id}/picture" in page

    def test_shows_the_appeal_and_the_whole_history(self, app, staff, network):
        made = sent(app, "W1", read=Fields())
        with transaction():
            proof.appeal(member_id=made.member_id, n=1, words="是我买的", at=NOW, by="member:W1")
        page = staff("reviewer").get(f"/proofs/{made.id}").text
        assert page.index("候选人申请人工复核") < page.index("是我买的")
        for word in ("上传截图", "规则判定", "申请复核"):
            assert word in page

    def test_is_told_on_the_candidates_page_in_the_candidates_words(self, staff, manual):
        page = staff("operator").get(f"/admission/{manual.member_id}").text
        assert "还没有收到这笔订单的记录，已转人工核对；订单同步后会自动完成。" in page
        assert f"/proofs/{manual.id}" in page


class TestDecision:
    def test_accepts_with_the_checked_number_and_leads_to_the_next(self, app, staff, manual, trail):
        other = sent(app, "W2", seed=2, read=None)
        answer = staff("reviewer").post(
            f"/proofs/{manual.id}/accept", data={"reason_code": "checked", "number": f" {NUMBER}"}
        )
        assert answer.location.endswith(f"/proofs/{other.id}")
        assert (manual.state, manual.number, manual.note) == ("passed", NUMBER, "")
        assert trail("proof", kind="update")[-1].reason == "checked"

    def test_rejects_with_a_reason_and_a_note_that_the_candidate_reads(self, staff, manual):
        staff("operator").post(
            f"/proofs/{manual.id}/reject", data={"reason_code": "forged", "reason_note": "金额字体不一"}
        )
        assert (manual.state, manual.code, manual.note) == ("rejected", "forged", "金额字体不一")

    def test_is_refused_without_a_reason(self, staff, manual):
        staff("reviewer").post(f"/proofs/{manual.id}/reject", data={})
        assert manual.state == "manual"

    def test_says_when_the_number_serves_another_task(self, app, staff, manual):
        person = staff("reviewer")
        person.post(f"/proofs/{manual.id}/accept", data={"reason_code": "checked", "number": NUMBER})
        other = sent(app, "W2", seed=2, read=None)
        answer = person.post(
            f"/proofs/{other.id}/accept", data={"reason_code": "checked", "number": NUMBER}, follow_redirects=True
        )
        assert "已用于另一个任务" in answer.text
        assert other.state == "manual"

    def test_is_not_for_who_only_looks(self, staff, manual):
        answer = staff("support").post(f"/proofs/{manual.id}/reject", data={"reason_code": "forged"})
        assert (answer.status_code, manual.state) == (403, "manual")


class TestLog:
    def test_lists_every_step_for_an_auditor(self, staff, manual):
        page = staff("auditor").get("/proof-log/?member=W1").text
        for word in ("上传截图", "规则判定", "member:W1", 'title="system:judge">系统<'):
            assert word in page
        assert db.session.query(ProofStep).filter_by(proof_id=manual.id).count() == 2


class TestMeasured:
    def test_shows_what_was_measured_with_its_day_or_that_nothing_was(self, staff, network):
        page = staff("reviewer").get("/proofs/").text
        figures = measured_judge.figures()
        assert (figures.measured_on if figures else "自动判定还没有实测数据") in page
        assert "99%" not in page

    def test_rounds_down(self):
        lines = (
            measured_judge.Line("a", True, 300, 299, 1, 0, 1, 2),
            measured_judge.Line("b", False, 200, 0, 50, 150, 1, 2),
        )
        found = measured_judge.Figures("2026-11-30", "2 cores", lines)
        assert (found.n, found.wrong, found.precision_bps, found.recall_bps) == (500, 0, 10_000, 9_966)

    def test_counts_every_wrong_pass(self):
        lines = (
            measured_judge.Line("a", True, 300, 299, 1, 0, 1, 2),
            measured_judge.Line("b", False, 200, 1, 50, 149, 1, 2),
        )
        found = measured_judge.Figures("2026-11-30", "2 cores", lines)
        assert (found.wrong, found.precision_bps) == (1, 9_966)
