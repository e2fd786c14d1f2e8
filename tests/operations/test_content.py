from datetime import timedelta

import pytest
import sqlalchemy as sa

from models import Content, Event, db
from models.operations import content
from models.rules import content as rules
from models.rules import scanning
from tests.operations.growth import CLEAN, RED, published, script
from tests.operations.world import AT


class TestWrite:
    def test_scans_what_is_written_at_once(self, session):
        made = script(at=AT)
        assert (made.state, made.version, made.blocked, made.findings) == ("scanned", 1, 0, [])
        assert made.phrases == scanning.version()

    def test_keeps_a_red_finding_in_the_draft_with_what_may_stand_there(self, session):
        made = script(RED, at=AT)
        assert (made.state, made.blocked) == ("draft", 1)
        assert made.findings[0]["text"] == "躺赚"
        assert made.findings[0]["suggestion"]

    def test_changes_the_newest_version_while_nobody_has_it(self, session):
        script(RED, at=AT)
        assert (script(at=AT).version, db.session.query(Content).count()) == (1, 1)

    def test_makes_the_next_version_of_what_is_out(self, session):
        published(at=AT)
        again = script("另一段话", at=AT)
        assert (again.version, again.state) == (2, "scanned")

    def test_refuses_another_kind_under_the_same_code(self, session):
        script(at=AT)
        with pytest.raises(content.AnotherKind, match="已用于话术"):
            script("好物分享", at=AT, kind=rules.Kind.POSTER)

    @pytest.mark.parametrize(("code", "body"), [("No Code", CLEAN), ("ok", " "), ("ok", "长" * 601)])
    def test_refuses_what_is_no_script(self, session, code, body):
        with pytest.raises(rules.BadWords):
            script(body, code, at=AT)


class TestPublish:
    def test_lets_a_clean_version_out_and_retires_the_one_before(self, session):
        first, second = published(at=AT), published("另一段话", at=AT + timedelta(days=1))
        assert (first.state, first.reason, second.state) == ("retired", "replaced", "published")
        names = list(db.session.scalars(sa.select(Event.name).where(Event.name.like("content.%"))))
        assert names == ["content.published"] * 2

    def test_never_lets_a_banned_phrase_out(self, session):
        made = script(RED, at=AT)
        with pytest.raises(rules.NotClean, match="1 处禁用表述"):
            content.publish(content_id=made.id, is_reviewer=True, at=AT, by="staff:1")
        assert made.state == "draft"

    def test_is_refused_by_the_database_as_well(self, session):
        script(RED, at=AT)
        change = "UPDATE content SET state = 'published', published_at = now(), published_by = 'x'"
        with pytest.raises(sa.exc.IntegrityError, match="ck_content_clean"):
            db.session.execute(sa.text(change))

    def test_takes_somebody_of_compliance_where_the_scan_is_in_doubt(self, session):
        made = script("顶级面膜，分享给您。", at=AT)
        assert (made.state, [one["severity"] for one in made.findings]) == ("scanned", ["review"])
        with pytest.raises(scanning.Unreviewed, match="合规人员复核"):
            content.publish(content_id=made.id, is_reviewer=False, at=AT, by="staff:1")
        assert content.publish(content_id=made.id, is_reviewer=True, at=AT, by="staff:2").state == "published"


class TestRescan:
    def test_takes_back_what_a_newer_list_forbids_and_shows_the_finding(self, session):
        made = published(at=AT)
        # The list that let it out knew less: its words are what the list of today forbids.
        db.session.execute(sa.update(Content).values(body=RED, phrases="an older list"))
        assert content.rescan(at=AT, limit=10) == (1, 1)
        db.session.refresh(made)
        assert (made.state, made.reason, made.findings[0]["text"]) == ("pulled", "phrases", "躺赚")

    def test_leaves_what_was_held_against_the_list_in_force(self, session):
        made = published(at=AT)
        assert content.rescan(at=AT, limit=10) == (0, 0)
        assert content.scan(content_id=made.id, at=AT).state == "published"

    def test_leaves_what_is_still_clean(self, session):
        made = published(at=AT)
        db.session.execute(sa.update(Content).values(phrases="an older list"))
        assert content.rescan(at=AT, limit=10) == (1, 0)
        db.session.refresh(made)
        assert (made.state, made.phrases) == ("published", scanning.version())


class TestRetire:
    def test_happens_once_with_a_reason(self, session):
        made = published(at=AT)
        assert content.retire(content_id=made.id, why="outdated", at=AT).reason == "outdated"
        with pytest.raises(rules.NotThere):
            content.retire(content_id=made.id, why="outdated", at=AT)
        with pytest.raises(content.NoContent):
            content.retire(content_id=99, why="outdated", at=AT)
