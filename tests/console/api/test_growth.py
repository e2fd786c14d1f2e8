"""What members grow by, through the API: masked, real, with its texts, and nothing of anybody who said no."""

import io
from datetime import UTC, datetime, timedelta

import pytest
from PIL import Image

from models import Publicity, Story, db, transaction
from models.operations import board, challenge, note, notice, story
from models.rules.compliance import DISCLAIMERS
from models.rules.content import Kind
from models.rules.leaderboard import Board
from tests import factories
from tests.operations import world
from tests.operations.growth import contest, published

NOW = datetime.now(UTC)
EARLIER = NOW - timedelta(days=2)


@pytest.fixture
def people(session, phone):
    """A sells three orders, B one; each with a phone."""
    with transaction():
        matrix = world.network()
        found = [world.member(code, "M-10", EARLIER) for code in ("A", "B")]
        for one, name in zip(found, ("阿青的小店", "林小雨"), strict=True):
            note.keep_person(member_id=one.id, facts=note.Facts(nickname=name))
        for n in range(3):
            world.completed(f"a{n}", "A", EARLIER, buyer=f"张{n}")
        world.completed("b1", "B", EARLIER, buyer="李")
        factories.product(merchant_id=matrix.merchant_id, title="补水面膜")
    return {one.code: (one.id, phone().as_member(one)) for one in found}


@pytest.fixture
def a(people):
    return people["A"][1]


def counted():
    with transaction():
        for one in Board:
            board.count(board=one, at=NOW)


class TestToolkit:
    def test_shows_what_is_published_with_its_disclaimer(self, a):
        with transaction():
            published(at=NOW)
            published("好物值得分享", "poster-one", at=NOW, kind=Kind.POSTER)
        told = a.get("/toolkit").json["items"]
        assert [(one["code"], one["kind"]) for one in told] == [("poster-one", "poster"), ("greeting", "script")]
        assert told[0]["disclaimer"]["text"] == DISCLAIMERS["D-03"]
        assert [one["code"] for one in a.get("/toolkit?kind=script").json["items"]] == ["greeting"]

    def test_goes_on_page_by_page(self, a):
        with transaction():
            for n in range(3):
                published(code=f"script-{n}", at=NOW)
        first = a.get("/toolkit?limit=2").json
        second = a.get(f"/toolkit?limit=2&cursor={first['next']}").json
        assert [one["code"] for one in first["items"] + second["items"]] == ["script-2", "script-1", "script-0"]
        assert second["next"] is None


