"""Staff: their accounts, roles and credentials."""

from collections.abc import Collection
from datetime import datetime, timedelta

import sqlalchemy as sa

from models.base import db
from models.errors import Conflict, Forbidden, Invalid, Missing
from models.operations import session
from models.rules import password, permission, token, totp
from models.rules.permission import Role
from models.rules.session import Ended
from models.tables.staff import LinkKind, Staff, StaffLink, StaffState

LASTS = {
    LinkKind.BOOTSTRAP: timedelta(hours=1),
    LinkKind.WELCOME: timedelta(hours=24),
    LinkKind.AUTHENTICATOR: timedelta(minutes=10),
    LinkKind.DEMO: timedelta(minutes=10),
}


class NoStaff(Missing):
    """Nobody has this number."""


class NameTaken(Conflict):
    """Another account has this login name."""


class BadName(Invalid):
    """The login name or the display name cannot be used."""


class OwnAccount(Forbidden):
    """Nobody changes what concerns their own account."""


class LastAdmin(Conflict):
    """The console would be left without an administrator."""


class LinkGone(Missing):
    """The one-time link is unknown, used or too old."""


class WrongCode(Invalid):
    """The code does not come from the authenticator just set up."""


def create(*, code: str, name: str, roles: Collection[str], merchant_id: int | None, at: datetime) -> tuple[Staff, str]:
    """A new account without credentials, and the token of the welcome link that sets them."""
    staff = _insert(code=code, name=name, roles=roles, merchant_id=merchant_id, at=at)
    return staff, issue(kind=LinkKind.WELCOME, staff_id=staff.id, at=at)


def rename(*, staff_id: int, name: str, at: datetime) -> Staff:
    """Change the display name."""
    staff = _locked(staff_id)
    staff.name, staff.updated_at = _display(name), at
    db.session.flush()
    return staff


def grant(*, staff_id: int, roles: Collection[str], merchant_id: int | None, by: int, at: datetime) -> Staff:
    """Give a person these roles and no others; their sessions end."""
    _refuse_own(staff_id, by)
    permission.check_roles(roles, merchant_id=merchant_id)
    if Role.ADMIN not in roles:
        _refuse_last_admin(staff_id)
    staff = _locked(staff_id)
    staff.roles, staff.merchant_id, staff.updated_at = _ordered(roles), merchant_id, at
    session.end_all(staff_id=staff.id, why=Ended.ROLES, at=at)
    db.session.flush()
    return staff


def disable(*, staff_id: int, by: int, at: datetime) -> Staff:
    """Shut a person out at once: their sessions and links end."""
    _refuse_own(staff_id, by)
    _refuse_last_admin(staff_id)
    staff = _locked(staff_id)
    staff.state, staff.updated_at = StaffState.DISABLED, at
    session.end_all(staff_id=staff.id, why=Ended.DISABLED, at=at)
    _void_links(staff.id, at)
    return staff


def enable(*, staff_id: int, by: int, at: datetime) -> Staff:
    """Let a person in again, with the credentials they had."""
    _refuse_own(staff_id, by)
    staff = _locked(staff_id)
    staff.state, staff.updated_at = StaffState.ACTIVE, at
    db.session.flush()
    return staff


def reset(*, staff_id: int, by: int, at: datetime) -> str:
    """Take away both factors and return the token of a new welcome link; sessions end."""
    _refuse_own(staff_id, by)
    staff = _locked(staff_id)
    staff.password_hash, staff.totp_secret, staff.updated_at = None, None, at
    session.end_all(staff_id=staff.id, why=Ended.CREDENTIALS, at=at)
    return issue(kind=LinkKind.WELCOME, staff_id=staff.id, at=at)


def change_password(*, staff_id: int, new: str, at: datetime) -> Staff:
    """Set one's own new password, after proving both factors; every session ends."""
    staff = _locked(staff_id)
    password.check(new, about=(staff.code, staff.name))
    staff.password_hash, staff.updated_at = password.hash_of(new), at
    session.end_all(staff_id=staff.id, why=Ended.CREDENTIALS, at=at)
    db.session.flush()
    return staff


def issue(*, kind: LinkKind, staff_id: int | None, at: datetime) -> str:
    """A new one-time link; older ones of the same person no longer open. Returns the token, kept nowhere."""
    if staff_id is not None:
        _void_links(staff_id, at)
    fresh = token.new()
    db.session.add(
        StaffLink(
            kind=kind,
            staff_id=staff_id,
            token_hash=token.digest(fresh),
            totp_secret=totp.new_secret(),
            created_at=at,
            expires_at=at + LASTS[kind],
        )
    )
    db.session.flush()
    return fresh


