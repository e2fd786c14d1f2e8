"""策略 and 协议 through the console."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from werkzeug.datastructures import MultiDict

from console import formatting
from console.admin import policy_form
from models import Agreement, Consent, PolicyVersion, db
from models.queries import policy as policies
from models.rules import policy as rules
from models.rules.policy import PLAN, STEADY
from tests.operations import world

TOMORROW = {"effective": (formatting.today() + timedelta(days=1)).isoformat()}


def typed(policy, **changes) -> MultiDict:
    """The editor's form filled with a policy, some keys typed otherwise."""
    texts = policy_form.of(rules.plain(policy)) | changes
    return MultiDict([(key, text) for key, row in texts.items() for text in row])


def draft(browser, policy=STEADY, preset="steady", **changes):
    form = typed(policy, **changes)
    form.update(TOMORROW | {"preset": preset, "note": "试行"})
    return browser.post("/policies/new", data=form)


def newest() -> PolicyVersion:
    db.session.expire_all()
    return db.session.scalars(sa.select(PolicyVersion).order_by(PolicyVersion.id.desc()).limit(1)).one()


class TestForm:
    @pytest.mark.parametrize("policy", [PLAN, STEADY])
    def test_reads_back_what_it_shows(self, policy):
        assert policy_form.filled(typed(policy)).terms == rules.plain(policy)

    def test_has_every_key_of_the_policy_once(self):
        assert sorted(field.key for field in policy_form.FIELDS) == sorted(rules.FIELDS)

    @pytest.mark.parametrize("text", ["", "abc", "1.234", "NaN", "1e3", "-", "70%%", "１０"])
    def test_takes_no_percentage_that_is_none(self, text):
        filled = policy_form.filled(typed(STEADY, reserve_bps=[text]))
        assert [str(title) for title in filled.wrong] or filled.terms["reserve_bps"] != 100


class TestDraft:
    def test_is_kept_with_its_differences(self, staff, work):
        operator = staff("operator")
        draft(operator, reserve_bps=["2.50"])
        version = newest()
        assert (version.state, version.terms["reserve_bps"], version.note) == ("draft", 250, "试行")
        page = operator.get(f"/policies/{version.id}").text
        assert "1.00%" in page
        assert "2.50%" in page
        assert "1 项不同" in page

    def test_keeps_what_was_typed_when_something_cannot_be_read(self, staff):
        page = draft(staff("operator"), reserve_bps=["abc"], return_days=["9"]).text
        assert "填写有误" in page
        assert 'value="abc"' in page
        assert 'value="9"' in page
        assert newest().note == "founding"

    @pytest.mark.parametrize("levels", ["4", "0", "99"])
    def test_of_a_fourth_level_is_refused_by_the_rule(self, staff, levels):
        page = draft(staff("operator"), levels=[levels]).text
        assert "5.3" in page
        assert newest().note == "founding"

    def test_is_its_makers_to_withdraw(self, staff):
        operator = staff("operator")
        draft(operator)
        operator.post(f"/policies/{newest().id}/withdraw")
        assert newest().state == "withdrawn"


class TestApproval:
    def approve(self, browser, version, **values):
        filled = {"digest": version.digest.hex()} | values
        return browser.post(f"/policies/{version.id}/approve", data=filled, follow_redirects=True)

    def test_by_another_person_puts_it_in_force(self, staff):
        draft(staff("operator"), reserve_bps=["2"])
        version = newest()
        self.approve(staff("compliance"), version)
        assert newest().state == "approved"
        assert policies.in_force(version.effective_at)[0] == version.id

    def test_by_the_maker_is_refused(self, staff):
        both = staff("operator", "compliance")
        draft(both, reserve_bps=["2"])
        assert "另一人" in self.approve(both, newest()).text
        assert newest().state == "draft"

    def test_of_red_findings_wants_each_read_and_an_opinion(self, staff):
        draft(staff("operator"), PLAN, "plan")
        version, checker = newest(), staff("compliance")
        assert "尚未逐条确认" in self.approve(checker, version).text
        page = checker.get(f"/policies/{version.id}").text
        red = [line.split('"')[0] for line in page.split('name="acknowledged" value="')[1:]]
        assert "R02" in red
        opinion = (formatting.today() + timedelta(days=365)).isoformat()
        self.approve(checker, version, acknowledged=red, opinion=opinion)
        assert newest().state == "approved"

    @pytest.mark.parametrize("digest", ["", "00", "zz", "00" * 32])
    def test_of_what_was_not_shown_is_refused(self, staff, digest):
        draft(staff("operator"), reserve_bps=["2"])
        assert "有改动" in self.approve(staff("compliance"), newest(), digest=digest).text
        assert newest().state == "draft"


class TestEffect:
    def test_compares_last_months_payouts_and_books_nothing(self, staff, work):
        world.network()
        world.completed("A-1", at=formatting.now() - timedelta(days=2))
        operator, before = staff("operator"), world.accounts()
        draft(operator, split_bps=["50", "0", "0"])
        work()
        page = operator.get(f"/policies/{newest().id}").text
        assert "层级分润" in page
        assert "-¥15.00" in page
        assert world.accounts() == before


class TestAgreement:
    def publish(self, browser, **values):
        filled = {"version": "2", "text": "第二版\r\n正文", **TOMORROW} | values
        return browser.post("/agreements/new", data=filled, follow_redirects=True).text

    def test_is_published_with_its_digest(self, staff):
        self.publish(staff("compliance"))
        made = db.session.scalars(sa.select(Agreement)).one()
        assert (made.version, made.text) == ("2", "第二版\n正文")

    @pytest.mark.parametrize(
        "values", [{"text": " "}, {"version": ""}, {"effective": "2001-01-01"}, {"effective": "x"}, {"effective": ""}]
    )
    def test_keeps_what_was_typed_when_refused(self, staff, values):
        page = self.publish(staff("compliance"), **values)
        assert 'role="alert"' in page
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Agreement)) == 0

    def test_is_not_operators_to_publish(self, staff):
        assert staff("operator").get("/agreements/new").status_code == 403

    def test_shows_who_accepted_it_from_where(self, staff):
        world.network()
        world.joins("amy")
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Consent)) == 1
        page = staff("auditor").get("/consents/?member=amy").text
        for words in ("amy", "10.1.2.3", "tests"):
            assert words in page
