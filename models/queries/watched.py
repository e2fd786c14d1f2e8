"""What the running platform breaks of the lint, subject by subject: measured from the tables, never typed in."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from models import money
from models.base import db
from models.queries import margin, measured, repurchase, tax
from models.queries import policy as policies
from models.queries import product as products
from models.rules import alert, lint
from models.rules import product as goods
from models.rules.finding import Hit
from models.rules.lint import Facts, Severity
from models.rules.product import ProductState
from models.tables.payout import Withdrawal
from models.tables.product import Product

MOST = 200
"""Findings of one rule at once; beyond it nobody reads a list."""


@dataclass(frozen=True, slots=True)
class Live:
    """One question to the tables: who breaks the rule (``subject``), by what (``evidence``), how bad (``severity``)."""

    rule: str
    query: str
    mend: str = ""


def _yuan(fen: str) -> str:
    """Fen in SQL as people read them."""
    return f"to_char(({fen}) / 100.0, 'FM¥999,999,999,990.00')"


_IN_FORCE = """
    v.state = 'approved' AND v.effective_at <= :at AND NOT EXISTS (SELECT FROM policy_version n
        WHERE n.state = 'approved' AND n.effective_at <= :at AND (n.effective_at, n.id) > (v.effective_at, v.id))
"""

LIVE: tuple[Live, ...] = (
    Live(
        "R01",
        "SELECT 'order:' || o.number AS subject, 'level=' || s.level AS evidence, 'block' AS severity"
        " FROM share s JOIN shop_order o ON o.id = s.order_id WHERE s.level > 3",
        "冲回超层份额转入沉淀（over_cap）",
    ),
    Live(
        "R02",
        f"""SELECT 'policy:' || v.id AS subject,
            CASE WHEN v.opinion_until <= :at THEN '法律意见已于 ' ELSE '法律意见将于 ' END
                || to_char(v.opinion_until AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD') || ' 到期' AS evidence,
            CASE WHEN v.opinion_until <= :at THEN 'crit' ELSE 'warn' END AS severity
        FROM policy_version v WHERE {_IN_FORCE} AND v.opinion_until <= CAST(:at AS timestamptz) + interval '30 days'""",
        "换取新的法律意见并重新提交策略；到期后新订单自动按稳健版执行",
    ),
    Live(
        "R04",
        f"""SELECT 'bill:' || to_char(b.month, 'YYYY-MM') AS subject,
            count(*) || ' 笔分红以人数等级为条件，合计 ' || {_yuan("sum(l.amount_fen)")} AS evidence,
            'block' AS severity
        FROM dividend_line l JOIN dividend_bill b ON b.id = l.bill_id
        JOIN LATERAL policy_at(b.built_at) p ON true JOIN policy_version v ON v.id = p.id
        WHERE l.state = 'paid' AND coalesce(v.terms ->> 'rank.by', CASE v.preset WHEN 'plan' THEN 'team' END) = 'team'
        GROUP BY b.month ORDER BY b.month DESC""",
        "把等级改为按本人成交（rank.by=own）",
    ),
    Live(
        "R06",
        f"""SELECT 'order:' || o.number AS subject,
            '准入单第 ' || s.level || ' 层计酬 ' || {_yuan("s.amount_fen")} AS evidence, 'block' AS severity
        FROM shop_order o JOIN share s ON s.order_id = o.id
        WHERE o.kind = 'admission' AND s.level > 1 AND s.member_id IS NOT NULL AND s.amount_fen > s.reversed_fen
        ORDER BY o.id DESC""",
        "冲回该笔计酬，并改为不以购买为准入条件（admission.orders=0）",
    ),
    Live(
        "R12",
        """SELECT 'order:' || o.number AS subject,
            '最早应于 ' || to_char((o.completed_at + interval '7 days') AT TIME ZONE 'Asia/Shanghai', 'MM-DD HH24:MI')
                || ' 可用，已提前转为可用' AS evidence, 'block' AS severity
        FROM shop_order o WHERE o.completed_at > CAST(:at AS timestamptz) - interval '7 days'
        AND EXISTS (SELECT FROM share s WHERE s.order_id = o.id AND s.bucket = 'available') ORDER BY o.id""",
        "暂缓这些佣金的提现，并把 return_days 改为 7 以上",
    ),
    Live(
        "R13",
        """SELECT 'member:' || m.code AS subject, '因退货关闭橱窗' AS evidence, 'block' AS severity
        FROM standing_change c JOIN member m ON m.id = c.member_id
        WHERE c.kind = 'closed' AND c.reason = 'admission_refund' AND m.showcase = 'closed'
        ORDER BY c.id DESC""",
        "恢复橱窗，并把 admission.refund_effect 改为 none",
    ),
    Live(
        "R14",
        """SELECT 'after-sale:' || a.id AS subject,
            CASE WHEN a.goods_back_at IS NULL THEN '申请已 ' || extract(day FROM :at - a.opened_at) || ' 天未答复'
                ELSE '退货到仓 ' || extract(day FROM :at - a.goods_back_at) || ' 天未退款' END AS evidence,
            CASE WHEN a.goods_back_at <= CAST(:at AS timestamptz) - interval '7 days' THEN 'crit' ELSE 'warn' END
                AS severity
        FROM after_sale a WHERE a.ended_at IS NULL AND (
            a.goods_back_at <= CAST(:at AS timestamptz) - interval '5 days'
            OR a.state = 'opened' AND a.opened_at <= CAST(:at AS timestamptz) - interval '2 days')
        ORDER BY a.id""",
        "到售后台退款或答复",
    ),
    Live(
        "R20",
        f"""SELECT 'member:' || m.code AS subject,
            '考核冻结 ' || {_yuan("sum(s.amount_fen - s.reversed_fen)")} AS evidence, 'block' AS severity
        FROM share s JOIN member m ON m.id = s.member_id
        WHERE s.bucket = 'frozen' GROUP BY m.code HAVING sum(s.amount_fen - s.reversed_fen) > 0 ORDER BY m.code""",
        "把考核后果改为提醒（assess.effect=remind），释放已得佣金",
    ),
    # Placement pays under some policies: there a move of somebody who has sold changes who is paid.
    Live(
        "R26",
        """SELECT 'member:' || m.code AS subject,
            CASE WHEN split_part(v.by, ' ', 2) IN ('', split_part(v.by, ' ', 1)) THEN '没有第二人复核'
                WHEN NOT EXISTS (SELECT FROM consent c WHERE c.member_id = m.id AND c.accepted_at <= v.at)
                THEN '没有本人同意协议的记录' ELSE '移位改变了已有成交的计酬上级' END AS evidence, 'block' AS severity
        FROM move v JOIN member m ON m.id = v.member_id
        WHERE v.kind = 'move' AND v.at > CAST(:at AS timestamptz) - interval '30 days' AND (
            split_part(v.by, ' ', 2) IN ('', split_part(v.by, ' ', 1))
            OR NOT EXISTS (SELECT FROM consent c WHERE c.member_id = m.id AND c.accepted_at <= v.at)
            OR EXISTS (SELECT FROM policy_at(v.at) a JOIN policy_version p ON p.id = a.id
                WHERE coalesce(p.terms ->> 'levels_by', CASE p.preset WHEN 'plan' THEN 'placement' END) = 'placement'
                AND coalesce(CAST(p.terms ->> 'levels' AS int), CASE p.preset WHEN 'plan' THEN 3 ELSE 1 END) > 1)
            AND EXISTS (SELECT FROM shop_order o WHERE o.seller_id = m.id AND o.paid_at < v.at))
        ORDER BY v.id DESC""",
        "把位置移回原处；按直推关系计酬（levels_by=sponsor）后再移位",
    ),
    Live(
        "R27",
        f"""SELECT 'agency:' || g.id AS subject, '在任而没有签署的合同' AS evidence, 'block' AS severity
        FROM region_agent g WHERE g.state = 'active' AND g.contract IS NULL
        UNION ALL
        SELECT 'account:' || a.code, '押金 ' || {_yuan("a.balance_fen")} || ' 在任期结束后未退', 'warn'
        FROM account a WHERE a.bucket = 'deposit' AND a.balance_fen > 0
        AND NOT EXISTS (SELECT FROM region_agent g
            WHERE g.state = 'active' AND a.code = 'deposit:' || g.region_code)""",
        "补签合同，或退还押金",
    ),
    # Money of the shop's orders lies with WeChat; what is paid to our own number lies with us.
    Live(
        "R29",
        f"""SELECT 'pay:' || count(DISTINCT x.merchant_id) AS subject,
            '近 30 天自有商户号代收 ' || count(DISTINCT x.merchant_id) || ' 个商家的货款，合计 '
                || {_yuan("sum(o.paid_fen)")} AS evidence, 'block' AS severity
        FROM order_source s JOIN shop_order o ON o.id = s.order_id JOIN member m ON m.id = o.seller_id
        JOIN matrix x ON x.id = m.matrix_id
        WHERE s.channel = 'pay' AND o.paid_at > CAST(:at AS timestamptz) - interval '30 days'
        HAVING count(DISTINCT x.merchant_id) > 1""",
        "第三方商家改用电商收付通或分账，自有商户号只收自营货款",
    ),
    Live(
        "R31",
        f"""SELECT 'withdrawal:' || w.number AS subject,
            '转账 ' || {_yuan("w.amount_fen - w.tax_fen")} || '，满 2000 元须核对收款人姓名，资料里没有姓名'
                AS evidence, 'block' AS severity
        FROM withdrawal w LEFT JOIN person p ON p.member_id = w.member_id
        WHERE w.ended_at IS NULL AND w.state <> 'rejected' AND w.amount_fen - w.tax_fen >= 200000
        AND p.real_name IS NULL ORDER BY w.id""",
        "请会员补齐实名信息后再付款",
    ),
    Live(
        "R32",
        """SELECT 'withdrawal:' || w.number AS subject, '收款人没有实名' AS evidence, 'block' AS severity
        FROM withdrawal w JOIN member m ON m.id = w.member_id
        WHERE w.state NOT IN ('rejected', 'FAIL', 'CANCELLED') AND m.real_name_at IS NULL AND m.position IS NULL
        ORDER BY w.id""",
        "先完成实名，再付款",
    ),
    Live(
        "R33",
        """WITH paid AS (
            SELECT DISTINCT w.member_id, w.month, a.id AS actor_id, p.real_name FROM withdrawal w
            JOIN risk_actor a ON a.member_id = w.member_id LEFT JOIN person p ON p.member_id = w.member_id
            WHERE w.state = 'SUCCESS' AND w.month > CAST(:at AS timestamptz) - interval '92 days')
        SELECT 'split:' || to_char(one.month, 'YYYY-MM') || ':' || m.code || ':' || n.code AS subject,
            '两个账号'
                || CASE WHEN bool_or(x.kind = 'payee') THEN '提现到同一收款账户' ELSE '同名且共用设备、手机或付款人' END
                || '，同月都有提现，疑似拆分收入' AS evidence, 'crit' AS severity
        FROM paid one JOIN paid other ON other.month = one.month AND other.member_id > one.member_id
        JOIN risk_tie x ON x.actor_id = one.actor_id AND x.kind IN ('payee', 'payer', 'phone', 'device')
        JOIN risk_tie y ON y.actor_id = other.actor_id AND y.kind = x.kind AND y.digest = x.digest
        JOIN member m ON m.id = one.member_id JOIN member n ON n.id = other.member_id
        WHERE x.kind = 'payee' OR one.real_name = other.real_name
        GROUP BY one.month, m.code, n.code ORDER BY one.month DESC, m.code, n.code""",
        "核实是否同一人：是则合并预扣计算，并更正申报",
    ),
    Live(
        "R35",
        """SELECT 'export:' || e.id AS subject, '明文导出 ' || e.rows || ' 行，超过 1000 行没有第二人复核' AS evidence,
            'block' AS severity FROM export e
        WHERE NOT e.is_masked AND e.rows > 1000 AND e.ready_at > CAST(:at AS timestamptz) - interval '30 days'
        ORDER BY e.id""",
        "改用掩码导出；确需明文时分批并说明用途",
    ),
    Live(
        "R39",
        """SELECT 'complaint:' || c.id AS subject,
            CASE WHEN c.due_at <= :at THEN '超时 ' ELSE '还剩 ' END
                || round(abs(extract(epoch FROM :at - c.due_at)) / 60) || ' 分钟' AS evidence,
            CASE WHEN c.due_at <= :at THEN 'crit' ELSE 'warn' END AS severity
        FROM complaint c WHERE c.answered_at IS NULL
        AND c.due_at <= CAST(:at AS timestamptz) + interval '4 hours' ORDER BY c.due_at""",
        "立即由专人答复",
    ),
    Live(
        "R40",
        """SELECT 'policy:' || v.id AS subject,
            '批准到生效只有 ' || extract(day FROM v.effective_at - v.approved_at) || ' 天' AS evidence,
            'block' AS severity
        FROM policy_version v WHERE v.state = 'approved'
        AND v.effective_at > CAST(:at AS timestamptz) - interval '30 days'
        AND v.effective_at - v.approved_at < interval '15 days'
        AND EXISTS (SELECT FROM policy_version o WHERE o.state = 'approved' AND o.effective_at < v.effective_at)
        ORDER BY v.id""",
        "重要规则至少提前十五日公示；可撤回后另定生效日",
    ),
    Live(
        "R45",
        """SELECT 'member:' || m.code AS subject, '没有同意协议 ' || a.version AS evidence, 'warn' AS severity
        FROM agreement_in_force(:at) a JOIN member m ON m.position IS NULL AND m.standing IN ('active', 'frozen')
        WHERE NOT EXISTS (SELECT FROM consent c WHERE c.member_id = m.id AND c.agreement_id = a.id)
        AND EXISTS (SELECT FROM share s JOIN shop_order o ON o.id = s.order_id
            WHERE s.member_id = m.id AND o.paid_at > a.effective_at)
        ORDER BY m.code""",
        "请会员在小程序里同意新版协议",
    ),
)
PER_SUBJECT = frozenset({"R14", "R32"})
"""Rules that are measured subject by subject and in sum; the sum is left out."""
COVERED = frozenset(
    {one.rule for one in LIVE} | {one.id for one in lint.RULES if one.id not in {"R16", "R17"}} | {"R45", *alert.TERMS}
)
"""Rules that `hits` answers for: what of them is not among its hits is over."""


def hits(at: datetime) -> Iterator[Hit]:
    """Everything that breaks a rule at this instant: the policy in force, then the tables, rule by rule."""
    yield from _of_policy(at)
    for live in LIVE:
        for row in db.session.execute(sa.text(f"{live.query} LIMIT {MOST}"), {"at": at}):
            yield Hit(rule=live.rule, severity=Severity(row.severity), subject=row.subject, evidence=row.evidence,
                      mend=live.mend)  # fmt: skip
    yield from _losing(at)
    yield from _untaxed()
    yield from repurchase.hits(at)
    yield from margin.hits(at)
    yield from _unfiled(at)


def _of_policy(at: datetime) -> Iterator[Hit]:
    version_id, policy = policies.in_force(at)
    until = db.session.scalar(sa.text("SELECT opinion_until FROM policy_version WHERE id = :id"), {"id": version_id})
    facts = Facts(at=at, opinion_until=until, **measured.facts(at))
    for found in lint.lint(policy, facts):
        if found.rule not in PER_SUBJECT:
            yield Hit(rule=found.rule, severity=found.severity, subject=f"policy:{version_id}", evidence=found.evidence)


def _losing(at: datetime) -> Iterator[Hit]:
    """Listed products whose worst sale costs more than it brings under the policy in force, or most of the price."""
    _, policy = policies.in_force(at)
    listed = sa.select(Product).where(Product.state == ProductState.LISTED).order_by(Product.id)
    for product in db.session.scalars(listed):
        terms = products.terms_of(product)
        margin, paid = goods.margin_fen(terms, policy), goods.promotion_fen(terms, policy)
        if margin >= 0 and paid * 10_000 <= terms.price_fen * lint.STACK_BPS:
            continue
        said = (
            f"最坏情况每件亏 {money.yuan(-margin)}"
            if margin < 0
            else f"推广支出 {money.yuan(paid)}，超过售价 {money.yuan(terms.price_fen)} 的 30%"
        )
        severity = Severity.BLOCK if margin < 0 else Severity.WARN
        mend = "下调佣金、提高售价，或下架该商品"
        yield Hit(rule="R11", severity=severity, subject=f"product:{product.code}", evidence=said, mend=mend)


def _untaxed() -> Iterator[Hit]:
    """Months whose withholding lies below what the cumulation comes to (公告 2025-16)."""
    worked = tax.WORKED.c
    chosen = (
        sa.select(Withdrawal.number, worked.due_fen, worked.withheld_fen)
        .join(tax.WORKED, sa.true())
        .where(tax.LAST, worked.due_fen > worked.withheld_fen)
        .order_by(Withdrawal.id)
        .limit(MOST)
    )
    for row in db.session.execute(chosen):
        yield Hit(
            rule="R33",
            severity=Severity.BLOCK,
            subject=f"withdrawal:{row.number}",
            evidence=f"应预扣 {money.yuan(row.due_fen)}，已预扣 {money.yuan(row.withheld_fen)}",
            mend="在下一笔付款中补扣，并更正申报",
        )


# The quarter's report is due by the end of the month after it; from the 25th on a missing one is critical (R33).
_UNFILED = """
    SELECT to_char(q, 'YYYY"Q"Q') AS quarter FROM (
        SELECT date_trunc('quarter', CAST(:at AS timestamptz) AT TIME ZONE 'Asia/Shanghai') - interval '3 months' AS q,
            CAST(:at AS timestamptz) AT TIME ZONE 'Asia/Shanghai' AS now) t
    WHERE extract(month FROM now)::int % 3 = 1 AND extract(day FROM now) >= 25
    AND EXISTS (SELECT FROM withdrawal w WHERE w.month >= q AND w.month < q + interval '3 months')
    AND NOT EXISTS (SELECT FROM handout h WHERE h.kind = 'platform_income' AND h.ready_at IS NOT NULL
        AND h.subject = to_char(q, 'YYYY"Q"Q'))
"""


def _unfiled(at: datetime) -> Iterator[Hit]:
    for row in db.session.execute(sa.text(_UNFILED), {"at": at}):
        yield Hit(
            rule="R33",
            severity=Severity.CRIT,
            subject=f"quarter:{row.quarter}",
            evidence="季度涉税信息还没有生成报送文件，本月底到期",
            mend="到「涉税报送」生成并报送",
        )