def open_link(*, link: str, at: datetime) -> StaffLink:
    """The link behind a token, locked until the transaction ends."""
    row = db.session.scalar(sa.select(StaffLink).where(StaffLink.token_hash == token.digest(link)).with_for_update())
    if row is None or row.used_at is not None or row.expires_at <= at:
        raise LinkGone("这个链接已用过、已过期或不存在，请向管理员要一个新的")
    return row


def accept(*, link: str, new: str, code: str, at: datetime, login: str = "", name: str = "") -> Staff:
    """Set the credentials that a link allows; ``login`` and ``name`` are those of a first administrator."""
    row = open_link(link=link, at=at)
    if row.kind == LinkKind.DEMO:
        raise LinkGone("演示链接不能设置密码")
    staff = (
        _insert(code=login, name=name, roles=(Role.ADMIN,), merchant_id=None, at=at)
        if row.staff_id is None
        else _locked(row.staff_id)
    )
    step = totp.step_of(row.totp_secret, code, at=at, after=0)
    if step is None:
        raise WrongCode("验证码不对：请确认验证器里添加的是本页的二维码，并输入最新的 6 位数字")
    if row.kind != LinkKind.AUTHENTICATOR:
        password.check(new, about=(staff.code, staff.name))
        staff.password_hash = password.hash_of(new)
    staff.totp_secret, staff.totp_last_step, staff.updated_at = row.totp_secret, step, at
    row.used_at = at
    session.end_all(staff_id=staff.id, why=Ended.CREDENTIALS, at=at)
    db.session.flush()
    return staff


def provide(
    *, code: str, name: str, role: Role, merchant_id: int | None, new: str, totp_secret: str, at: datetime
) -> Staff:
    """The account of a demonstration, made or found, with the credentials that its installation derives."""
    staff = db.session.scalar(sa.select(Staff).where(Staff.code == code).with_for_update())
    if staff is None:
        staff = _insert(code=code, name=name, roles=(role,), merchant_id=merchant_id, at=at)
    if staff.totp_secret != totp_secret or not password.matches(staff.password_hash, new):
        password.check(new)
        staff.password_hash, staff.totp_secret, staff.updated_at = password.hash_of(new), totp_secret, at
        session.end_all(staff_id=staff.id, why=Ended.CREDENTIALS, at=at)
    db.session.flush()
    return staff


def enter_by_link(*, link: str, at: datetime) -> int:
    """Use up a demo's link; the number of the person it signs in."""
    row = open_link(link=link, at=at)
    if row.kind != LinkKind.DEMO or row.staff_id is None:
        raise LinkGone("这个链接不能直接登录")
    row.used_at = at
    db.session.flush()
    return row.staff_id


def _insert(*, code: str, name: str, roles: Collection[str], merchant_id: int | None, at: datetime) -> Staff:
    code = code.strip().lower()
    permission.check_roles(roles, merchant_id=merchant_id)
    if not permission.LOGIN.fullmatch(code):
        raise BadName("登录名须为 2 到 32 个小写字母、数字、点、横线或下划线，以字母或数字开头")
    if db.session.scalar(sa.select(Staff.id).where(Staff.code == code)) is not None:
        raise NameTaken(f"登录名 {code} 已有人使用，请换一个")
    staff = Staff(
        code=code, name=_display(name), roles=_ordered(roles), merchant_id=merchant_id, created_at=at, updated_at=at
    )
    db.session.add(staff)
    db.session.flush()
    return staff


def _display(name: str) -> str:
    name = " ".join(name.split())
    if not 1 <= len(name) <= 40:
        raise BadName("姓名须为 1 到 40 个字符")
    return name


def _ordered(roles: Collection[str]) -> list[str]:
    return [role.value for role in Role if role in roles]


def _locked(staff_id: int) -> Staff:
    staff = db.session.get(Staff, staff_id, with_for_update=True, populate_existing=True)
    if staff is None:
        raise NoStaff("没有这个员工，请刷新页面")
    return staff


def _refuse_own(staff_id: int, by: int) -> None:
    if staff_id == by:
        raise OwnAccount("不能改动自己的账号，请由另一位管理员操作")


def _refuse_last_admin(staff_id: int) -> None:
    """Locks the administrators in one order, so that two of them cannot remove each other in the same moment."""
    admins = db.session.scalars(
        sa.select(Staff.id)
        .where(Staff.roles.contains([Role.ADMIN]), Staff.state == StaffState.ACTIVE)
        .order_by(Staff.id)
        .with_for_update()
    ).all()
    if list(admins) == [staff_id]:
        raise LastAdmin("这是最后一位在用的管理员，请先任命另一位")


def _void_links(staff_id: int, at: datetime) -> None:
    db.session.execute(
        sa.update(StaffLink)
        .where(StaffLink.staff_id == staff_id, StaffLink.used_at.is_(None), StaffLink.expires_at > at)
        .values(expires_at=at)
    )
