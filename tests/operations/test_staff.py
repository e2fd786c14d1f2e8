"""Accounts, their roles and their credentials."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from models import Staff, StaffLink, StaffSession, db
from models.operations import session as sessions
from models.operations import staff
from models.queries import staff as queries
from models.rules import password, token, totp
from models.rules.permission import ClashingRoles, Role, UnknownRole
from models.tables.staff import LinkKind
from tests import factories
from tests.people import SECRET, person

AT = datetime(2026, 11, 23, 12, 0, 15, tzinfo=UTC)
NEW = "violin harbour 77 lichen"


def open_sessions(staff_id: int) -> int:
    query = sa.select(sa.func.count()).where(StaffSession.staff_id == staff_id, StaffSession.ended_at.is_(None))
    return db.session.scalar(query) or 0


def signed_in(who: Staff, times: int = 2) -> Staff:
    for _ in range(times):
        sessions.open_(staff_id=who.id, ip="10.0.0.1", user_agent="x", at=AT)
    return who


def link_row(kind: str | None = None) -> StaffLink:
    query = sa.select(StaffLink).order_by(StaffLink.id.desc())
    return db.session.scalars(query.where(StaffLink.kind == kind) if kind else query).first()


def code_for(link: str, at: datetime = AT) -> str:
    row = db.session.scalars(sa.select(StaffLink).where(StaffLink.token_hash == token.digest(link))).one()
    return totp.code_of(row.totp_secret, totp.step_at(at))


class TestCreate:
    def test_makes_an_account_that_cannot_sign_in_yet(self, session):
        made, link = staff.create(code=" Wang.Li ", name=" 王 丽 ", roles=["support"], merchant_id=None, at=AT)
        assert (made.code, made.name, made.roles, made.password_hash, made.totp_secret) == (
            "wang.li", "王 丽", ["support"], None, None,
        )  # fmt: skip
        assert len(link) == 43

    def test_refuses_a_login_taken_in_another_case(self, session):
        person(code="wang")
        with pytest.raises(staff.NameTaken):
            staff.create(code="WANG", name="王", roles=["support"], merchant_id=None, at=AT)

    @pytest.mark.parametrize("code", ["", "a", "王丽", "a b", "-ab", "a" * 33, "ab/../cd", "ａｂｃ"])
    def test_refuses_a_login_that_cannot_be_typed_everywhere(self, session, code):
        with pytest.raises(staff.BadName):
            staff.create(code=code, name="王", roles=["support"], merchant_id=None, at=AT)

    def test_refuses_roles_that_clash(self, session):
        with pytest.raises(ClashingRoles):
            staff.create(code="wang", name="王", roles=["reviewer", "finance"], merchant_id=None, at=AT)

    def test_leaves_one_row_in_the_trail_without_secrets(self, session, trail):
        staff.create(code="wang", name="王", roles=["support"], merchant_id=None, at=AT)
        made, link = trail("staff", "staff_link")
        assert (made.kind, made.after["code"]) == ("insert", "wang")
        assert (link.kind, link.after["token_hash"], link.after["totp_secret"]) == ("insert", "***", "***")


class TestGrant:
    def test_changes_the_roles_and_ends_every_session(self, session):
        who = signed_in(person("support"))
        staff.grant(staff_id=who.id, roles=["operator", "finance"], merchant_id=None, by=0, at=AT)
        assert who.roles == ["operator", "finance"]
        assert open_sessions(who.id) == 0

    def test_binds_a_merchant(self, session):
        who, shop_owner = person("support"), factories.merchant()
        staff.grant(staff_id=who.id, roles=["merchant"], merchant_id=shop_owner.id, by=0, at=AT)
        assert (who.roles, who.merchant_id) == (["merchant"], shop_owner.id)

    def test_refuses_ones_own_account(self, session):
        who = person("admin")
        with pytest.raises(staff.OwnAccount):
            staff.grant(staff_id=who.id, roles=["admin"], merchant_id=None, by=who.id, at=AT)

    def test_refuses_to_take_the_last_administrator(self, session):
        last = person("admin")
        person("admin", state="disabled")
        with pytest.raises(staff.LastAdmin):
            staff.grant(staff_id=last.id, roles=["support"], merchant_id=None, by=0, at=AT)

    def test_refuses_what_is_no_role(self, session):
        with pytest.raises(UnknownRole):
            staff.grant(staff_id=person().id, roles=["root"], merchant_id=None, by=0, at=AT)

    def test_leaves_one_row_of_the_account_in_the_trail(self, session, trail):
        who = person("support")
        staff.grant(staff_id=who.id, roles=["operator"], merchant_id=None, by=0, at=AT)
        changed = trail("staff", kind="update")
        assert [(row.before["roles"], row.after["roles"]) for row in changed] == [(["support"], ["operator"])]


class TestDisable:
    def test_ends_sessions_and_links_at_once(self, session):
        who = signed_in(person())
        link = staff.issue(kind=LinkKind.WELCOME, staff_id=who.id, at=AT)
        staff.disable(staff_id=who.id, by=0, at=AT)
        assert (who.state, open_sessions(who.id)) == ("disabled", 0)
        with pytest.raises(staff.LinkGone):
            staff.open_link(link=link, at=AT)

    def test_refuses_ones_own_account_and_the_last_administrator(self, session):
        last = person("admin")
        with pytest.raises(staff.OwnAccount):
            staff.disable(staff_id=last.id, by=last.id, at=AT)
        with pytest.raises(staff.LastAdmin):
            staff.disable(staff_id=last.id, by=0, at=AT)

    def test_is_undone_with_the_same_credentials(self, session):
        who = person()
        kept = who.password_hash
        staff.disable(staff_id=who.id, by=0, at=AT)
        staff.enable(staff_id=who.id, by=0, at=AT)
        assert (who.state, who.password_hash) == ("active", kept)


class TestReset:
    def test_takes_both_factors_and_every_session(self, session):
        who = signed_in(person())
        staff.reset(staff_id=who.id, by=0, at=AT)
        assert (who.password_hash, who.totp_secret, open_sessions(who.id)) == (None, None, 0)

    def test_makes_older_links_useless(self, session):
        who = person()
        first = staff.reset(staff_id=who.id, by=0, at=AT)
        staff.reset(staff_id=who.id, by=0, at=AT)
        with pytest.raises(staff.LinkGone):
            staff.open_link(link=first, at=AT)


class TestAccept:
    def test_sets_both_factors_by_a_link_that_opens_once(self, session):
        made, link = staff.create(code="wang", name="王", roles=["support"], merchant_id=None, at=AT)
        code = code_for(link)
        staff.accept(link=link, new=NEW, code=code, at=AT)
        assert password.matches(made.password_hash, NEW)
        assert (made.totp_secret, made.totp_last_step) == (link_row().totp_secret, totp.step_at(AT))
        with pytest.raises(staff.LinkGone):
            staff.accept(link=link, new=NEW, code=code, at=AT)

    @pytest.mark.parametrize(("code", "new"), [("000000", NEW), ("", NEW)])
    def test_refuses_a_code_of_another_authenticator(self, session, code, new):
        link = staff.create(code="wang", name="王", roles=["support"], merchant_id=None, at=AT)[1]
        with pytest.raises(staff.WrongCode):
            staff.accept(link=link, new=new, code=code, at=AT)

    def test_refuses_a_weak_password_and_one_made_of_the_name(self, session):
        link = staff.create(code="wangxiaoming", name="王", roles=["support"], merchant_id=None, at=AT)[1]
        for weak in ("password1234", "wangxiaoming1", "short"):
            with pytest.raises(password.WeakPassword):
                staff.accept(link=link, new=weak, code=code_for(link), at=AT)

    @pytest.mark.parametrize(
        ("kind", "lasts"),
        [(LinkKind.BOOTSTRAP, timedelta(hours=1)), (LinkKind.WELCOME, timedelta(hours=24)),
         (LinkKind.AUTHENTICATOR, timedelta(minutes=10)), (LinkKind.DEMO, timedelta(minutes=10))],
    )  # fmt: skip
    def test_is_too_late_when_the_link_has_run_out(self, session, kind, lasts):
        link = staff.issue(kind=kind, staff_id=None if kind is LinkKind.BOOTSTRAP else person().id, at=AT)
        staff.open_link(link=link, at=AT + lasts - timedelta(seconds=1))
        with pytest.raises(staff.LinkGone):
            staff.open_link(link=link, at=AT + lasts)

    def test_makes_the_first_administrator(self, session):
        link = staff.issue(kind=LinkKind.BOOTSTRAP, staff_id=None, at=AT)
        made = staff.accept(link=link, new=NEW, code=code_for(link), login="Root.One", name="首位", at=AT)
        assert (made.code, made.roles, made.state) == ("root.one", [Role.ADMIN], "active")

    def test_of_a_new_authenticator_keeps_the_password_and_ends_every_session(self, session):
        who = signed_in(person())
        kept = who.password_hash
        link = staff.issue(kind=LinkKind.AUTHENTICATOR, staff_id=who.id, at=AT)
        staff.accept(link=link, new="", code=code_for(link), at=AT)
        assert who.totp_secret not in (None, SECRET)
        assert (who.password_hash, open_sessions(who.id)) == (kept, 0)

    def test_sets_nothing_by_a_demonstrations_link(self, session):
        link = staff.issue(kind=LinkKind.DEMO, staff_id=person().id, at=AT)
        with pytest.raises(staff.LinkGone):
            staff.accept(link=link, new=NEW, code=code_for(link), at=AT)

    def test_hides_every_secret_from_the_trail(self, session, trail):
        made, link = staff.create(code="wang", name="王", roles=["support"], merchant_id=None, at=AT)
        staff.accept(link=link, new=NEW, code=code_for(link), at=AT)
        kept = " ".join(str((row.before, row.after)) for row in trail("staff", "staff_link", "staff_session"))
        assert "'password_hash': '***'" in kept
        for secret in (made.password_hash, made.totp_secret, link, token.digest(link), NEW):
            assert secret not in kept


class TestChangePassword:
    def test_ends_every_session(self, session):
        who = signed_in(person())
        staff.change_password(staff_id=who.id, new=NEW, at=AT)
        assert password.matches(who.password_hash, NEW)
        assert open_sessions(who.id) == 0

    def test_refuses_a_weak_one(self, session):
        with pytest.raises(password.WeakPassword):
            staff.change_password(staff_id=person().id, new="qwerty123456", at=AT)


class TestEnterByLink:
    def test_names_the_person_once(self, session):
        who = person()
        link = staff.issue(kind=LinkKind.DEMO, staff_id=who.id, at=AT)
        assert staff.enter_by_link(link=link, at=AT) == who.id
        with pytest.raises(staff.LinkGone):
            staff.enter_by_link(link=link, at=AT)

    def test_is_refused_to_a_link_that_sets_credentials(self, session):
        link = staff.issue(kind=LinkKind.WELCOME, staff_id=person().id, at=AT)
        with pytest.raises(staff.LinkGone):
            staff.enter_by_link(link=link, at=AT)


class TestSession:
    def test_of_another_is_not_there_for_who_ends_their_own(self, session):
        who = signed_in(person(), 1)
        row = db.session.scalars(sa.select(StaffSession).where(StaffSession.staff_id == who.id)).one()
        with pytest.raises(sessions.NoSession):
            sessions.end(session_id=row.id, why="by_self", at=AT, staff_id=who.id + 1)

    def test_that_lapsed_unseen_is_ended_with_its_reason(self, session):
        who = signed_in(person(), 3)
        idle, old, busy = db.session.scalars(sa.select(StaffSession).order_by(StaffSession.id))
        later = AT + timedelta(hours=12)
        old.last_seen_at = later
        busy.created_at = busy.last_seen_at = later
        idle.created_at = later - timedelta(hours=1)
        db.session.flush()
        assert [row.id for row in queries.standing(staff_id=who.id, at=later)] == [busy.id]
        assert sessions.end_lapsed(at=later) == 2
        db.session.expire_all()
        assert (idle.ended_why, old.ended_why, busy.ended_why) == ("idle", "expired", None)

    def test_ends_once(self, session):
        signed_in(person(), 1)
        row = db.session.scalars(sa.select(StaffSession)).one()
        sessions.end(session_id=row.id, why="by_admin", at=AT)
        with pytest.raises(sessions.NoSession):
            sessions.end(session_id=row.id, why="by_admin", at=AT)


class TestTable:
    @pytest.mark.parametrize(
        "change",
        [
            "roles = ARRAY['root']", "roles = '{}'", "roles = ARRAY['merchant']", "state = 'gone'", "code = 'Wang'",
            "password_hash = NULL", "merchant_id = 1",
        ],
    )  # fmt: skip
    def test_refuses_what_no_operation_would_write(self, session, change):
        who = person()
        with pytest.raises(sa.exc.IntegrityError):
            session.execute(sa.text(f"UPDATE staff SET {change} WHERE id = :id"), {"id": who.id})

    def test_lists_the_same_roles_as_the_rules(self, session):
        listed = session.scalar(
            sa.text("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'ck_staff_roles'")
        )
        assert {role for role in Role if f"'{role}'" in listed} == set(Role)
        assert listed.count("::text") == len(Role)
