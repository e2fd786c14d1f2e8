"""Ways in that the command line prints: the first administrator's link, and the accounts of a demonstration."""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from flask import current_app

from console import sessions
from models import Actor, Staff, acting, db, transaction
from models.operations import staff as operations
from models.rules import totp
from models.rules.permission import Role
from models.tables.staff import LinkKind

_ACCOUNTS: dict[Role, tuple[str, str]] = {
    Role.ADMIN: ("demo", "演示管理员"),
    Role.OPERATOR: ("demo.operator", "演示运营"),
    Role.FINANCE: ("demo.finance", "演示财务"),
    Role.REVIEWER: ("demo.reviewer", "演示审核"),
    Role.COMPLIANCE: ("demo.compliance", "演示合规"),
    Role.SUPPORT: ("demo.support", "演示客服"),
    Role.AUDITOR: ("demo.auditor", "演示审计"),
    Role.MERCHANT: ("demo.merchant", "演示商家"),
}


class NotADemo(RuntimeError):
    """Accounts with printed credentials exist in a demonstration alone."""


@dataclass(frozen=True)
class Account:
    """How to sign in to a demonstration: ``path`` signs in once within ten minutes, without typing."""

    login: str
    name: str
    role: Role
    password: str
    totp_secret: str
    code: str
    path: str


def create_admin_token() -> str:
    """The path of a one-time page that makes an administrator; good for an hour."""
    with acting(Actor("system:cli", source="cli", action="create-admin-token")), transaction():
        return f"/link/{operations.issue(kind=LinkKind.BOOTSTRAP, staff_id=None, at=sessions.now())}"


def demo_accounts(*, merchant_id: int | None = None) -> list[Account]:
    """The demonstration's accounts, one a role, made on the first call; the merchant's where there is a merchant.

    Their credentials derive from the installation's secret key, so they stay the same while that does.
    """
    _only_in_demo()
    at = sessions.now()
    with acting(Actor("system:demo", source="cli", action="demo")), transaction():
        return [
            _account(role, merchant_id=merchant_id if role is Role.MERCHANT else None, at=at)
            for role in _ACCOUNTS
            if role is not Role.MERCHANT or merchant_id is not None
        ]


def demo_codes(at: datetime) -> list[tuple[str, str, str]]:
    """Login, name and next code of each account of the demonstration, for its sign-in page."""
    _only_in_demo()
    rows = db.session.execute(
        sa.select(Staff.code, Staff.name, Staff.totp_secret, Staff.totp_last_step)
        .where(Staff.code.in_([code for code, _ in _ACCOUNTS.values()]), Staff.totp_secret.is_not(None))
        .order_by(Staff.id)
    )
    return [(row.code, row.name, _next_code(row.totp_secret, row.totp_last_step, at)) for row in rows]


def _account(role: Role, *, merchant_id: int | None, at: datetime) -> Account:
    login, name = _ACCOUNTS[role]
    password = "-".join(_derived(f"password {login}")[start : start + 4].lower() for start in range(0, 16, 4))
    secret = _derived(f"totp {login}")
    staff = operations.provide(
        code=login, name=name, role=role, merchant_id=merchant_id, new=password, totp_secret=secret, at=at
    )
    link = operations.issue(kind=LinkKind.DEMO, staff_id=staff.id, at=at)
    code = _next_code(secret, staff.totp_last_step, at)
    return Account(login, name, role, password, secret, code, f"/demo/{link}")


def _next_code(secret: str, last_step: int, at: datetime) -> str:
    """The code of now or, when that is used up, of the next step, which is accepted already."""
    return totp.code_of(secret, max(totp.step_at(at), last_step + 1))


def _derived(purpose: str) -> str:
    """Thirty-two base-32 characters that follow from the secret key and the purpose."""
    key = str(current_app.config["SECRET_KEY"]).encode()
    return base64.b32encode(hmac.digest(key, purpose.encode(), hashlib.sha256)[:20]).decode()


def _only_in_demo() -> None:
    if current_app.config["SETTINGS"].environment != "demo":
        raise NotADemo("只有演示环境才有预设账号（QIANXING_ENV=demo）")
