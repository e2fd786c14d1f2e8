"""运营: who may write, publish and take down; what the desk refuses; what it shows."""

import io
from datetime import UTC, datetime, timedelta

import pytest
from PIL import Image

from models import Challenge, Content, Notice, NoticeDelivery, NoticeWording, Story, db, transaction
from models.operations import board, challenge, note, notice
from models.rules.content import Kind
from models.rules.leaderboard import Board
from tests.operations import world
from tests.operations.growth import RED, consents, contest, published, script

NOW = datetime.now(UTC)
EARLIER = NOW - timedelta(days=2)
PAGES = (
    "/toolkit/", "/leaderboards/", "/newcomers/", "/stories/", "/publicity/", "/challenges/", "/challenge-entries/",
    "/notices/", "/notice-templates/",
)  # fmt: skip
WORDS = {"kind": "script", "code": "greeting", "title": "打招呼", "body": "分享一款面膜给您。", "palette": "night"}


@pytest.fixture
def member(session):
    with transaction():
        world.network()
        found = world.member("A", "M-10", EARLIER)
        note.keep_person(member_id=found.id, facts=note.Facts(nickname="阿青的小店"))
        for n in range(2):
            world.completed(f"a{n}", "A", EARLIER, buyer=f"张{n}")
    return found


def sole(model):
    db.session.expire_all()
    return db.session.query(model).one()


class TestPages:
    @pytest.mark.parametrize("path", PAGES)
    def test_are_there_for_the_house_and_not_for_merchants(self, staff, member, path):
        assert staff("auditor").get(path).status_code == 200
        assert staff("merchant").get(path).status_code == 403

    @pytest.mark.parametrize("path", PAGES)
    def test_speak_english_too(self, staff, member, path):
        browser = staff("operator")
        browser.get("/?lang=en")
        assert browser.get(path).status_code == 200


class TestToolkit:
    def test_is_written_scanned_published_and_taken_down(self, staff, session, trail):
        browser = staff("operator")
        assert "扫描通过" in browser.post("/toolkit/new", data=WORDS, follow_redirects=True).text
        path = f"/toolkit/{sole(Content).id}"
        browser.post(f"{path}/publish")
        assert sole(Content).state == "published"
        assert "请选择原因" in browser.post(f"{path}/retire", follow_redirects=True).text
        browser.post(f"{path}/retire", data={"reason_code": "outdated"})
        assert sole(Content).state == "retired"
        assert list(dict.fromkeys(row.action for row in trail("content"))) == [
            "content.write",
            "content.publish",
            "content.retire",
        ]

    def test_shows_what_the_scan_found_and_lets_it_not_out(self, staff, session):
        browser = staff("operator")
        page = browser.post("/toolkit/new", data=WORDS | {"body": RED}, follow_redirects=True).text
        assert "躺赚" in page
        assert "不能发布" in page
        refused = browser.post(f"/toolkit/{sole(Content).id}/publish", follow_redirects=True).text
        assert "1 处禁用表述" in refused
        assert sole(Content).state == "draft"

    def test_leaves_findings_in_doubt_to_compliance(self, staff, session):
        with transaction():
            made = script("顶级面膜，分享给您。", at=NOW).id
        assert "合规人员复核" in staff("operator").post(f"/toolkit/{made}/publish", follow_redirects=True).text
        staff("compliance").post(f"/toolkit/{made}/publish")
        assert sole(Content).state == "published"

    def test_keeps_what_was_typed_when_it_is_refused(self, staff, session):
        answer = staff("operator").post("/toolkit/new", data=WORDS | {"code": "No Code"})
        assert (answer.status_code, "分享一款面膜给您。" in answer.text) == (422, True)

    def test_is_not_written_by_those_who_only_look(self, staff, session):
        with transaction():
            made = script(at=NOW).id
        for role in ("support", "auditor", "finance"):
            assert staff(role).post("/toolkit/new", data=WORDS).status_code == 403
            assert staff(role).post(f"/toolkit/{made}/publish").status_code == 403

    def test_draws_a_poster_with_a_sample(self, staff, session):
        with transaction():
            made = published("好物值得分享", "poster-one", at=NOW, kind=Kind.POSTER).id
        browser = staff("auditor")
        answer = browser.get(f"/toolkit/{made}/picture")
        assert Image.open(io.BytesIO(answer.data)).size == (900, 1350)
        assert f"/toolkit/{made}/picture" in browser.get(f"/toolkit/{made}").text


class TestBoards:
    def test_show_places_masked_and_the_spread_without_names(self, staff, member):
        with transaction():
            for one in Board:
                board.count(board=one, at=NOW)
        page = staff("auditor").get("/leaderboards/?name=sales").text
        assert "阿***" in page
        assert "阿青的小店" not in page
        assert "九成的人不超过" in page

    def test_are_counted_on_demand(self, staff, member, work):
        staff("operator").post("/leaderboards/count")
        work()
        assert "近 30 天成交" in staff("operator").get("/leaderboards/?name=sales").text
        assert staff("support").post("/leaderboards/count").status_code == 403

    def test_of_newcomers_say_who_asked_to_be_left_out(self, staff, member):
        with transaction():
            consents(member.id, at=NOW, purpose="unlisted")
        assert "本人要求不展示" in staff("auditor").get("/newcomers/").text


