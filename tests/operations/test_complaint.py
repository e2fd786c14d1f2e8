"""Complaints: the clock that only a human answer stops."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from models import ComplaintMessage, Event, db
from models.operations import complaint
from models.rules import complaint as rules
from models.rules.complaint import Category
from tests import people
from tests.operations import world

AT = datetime(2026, 11, 2, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _session(session):
    return session


@pytest.fixture
def by() -> str:
    return f"staff:{people.person('support').id}"


def opened(words: str = "有人说交钱就能躺赚", at: datetime = AT):
    return complaint.open_(
        member_id=None, category=Category.INCOME_CLAIM, subject="", words=words, at=at, by="member:X"
    )


def said(one) -> list[tuple[str, str]]:
    chosen = sa.select(ComplaintMessage.kind, ComplaintMessage.by).where(ComplaintMessage.complaint_id == one.id)
    return [tuple(row) for row in db.session.execute(chosen.order_by(ComplaintMessage.id))]


def events(name: str) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(Event).where(Event.name == name))


class TestClock:
    def test_runs_24_hours_from_receipt_and_an_automatic_reply_does_not_stop_it(self):
        made = opened()
        assert (made.state, made.due_at) == ("open", AT + timedelta(hours=24))
        assert said(made) == [("member", "member:X"), ("auto", "system:receipt")]
        assert made.answered_at is None

    def test_is_stopped_by_the_first_human_answer_alone(self, by):
        made = opened()
        complaint.answer(complaint_id=made.id, words="我们已核实，正在处理。", at=AT + timedelta(hours=2), by=by)
        complaint.answer(complaint_id=made.id, words="处理完毕。", at=AT + timedelta(hours=5), by=by)
        assert (made.state, made.answered_at) == ("answered", AT + timedelta(hours=2))
        assert f"staff:{made.owner_id}" == by
        assert events("complaint.answered") == 2

    @pytest.mark.parametrize("machine", ["job:autoreply", "system:receipt", "api:bot"])
    def test_is_not_stopped_by_a_machine(self, machine):
        made = opened()
        with pytest.raises(rules.NotHuman, match="人工答复"):
            complaint.answer(complaint_id=made.id, words="已收到", at=AT, by=machine)

    def test_is_not_stopped_past_the_rules_either(self):
        made = opened()
        made.state, made.answered_at, made.answered_by = "answered", AT, "job:autoreply"
        with pytest.raises(IntegrityError, match="ck_complaint_human"):
            db.session.flush()

    def test_that_ran_out_is_told_once(self, by):
        late, answered = opened(), opened("另一件")
        complaint.answer(complaint_id=answered.id, words="已核实。", at=AT, by=by)
        assert complaint.tell_breached(at=AT + timedelta(hours=23, minutes=59)) == 0
        assert complaint.tell_breached(at=AT + timedelta(hours=24)) == 1
        assert complaint.tell_breached(at=AT + timedelta(hours=25)) == 0
        assert late.breached_at == AT + timedelta(hours=24)
        assert events("complaint.breached") == 1


class TestComplaint:
    def test_is_refused_without_words_and_beyond_ten_open_ones(self):
        with pytest.raises(rules.Unsaid):
            opened(" ")
        world.network()
        member = world.joins("amy")
        facts = {"category": Category.OTHER, "subject": "", "words": "问", "at": AT, "by": "member:amy"}
        for _ in range(10):
            complaint.open_(member_id=member.id, **facts)
        with pytest.raises(rules.TooMany):
            complaint.open_(member_id=member.id, **facts)

    def test_answer_with_a_banned_phrase_never_goes_out(self, by):
        made = opened()
        with pytest.raises(rules.Unfit, match="稳赚不赔"):
            complaint.answer(complaint_id=made.id, words="放心，稳赚不赔", at=AT, by=by)
        assert made.state == "open"

    def test_is_closed_after_an_answer_and_then_takes_nothing_more(self, by):
        made = opened()
        with pytest.raises(rules.NotAnswered):
            complaint.close(complaint_id=made.id, outcome="完", at=AT)
        complaint.answer(complaint_id=made.id, words="已核实。", at=AT, by=by)
        for _ in range(2):
            complaint.close(complaint_id=made.id, outcome="已下架违规文案", at=AT)
        assert (made.state, made.outcome) == ("closed", "已下架违规文案")
        with pytest.raises(rules.Over):
            complaint.add(complaint_id=made.id, words="还有", at=AT, by="member:X")

    def test_notes_stay_among_staff_and_answer_nothing(self, by):
        made = opened()
        complaint.note(complaint_id=made.id, words="先查录音", at=AT, by=by)
        assert made.state == "open"
        assert complaint.queries.told([made.id])[made.id][-1].kind == "auto"
