from datetime import timedelta

import pytest

from models import MemberIdentity, Notice, Publicity, db
from models.operations import identity, story
from models.queries import story as queries
from models.rules import scanning
from models.rules import story as rules
from models.rules.story import Purpose
from tests.operations import world
from tests.operations.growth import consents
from tests.operations.world import AT

LATER = AT + timedelta(days=3)


@pytest.fixture
def member(session):
    world.network()
    found = world.member("A", "M-10")
    for n, (buyer, day) in enumerate((("张", 0), ("张", 1), ("李", 1), ("A", 1)), 1):
        world.completed(f"o{n}", "A", AT + timedelta(days=day), buyer=buyer)
    return found


def written(words="先自己用，再讲给邻居听。"):
    return story.write(code="A", title="从一盒面膜开始", words=words, at=AT, by="staff:1")


def publish(made, **values):
    return story.publish(story_id=made.id, is_reviewer=False, at=LATER, by="staff:2", **values)


class TestConsent:
    def test_keeps_the_text_its_digest_and_from_where(self, member):
        kept = consents(member.id, at=AT)
        assert (kept.text, kept.ip, kept.ended_at) == (rules.CONSENT, "10.1.2.3", None)
        assert consents(member.id, at=LATER).id == kept.id

    def test_is_to_the_text_of_today(self, member):
        said = story.Said(purpose=Purpose.STORY, sha256="0" * 64, ip="", user_agent="")
        with pytest.raises(rules.OutdatedConsent):
            story.say(member_id=member.id, said=said, at=AT)

    def test_taken_back_takes_the_story_down_at_once_and_says_so(self, member):
        consents(member.id, at=AT)
        made = publish(written())
        story.unsay(member_id=member.id, purpose=Purpose.STORY, at=LATER)
        assert (made.state, made.ended_at) == ("withdrawn", LATER)
        assert queries.page(before=99, limit=9) == []
        assert [one.kind for one in db.session.query(Notice)] == ["story.ended"]

    def test_ends_with_the_account(self, member, monkeypatch):
        consents(member.id, at=AT)
        made = publish(written())
        person = MemberIdentity(openid="openid-of-a", member_id=member.id, made_at=AT)
        db.session.add(person)
        db.session.flush()
        with pytest.raises(identity.MoneyLeft):
            identity.cancel(identity_id=person.id, at=LATER)
        story.forget(member_id=member.id, at=LATER)
        db.session.expire_all()
        kept = db.session.query(Publicity).one()
        assert (made.state, kept.ip, kept.user_agent, kept.ended_at) == ("withdrawn", "", "", LATER)


class TestWrite:
    def test_takes_the_members_consent(self, member):
        with pytest.raises(rules.NoConsent, match="展示设置"):
            written()

    @pytest.mark.parametrize("words", ["卖出 300 单", "每月三千元", "带了五十人", "增长两倍", "１２单"])
    def test_refuses_a_typed_figure(self, member, words):
        consents(member.id, at=AT)
        with pytest.raises(rules.TypedFigure, match="手写的数字"):
            written(words)

    def test_lets_ordinary_words_pass(self, member):
        consents(member.id, at=AT)
        assert written("一开始我一个人，一步一步来。").state == "draft"


class TestPublish:
    def test_counts_the_figures_from_orders(self, member):
        consents(member.id, at=AT)
        made = publish(written())
        # The order that the member bought from itself is no sale; one buyer came back on another day.
        assert {name: made.figures[name] for name in ("orders", "buyers", "returning")} == {
            "orders": 3, "buyers": 2, "returning": 1,
        }  # fmt: skip
        assert made.figures["until"] == LATER.isoformat()

    def test_needs_sales_to_rest_on(self, session):
        world.network()
        consents(world.member("A", "M-10").id, at=AT)
        with pytest.raises(rules.NothingToTell):
            publish(written())

    def test_lets_no_banned_phrase_out(self, member):
        consents(member.id, at=AT)
        with pytest.raises(scanning.Banned, match="躺赚"):
            publish(written("跟着她一起躺赚。"))

    def test_needs_the_consent_of_the_day(self, member):
        consents(member.id, at=AT)
        made = written()
        story.unsay(member_id=member.id, purpose=Purpose.STORY, at=LATER)
        with pytest.raises(rules.NoConsent):
            publish(made)

    def test_replaces_the_story_before(self, member):
        consents(member.id, at=AT)
        first, second = publish(written()), publish(written("另一段经历。"))
        assert (first.state, first.reason, second.state) == ("retired", "replaced", "published")
        assert db.session.query(Notice).count() == 0

    def test_is_not_written_anew_once_out(self, member):
        consents(member.id, at=AT)
        made = publish(written())
        with pytest.raises(rules.NoConsent, match="只有草稿"):
            story.rewrite(story_id=made.id, title="x", words="y")


class TestRescan:
    def test_takes_back_what_a_newer_list_forbids(self, member):
        consents(member.id, at=AT)
        made = publish(written())
        made.words, made.phrases = "跟着她一起躺赚。", "an older list"
        db.session.flush()
        assert story.rescan(at=LATER, limit=5) == (1, 1)
        assert (made.state, made.blocked) == ("pulled", 1)