class TestStories:
    def test_begin_with_consent_and_go_out_with_counted_figures(self, staff, member):
        browser = staff("operator")
        typed = {"code": "A", "title": "从一盒面膜开始", "words": "先自己用，再分享。"}
        assert "没有同意展示故事" in browser.post("/stories/new", data=typed).text
        with transaction():
            consents(member.id, at=NOW)
        browser.post("/stories/new", data=typed)
        path = f"/stories/{sole(Story).id}"
        assert "手写的数字" in browser.post(f"{path}/edit", data=typed | {"words": "卖了 300 单"}).text
        browser.post(f"{path}/edit", data=typed | {"words": "先自己用，再讲给邻居。"})
        browser.post(f"{path}/publish")
        assert "2 单、2 位买家、0 位复购" in browser.get(path).text
        browser.post(f"{path}/retire", data={"reason_code": "outdated"})
        assert sole(Story).state == "retired"


class TestChallenges:
    TYPED = {
        "title": "好物挑战", "words": "统计活动期内本人完成的订单。", "prize": "品牌礼盒", "metric": "orders",
        "starts": f"{NOW:%Y-%m-%dT%H:%M}", "ends": f"{NOW + timedelta(days=9):%Y-%m-%dT%H:%M}",
    }  # fmt: skip

    def test_are_written_published_and_called_off(self, staff, session):
        browser = staff("operator")
        browser.post("/challenges/new", data=self.TYPED)
        path = f"/challenges/{sole(Challenge).id}"
        browser.post(f"{path}/edit", data=self.TYPED | {"prize": "两份礼盒"})
        assert sole(Challenge).prize == "两份礼盒"
        browser.post(f"{path}/publish")
        assert "内容不能再改" in browser.post(f"{path}/edit", data=self.TYPED).text
        browser.post(f"{path}/cancel", data={"reason_code": "mistake"})
        assert sole(Challenge).state == "cancelled"

    @pytest.mark.parametrize(
        ("wrong", "said"), [({"metric": "heads"}, "不能按发展人数统计"), ({"ends": "soon"}, "请选择开始和结束时间")]
    )
    def test_say_what_is_wrong_and_keep_what_was_typed(self, staff, session, wrong, said):
        answer = staff("operator").post("/challenges/new", data=self.TYPED | wrong)
        assert (answer.status_code, said in answer.text, "品牌礼盒" in answer.text) == (422, True, True)

    def test_show_how_it_stands_by_masked_names(self, staff, member):
        with transaction():
            made = challenge.write(challenge_id=None, draft=contest(EARLIER), at=EARLIER, by="staff:1")
            challenge.publish(challenge_id=made.id, is_reviewer=False, at=EARLIER, by="staff:2")
            challenge.enter(challenge_id=made.id, member_id=member.id, at=EARLIER)
            number = made.id
        page = staff("auditor").get(f"/challenges/{number}").text
        assert "阿***" in page
        assert "当前名次" in page
        assert "A" in staff("auditor").get(f"/challenge-entries/?of={number}").text


class TestNotices:
    @pytest.fixture
    def refused(self, member):
        with transaction():
            made = notice.tell(
                member_id=member.id, template="rank.reached", values={"day": "2026-01-01"}, about="r1", at=NOW
            )
            db.session.add(
                NoticeDelivery(
                    notice_id=made.id, template_id="t", message={"date1": "2026-01-01"}, state="refused", tries=1,
                    error="43101",
                )
            )  # fmt: skip
        return made.id

    def test_show_results_and_send_again_by_hand(self, staff, refused):
        browser = staff("support")
        assert "微信拒收" in browser.get("/notices/?state=refused").text
        assert "43101" in browser.get(f"/notices/{refused}").text
        assert staff("auditor").post(f"/notices/{refused}/send").status_code == 403
        browser.post(f"/notices/{refused}/send")
        assert sole(NoticeDelivery).state == "waiting"

    def test_get_the_words_that_are_set_here(self, staff, member):
        browser = staff("operator")
        typed = {
            "title": "等级更新",
            "body": "{day} 起生效",
            "template_id": "t1",
            "fields": "date1={day}\nthing2={title}",
        }
        browser.post("/notice-templates/rank.reached", data=typed)
        kept = sole(NoticeWording)
        assert (kept.title, kept.fields) == ("等级更新", {"date1": "{day}", "thing2": "{title}"})
        assert "等级更新" in browser.get("/notice-templates/").text

    @pytest.mark.parametrize(
        ("wrong", "said"),
        [
            ({"body": "躺赚通知"}, "禁用表述"),
            ({"fields": "date1"}, "名称=内容"),
            ({"body": "{secret}"}, "没有名为 secret"),
        ],
    )
    def test_refuse_words_that_may_not_go_out(self, staff, member, wrong, said):
        typed = {"title": "等级", "body": "{day}", "template_id": "", "fields": ""}
        answer = staff("operator").post("/notice-templates/rank.reached", data=typed | wrong)
        assert (answer.status_code, said in answer.text) == (422, True)
        assert db.session.query(NoticeWording).count() == 0

    def test_have_no_words_of_unknown_kinds(self, staff, session):
        assert staff("operator").get("/notice-templates/free.money").status_code == 404
        assert staff("auditor").get("/notice-templates/rank.reached").status_code == 403

    def test_are_everybodys_own_and_listed_here(self, staff, refused):
        assert db.session.query(Notice).count() == 1
        assert "等级变动" in staff("auditor").get("/notices/?kind=rank.reached").text
