"""What the compliance desk finds in a demonstration: complaints answered, waiting and overdue, and a pack about one."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from jobs.demo.plan import Day
from models import Staff, db
from models.operations import complaint, handout
from models.rules.complaint import Category

DEMO_STAFF = "demo"
# Hours before the end of the world, what about, in which words, the answer ten hours later if anybody gave one.
COMPLAINTS: tuple[tuple[int, Category, str, str], ...] = (
    (100, Category.REFUND, "退货已寄回五天，还没有收到退款", "退款已原路退回，请查收；给您添麻烦了。"),
    (30, Category.INCOME_CLAIM, "有人在群里说交 998 元就有固定收入，是你们的人吗", ""),
    (5, Category.ACCOUNT, "我的橱窗为什么被冻结，请说明理由", ""),
)
ANSWERED_AFTER = timedelta(hours=10)
_MEMBERS = sa.text(
    "SELECT id, code FROM member WHERE position IS NULL AND standing IN ('active', 'frozen') ORDER BY code LIMIT :most"
)


def leave(day: Day, at: datetime) -> None:
    """On the last day: members have complained, one was answered by a person and has a pack about it."""
    if day.n != day.plan.days:
        return
    staff = db.session.scalar(sa.select(Staff.id).where(Staff.code == DEMO_STAFF))
    members = db.session.execute(_MEMBERS, {"most": len(COMPLAINTS)}).all()
    for member, (hours, category, words, answer) in zip(members, COMPLAINTS, strict=False):
        since = at - timedelta(hours=hours)
        made = complaint.open_(
            member_id=member.id, category=category, subject="", words=words, at=since, by=f"member:{member.code}"
        )
        if answer and staff is not None:
            complaint.answer(complaint_id=made.id, words=answer, at=since + ANSWERED_AFTER, by=f"staff:{staff}")
            handout.ask(
                kind="complaint", subject=str(made.id), why="dispute: 演示", is_masked=True, staff_id=staff, at=at
            )
