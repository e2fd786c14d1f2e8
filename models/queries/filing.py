"""Reports to the tax authority: withholding by month (公告2025-16), what promoters and merchants took in by quarter and
who they are (国务院令第810号, 公告2025-15), each with what is missing in it.

Amounts are in yuan with two digits, as the forms ask. Identity numbers are not kept by this system: the column stands
empty and each row is named among the problems, to be filled in where the report is handed in.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from models.base import db
from models.queries import tax
from models.tables.member import Member
from models.tables.payout import Withdrawal
from models.tables.person import Person

NO_NUMBER = "缺证件号码：请在报送系统补录"
NO_NAME = "缺真实姓名：请先完成实名"
ITEM = "劳务报酬所得"


@dataclass(frozen=True, slots=True)
class Report:
    """One report: its columns, its rows, what is missing (row, account, sentence), and its sums."""

    headings: Sequence[str]
    rows: Sequence[list[Any]]
    problems: Sequence[list[Any]]
    totals: dict[str, str]
    rule: str


def yuan(fen: int | None) -> str:
    """Fen as the forms write it."""
    sign, whole = ("-" if (fen or 0) < 0 else ""), abs(fen or 0)
    return f"{sign}{whole // 100}.{whole % 100:02}"


def of(kind: str, first: date, after: date) -> Report:
    """A report over the months from one day to before another."""
    return {"withholding": _withholding, "platform_income": _income, "platform_identity": _identity}[kind](first, after)


def _problems(rows: Sequence[list[Any]], *, account: int, name: int, is_person: int | None = None) -> list[list[Any]]:
    """What each row misses; merchants have no personal identity number here."""
    found = []
    for n, row in enumerate(rows, start=1):
        if not row[name]:
            found.append([n, row[account], NO_NAME])
        if is_person is None or row[is_person] == "从业人员":
            found.append([n, row[account], NO_NUMBER])
    return found


def _withholding(first: date, after: date) -> Report:
    worked = tax.WORKED.c
    chosen = (
        sa.select(Member.code, Person.real_name, Withdrawal.month, *worked)
        .select_from(Withdrawal)
        .join(Member, Member.id == Withdrawal.member_id)
        .outerjoin(Person, Person.member_id == Member.id)
        .join(tax.WORKED, sa.true())
        .where(tax.LAST, Withdrawal.month >= first, Withdrawal.month < after)
        .order_by(Withdrawal.month, Member.code)
    )
    found = db.session.execute(chosen).all()
    rows = [
        [
            row.code, row.real_name or "", "居民身份证", "", ITEM, f"{row.month:%Y-%m}",
            yuan(row.month_fen), yuan(row.month_fen - row.month_fen * 80 // 100), yuan(0), row.months,
            yuan(row.income_fen), yuan(row.income_fen - row.counted_fen), yuan(row.allowance_fen),
            yuan(row.taxable_fen), row.percent, yuan(row.quick_fen), yuan(row.due_fen),
            yuan(row.withheld_fen - row.month_tax_fen), yuan(row.month_tax_fen),
        ]
        for row in found
    ]  # fmt: skip
    return Report(
        headings=("账号", "姓名", "证件类型", "证件号码", "所得项目", "所属月份", "本月收入", "本月费用", "免税收入",
                  "累计月数", "累计收入", "累计费用", "累计减除费用", "累计应纳税所得额", "税率（%）", "速算扣除数",
                  "累计应扣缴税额", "已扣缴税额", "本月扣缴税额"),
        rows=rows,
        problems=_problems(rows, account=0, name=1),
        totals={
            "income": yuan(sum(row.month_fen for row in found)),
            "tax": yuan(sum(row.month_tax_fen for row in found)),
        },
        rule="税务总局公告2025年第16号 累计预扣法",
    )  # fmt: skip


# Promoters by what was credited to them, net of reversals; merchants by what their windows sold, net of refunds.
_PROMOTERS = """
    SELECT m.code, p.real_name AS name, m.code AS shop, count(DISTINCT s.order_id) AS orders,
        sum(s.amount_fen)::bigint AS gross, sum(s.reversed_fen)::bigint AS back
    FROM share s JOIN shop_order o ON o.id = s.order_id JOIN member m ON m.id = s.member_id
    LEFT JOIN person p ON p.member_id = m.id
    WHERE o.completed_at >= :start AND o.completed_at < :end AND m.position IS NULL
    GROUP BY m.code, p.real_name ORDER BY m.code
"""
_MERCHANTS = """
    SELECT k.code, k.name, string_agg(DISTINCT x.code, ' ') AS shop, count(*) AS orders,
        sum(o.paid_fen)::bigint AS gross, sum(o.refunded_fen)::bigint AS back
    FROM shop_order o JOIN member s ON s.id = o.seller_id JOIN matrix x ON x.id = s.matrix_id
    JOIN merchant k ON k.id = x.merchant_id
    WHERE o.completed_at >= :start AND o.completed_at < :end GROUP BY k.code, k.name ORDER BY k.code
"""
_ZONE = "CAST(CAST(:{} AS date) AS timestamp) AT TIME ZONE 'Asia/Shanghai'"


def _asked(query: str, first: date, after: date) -> Iterator[Any]:
    """A question over days of Shanghai."""
    told = query.replace(":start", _ZONE.format("first")).replace(":end", _ZONE.format("after"))
    yield from db.session.execute(sa.text(told), {"first": first, "after": after})


def _income(first: date, after: date) -> Report:
    rows, gross, back = [], 0, 0
    for role, item, query in (
        ("经营者", "销售货物", _MERCHANTS),
        ("从业人员", "佣金收入", _PROMOTERS),
    ):
        for row in _asked(query, first, after):
            gross, back = gross + row.gross, back + row.back
            rows.append([role, row.code, row.name or "", "", row.shop, item, row.orders, yuan(row.gross),
                         yuan(row.back), yuan(row.gross - row.back)])  # fmt: skip
    return Report(
        headings=("身份", "账号", "名称或姓名", "证件号码", "店铺标识", "收入项目", "笔数", "收入总额", "退款金额",
                  "收入净额"),
        rows=rows,
        problems=_problems(rows, account=1, name=2, is_person=0),
        totals={"gross": yuan(gross), "refunds": yuan(back), "net": yuan(gross - back)},
        rule="国务院令第810号；税务总局公告2025年第15号",
    )  # fmt: skip


_WHO = """
    SELECT '经营者' AS role, k.code, k.name, k.created_at AS since, NULL::timestamptz AS checked FROM merchant k
    WHERE k.created_at < :end
    UNION ALL
    SELECT '从业人员', m.code, p.real_name, m.qualified_at, m.real_name_at FROM member m
    LEFT JOIN person p ON p.member_id = m.id
    WHERE m.position IS NULL AND m.qualified_at >= :start AND m.qualified_at < :end
    ORDER BY 1, 2
"""


def _identity(first: date, after: date) -> Report:
    rows = [
        [row.role, row.code, row.name or "", "居民身份证" if row.role == "从业人员" else "营业执照", "",
         f"{row.since:%Y-%m-%d}", f"{row.checked:%Y-%m-%d}" if row.checked else ""]
        for row in _asked(_WHO, first, after)
    ]  # fmt: skip
    return Report(
        headings=("身份", "账号", "名称或姓名", "证件类型", "证件号码", "开始日期", "实名核验日期"),
        rows=rows,
        problems=_problems(rows, account=1, name=2, is_person=0),
        totals={"people": str(len(rows))},
        rule="国务院令第810号 身份信息",
    )
