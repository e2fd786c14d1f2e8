"""The desk of evidence in a real browser: deciding a picture, and the clicks and keys that it takes."""

from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from console import pictures as store
from models import Proof, db, transaction
from models.operations import proof
from models.operations.proof import Sent
from models.queries import policy as policies
from models.rules.reading import Fields
from tests import pictures
from tests.operations import world
from tests.village import happens

pytestmark = pytest.mark.usefixtures("network")

NOW = datetime.now(UTC)


def manual(live, code: str, number: str, seed: int) -> int:
    """A picture that waits for a person: the order it shows is not recorded."""
    picture = store.take(pictures.encoded(pictures.order((*pictures.ORDER[:4], ("订单编号", number)))))
    with live.app.app_context(), transaction():
        if not policies.in_force(NOW)[1].admission_orders:
            happens("policy", preset="plan")
        member = world.joins(code, None, NOW)
        facts = Sent(
            picture=store.keep(picture, files=live.app.config["SETTINGS"].files), sha256=picture.sha256,
            hash64=picture.hash64 ^ seed, outline=picture.outline, width=picture.width, height=picture.height,
        )  # fmt: skip
        made = proof.submit(member_id=member.id, n=1, sent=facts, at=NOW, by=f"member:{code}")
        read = Fields(number=number, paid_fen=9_900, placed_at=NOW, paid_at=NOW, shops=("小雅优选",), sure=0.98)
        return proof.judge(proof_id=made.id, read=read, at=NOW).id


def state(live, proof_id: int) -> tuple[str, str | None]:
    with live.app.app_context():
        found = db.session.get_one(Proof, proof_id)
        return found.state, found.number


class TestEvidence:
    def test_is_accepted_in_three_clicks(self, visit, live):
        proof_id = manual(live, "BE1", "3700000000000000001", 1)
        watched = visit("reviewer")
        page = watched.go("/proofs/?q=3700000000000000001")
        with watched.clicks(3, "decide a picture"):
            page.click("a.open")
            expect(page.locator(".proof-picture img").first).to_be_visible()
            page.click("summary:text-is('通过')")
            page.locator("form[action$='/accept'] select").select_option("checked")
            page.click("form[action$='/accept'] button")
            expect(page.locator(".note.done")).to_be_visible()
        assert state(live, proof_id) == ("passed", "3700000000000000001")

    def test_is_rejected_by_the_keyboard(self, visit, live):
        proof_id = manual(live, "BE2", "3700000000000000002", 2)
        watched = visit("reviewer")
        page = watched.go(f"/proofs/{proof_id}")
        with watched.clicks(1, "reject a picture by the keyboard"):
            page.keyboard.press("r")
            page.locator("form[action$='/reject'] select").select_option("forged")
            page.locator("form[action$='/reject'] input[name=reason_note]").fill("金额字体不一")
            page.click("form[action$='/reject'] button")
            expect(page.locator(".note.done")).to_be_visible()
        assert state(live, proof_id)[0] == "rejected"

    @pytest.mark.parametrize("window", ["desktop", "phone"])
    def test_shows_picture_record_and_twins_without_overflow(self, visit, live, window):
        code = f"BE3{window[0]}"
        manual(live, f"{code}a", "3700000000000000003", 3)
        proof_id = manual(live, f"{code}b", "3700000000000000003", 3)
        watched = visit("reviewer", window=window)
        page = watched.go(f"/proofs/{proof_id}")
        assert page.locator(".proof-twins img").count() >= 1
        assert watched.overflow() == []