class TestPoster:
    @pytest.fixture(autouse=True)
    def template(self, people):
        with transaction():
            published("好东西，值得和身边的人分享", "poster-one", at=NOW, kind=Kind.POSTER)

    def test_is_a_picture_that_is_sent_once(self, a):
        answer = a.get("/me/poster.png?template=poster-one")
        assert (answer.status_code, answer.mimetype) == (200, "image/png")
        assert Image.open(io.BytesIO(answer.data)).size == (900, 1350)
        again = a.get("/me/poster.png", headers={"If-None-Match": answer.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")

    def test_carries_the_own_code_alone(self, people):
        pictures = {code: phone.get("/me/poster.png").data for code, (_, phone) in people.items()}
        assert pictures["A"] != pictures["B"]

    def test_is_kept_until_its_words_change(self, app, a):
        a.get("/me/poster.png")
        folder = app.config["SETTINGS"].files / "posters"
        kept = set(folder.iterdir())
        a.get("/me/poster.png")
        assert set(folder.iterdir()) == kept
        with transaction():
            published("另一句话", "poster-one", at=NOW, kind=Kind.POSTER)
        a.get("/me/poster.png")
        assert len(set(folder.iterdir()) - kept) == 1

    def test_takes_a_product_of_the_own_selection(self, a, people):
        mine = a.get("/products").json["items"][0]["id"]
        assert a.get(f"/me/poster.png?product={mine}").data != a.get("/me/poster.png").data
        with transaction():
            other = factories.product().id
        assert a.get(f"/me/poster.png?product={other}").status_code == 404

    def test_does_not_carry_a_nickname_that_may_not_go_out(self, people, a):
        plain = a.get("/me/poster.png").data
        with transaction():
            note.keep_person(member_id=people["A"][0], facts=note.Facts(nickname="躺赚女王"))
        banned = a.get("/me/poster.png").data
        with transaction():
            note.keep_person(member_id=people["A"][0], facts=note.Facts(nickname="零风险老师"))
        assert banned != plain
        assert a.get("/me/poster.png").data == banned

    def test_is_not_there_for_what_is_no_published_poster(self, a):
        with transaction():
            published(at=NOW)
        for template in ("greeting", "nothing-of-the-kind"):
            assert a.get(f"/me/poster.png?template={template}").status_code == 404
        assert a.get("/me/poster.png?template=../../etc").status_code == 422

    def test_says_when_the_code_cannot_be_had(self, app, a):
        gateway = app.extensions.pop("outreach")
        try:
            with transaction():
                published("没有码", "poster-two", at=NOW, kind=Kind.POSTER)
            for path in (app.config["SETTINGS"].files / "posters").glob("*"):
                path.unlink()
            answer = a.get("/me/poster.png?template=poster-two")
            assert (answer.status_code, answer.json["code"]) == (503, "not_set_up")
        finally:
            app.extensions["outreach"] = gateway


class TestBoards:
    def test_show_masked_names_and_counts(self, a):
        counted()
        told = a.get("/leaderboards/sales").json
        assert [(one["place"], one["name"], one["score"], one["is_me"]) for one in told["items"]] == [
            (1, "阿***", 3, True), (2, "林**", 1, False),
        ]  # fmt: skip
        assert told["mine"] == {"place": 1, "score": 3}

    def test_are_empty_before_they_are_counted(self, a):
        assert a.get("/leaderboards/sales").json["items"] == []
        assert a.get("/leaderboards/heads").status_code == 404

    def test_tell_income_in_bands_without_names(self, a):
        counted()
        told = a.get("/leaderboards/earnings").json
        assert (told["items"], told["mine"]) == ([], None)
        assert [band["people"] for band in told["spread"]["bands"]] == [0, 2, 0, 0, 0, 0]
        assert told["spread"]["told"]["text"].startswith("近 90 天全部 2 名推广者")
        assert told["spread"]["disclaimer"]["id"] == "D-03"

    def test_leave_out_whoever_asks_at_once(self, people):
        counted()
        (_, mine), (_, other) = people["A"], people["B"]
        assert mine.ask("PATCH", "/me/publicity", {"is_unlisted": True}).json["is_unlisted"] is True
        assert [one["name"] for one in other.get("/leaderboards/sales").json["items"]] == ["林**"]
        assert [one["name"] for one in other.get("/newcomers").json["items"]] == ["林**"]
        assert mine.ask("PATCH", "/me/publicity", {"is_unlisted": False}).json["is_unlisted"] is False
        assert len(other.get("/newcomers").json["items"]) == 2

    def test_of_newcomers_go_on_page_by_page(self, a):
        first = a.get("/newcomers?limit=1").json
        second = a.get(f"/newcomers?limit=1&cursor={first['next']}").json
        assert [one["name"] for one in first["items"] + second["items"]] == ["林**", "阿***"]


class TestStories:
    def consent(self, phone):
        asked = phone.get("/me/publicity").json["story"]
        return phone.ask("PATCH", "/me/publicity", {"story": {"accepts": True, "sha256": asked["sha256"]}})

    def test_are_told_with_consent_and_go_when_it_is_taken_back(self, people):
        (_, mine), (_, other) = people["A"], people["B"]
        assert self.consent(mine).json["story"]["given_at"] is not None
        with transaction():
            made = story.write(code="A", title="从一盒面膜开始", words="先自己用，再分享。", at=NOW, by="staff:1")
            story.publish(story_id=made.id, is_reviewer=False, at=NOW, by="staff:2")
        counted()
        (told,) = other.get("/stories").json["items"]
        assert (told["name"], told["orders"], told["buyers"], told["spread"]["id"]) == ("阿***", 3, 3, "D-04")
        asked = mine.get("/me/publicity").json["story"]["sha256"]
        mine.ask("PATCH", "/me/publicity", {"story": {"accepts": False, "sha256": asked}})
        assert other.get("/stories").json["items"] == []
        assert db.session.query(Story).one().state == "withdrawn"
        assert [one["kind"] for one in mine.get("/me/notices").json["items"]] == ["story.ended"]

    def test_are_not_told_under_another_text(self, a):
        answer = a.ask("PATCH", "/me/publicity", {"story": {"accepts": True, "sha256": "0" * 64}})
        assert (answer.status_code, answer.json["code"]) == (409, "outdated_consent")
        assert db.session.query(Publicity).count() == 0
        assert a.ask("PATCH", "/me/publicity", {}).status_code == 422


class TestChallenges:
    @pytest.fixture
    def running(self, people):
        with transaction():
            made = challenge.write(challenge_id=None, draft=contest(EARLIER), at=EARLIER, by="staff:1")
            return challenge.publish(challenge_id=made.id, is_reviewer=False, at=EARLIER, by="staff:2").id

    def test_are_entered_once_and_stand_by_orders(self, people, running):
        (_, mine), (_, other) = people["A"], people["B"]
        for phone in (mine, other):
            assert phone.post(f"/challenges/{running}/entry").status_code == 201
        assert mine.post(f"/challenges/{running}/entry").status_code == 201
        (told,) = mine.get("/challenges").json["items"]
        assert (told["entrants"], told["mine"]["score"], told["mine"]["place"]) == (2, 3, 1)
        assert [(one["name"], one["score"]) for one in told["standings"]] == [("阿***", 3), ("林**", 1)]

    def test_show_their_final_places(self, people, running):
        people["B"][1].post(f"/challenges/{running}/entry")
        with transaction():
            challenge.close(challenge_id=running, at=NOW + timedelta(days=30))
        (told,) = people["A"][1].get("/challenges").json["items"]
        assert (told["state"], told["mine"], len(told["standings"])) == ("closed", None, 1)
        refused = people["A"][1].post(f"/challenges/{running}/entry")
        assert (refused.status_code, refused.json["code"]) == (409, "not_open")


class TestNotices:
    def test_are_ones_own_with_a_mark_of_what_was_seen(self, people):
        member, mine = people["A"]
        with transaction():
            for n in (1, 2):
                notice.tell(
                    member_id=member, template="order.refunded", about=f"refund:{n}", at=NOW,
                    values={"number": f"a{n}", "amount": "¥1.00"},
                )  # fmt: skip
        told = mine.get("/me/notices").json
        assert (told["unread"], [one["body"][:5] for one in told["items"]]) == (2, ["订单 a2", "订单 a1"])
        older = told["items"][1]["id"]
        assert mine.post("/me/notices/read", {"until": older}).json == {"seen": 1, "unread": 1}
        assert people["B"][1].get("/me/notices").json["items"] == []
        assert people["B"][1].post("/me/notices/read", {"until": older}).json == {"seen": 0, "unread": 0}
