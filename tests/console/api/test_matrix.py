"""What belongs to one member, asked for by another, over every call there is: by address, by parameter, by list.

The calls come from the routes themselves. One that is new and names a row in a way not listed here is red.
"""

import json
from datetime import UTC, datetime

import pytest

from console.api.route import Guard, route
from models import transaction
from models.operations import appeal, challenge, complaint, note, notice, proof, showcase
from models.operations.proof import Sent
from models.queries import notice as notices
from models.rules.complaint import Category
from models.rules.content import Kind
from models.rules.reading import Fields
from tests.console.api.test_foreign import Village
from tests.operations import world
from tests.operations.growth import contest, published
from tests.village import happens

NOW = datetime.now(UTC)
PLACES = {"limit", "cursor"}
NO_ROW = {
    "agreement.accept": {"version", "sha256"}, "session.open": {"code"}, "session.refresh": {"refresh_token"},
    "simulations.run": {"width", "depth", "fen"}, "registration.register": {"inviter"},
    "me.change": {"nickname", "phone"}, "publicity.change": {"is_unlisted", "story"},
    "agency.apply": {"region_code", "note"}, "withdrawals.ask": {"amount_fen"}, "admission.appeal": {"words"},
    "showcase.state": {"finder_id"}, "appeal.file": {"words"}, "complaint.open": {"category", "subject", "words"},
    "after_sales.file": {"kind", "words", "preview"}, "earnings.list": {"kind", "since", "until"},
    "earnings.export": {"kind", "since", "until"},
    "orders.list": {"side"}, "products.list": {"sort", "category"}, "toolkit.list": {"kind"},
    "poster.read": {"template"},
}  # fmt: skip
"""What is said in a call and names no row of anybody: facts, choices, words, and what is everybody's."""

NAMES_A_ROW = {
    "agency.report": {"region_code"}, "appeal.file": {"subject"}, "team.tree": {"node"}, "notices.read": {"until"},
    "poster.read": {"product"},
}  # fmt: skip
"""What names a row: each is asked below with somebody else's."""

PHONE, WORDS, APPEAL, NAME = "13912345678", "这是甲说的话", "这是甲的申诉", "甲乙丙丁的小店"


class Crowd(Village):
    """The village, with everything that a member may have: a rejected picture, an appeal, a complaint, a notice."""

    def __init__(self, phone) -> None:
        super().__init__(phone)
        with transaction():
            happens("policy", preset="plan")
            mine = world.joins("W7", "W1", NOW)
            note.keep_person(member_id=mine.id, facts=note.Facts(nickname=NAME, phone=PHONE))
            facts = {"sha256": bytes(32), "hash64": 7, "outline": bytes(128), "width": 300, "height": 600}
            sent = proof.submit(member_id=mine.id, n=1, sent=Sent(picture="x.jpg", **facts), at=NOW, by="member:W7")
            proof.judge(proof_id=sent.id, read=Fields(), at=NOW)
            complaint.open_(
                member_id=mine.id, category=Category.OTHER, subject="W7", words=WORDS, at=NOW, by="member:W7"
            )  # fmt: skip
            seller = world.member("W8", "M-10", NOW)
            note.keep_person(member_id=seller.id, facts=note.Facts(nickname=NAME + "二", phone=PHONE[:-1] + "9"))
            showcase.close(member_id=seller.id, at=NOW)
            self.appeal = appeal.file(member_id=seller.id, subject="showcase", words=APPEAL, at=NOW).id
            made = notice.tell(
                member_id=mine.id, template="rank.reached", values={"day": "2026-01-01"}, about="r", at=NOW
            )  # fmt: skip
            published("好物值得分享", "poster-one", at=NOW, kind=Kind.POSTER)
            challenge.publish(challenge_id=self.draft, is_reviewer=False, at=NOW, by="staff:2")
            challenge.write(challenge_id=None, draft=contest(NOW), at=NOW, by="t")
        self.notice, self.mine = made.id, mine


@pytest.fixture
def crowd(session, phone):
    return Crowd(phone)


def said(one) -> set[str]:
    """Everything that may be said in a call beside its address."""
    return {name for model in (one.body, one.query) if model for name in model.model_fields} - PLACES


class TestParameters:
    def test_are_each_known_to_name_a_row_or_none(self):
        known = {one.name: NO_ROW.get(one.name, set()) | NAMES_A_ROW.get(one.name, set()) for one in route.routes}
        assert {one.name: said(one) for one in route.routes} == known
        assert (set(NO_ROW) | set(NAMES_A_ROW)) <= set(known)

    def test_with_somebody_elses_row_find_nothing(self, crowd):
        asked = {
            ("agency.report", "GET", "/me/agency/report?region_code=440300", None),
            ("team.tree", "GET", f"/me/team/tree?node={crowd.seats[0]}", None),
            ("poster.read", "GET", f"/me/poster.png?template=poster-one&product={crowd.other_product}", None),
            ("appeal.file", "POST", "/appeals", ("order:o1", "strike:1", f"after_sale:{crowd.case}", "showcase")),
        }
        for _name, method, path, subjects in asked:
            for subject in subjects or [None]:
                body = {"subject": subject, "words": "请复核"} if subject else None
                assert crowd.stranger.ask(method, path, body).status_code == 404, (path, subject)
        assert {name for name, *_ in asked} | {"notices.read"} == set(NAMES_A_ROW)

    def test_that_mark_notices_read_mark_ones_own_alone(self, crowd):
        assert crowd.stranger.post("/me/notices/read", {"until": crowd.notice}).json["seen"] == 0
        assert notices.unread(crowd.mine.id) == 1


class TestLists:
    def test_tell_nothing_of_anybody_elses(self, crowd):
        """Everything that can be read without an id, by somebody who has nothing."""
        secrets = (
            PHONE,
            WORDS,
            APPEAL,
            NAME,
            "SF12345",
            '"o1"',
            '"o2"',
            "破了",
            "名0字",
            "名1字",
            "13800138000",
            "13800138001",
        )
        wrong, asked = [], 0
        for one in route.routes:
            if one.method != "GET" or "<" in one.path or one.guard is Guard.PUBLIC or one.media:
                continue
            path = f"{one.path}?region_code=440300" if one.name == "agency.report" else one.path
            told = json.dumps(crowd.stranger.get(path).json, ensure_ascii=False)
            asked += 1
            wrong += [f"{path}: {secret}" for secret in secrets if secret in told]
        assert wrong == []
        assert asked >= 20

    def test_that_are_ones_own_are_empty_for_who_has_nothing(self, crowd):
        """A list under /me has nothing in it for somebody who did nothing, whatever others have."""
        empty = {"items": [], "next": None}
        reads = [one for one in route.routes if one.method == "GET" and one.path.startswith("/me/")]
        lists = [one for one in reads if one.query and "cursor" in said_of(one)]
        found = {one.path: {name: crowd.stranger.get(one.path).json[name] for name in empty} for one in lists}
        assert found == dict.fromkeys(found, empty)
        assert len(found) >= 6

    def test_are_not_gone_on_with_by_somebody_else(self, crowd):
        told = crowd.buyer.get("/me/orders?limit=1").json["next"]
        for one in route.routes:
            if one.query and "cursor" in said_of(one):
                answer = crowd.stranger.get(f"{one.path}?cursor={told}")
                assert (answer.status_code, answer.json["code"]) == (422, "bad_cursor"), one.path


def said_of(one) -> set[str]:
    return set(one.query.model_fields)
