"""The policy lint: rules as data, each with its severity, the article behind it, and a check over policy and facts."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from models.rules.compliance import LEVELS_MAX
from models.rules.policy import EarnerMode, Effect, LevelsBy, Metric, Policy, RankBy, RefundEffect, TaxMethod


class Severity(StrEnum):
    BLOCK = "block"
    FREEZE = "freeze"
    CRIT = "crit"
    WARN = "warn"


RED = frozenset({Severity.BLOCK, Severity.CRIT})

RETURN_DAYS = 7
NOTICE_DAYS = 15
REFUND_LATE_DAYS = 7
REFUND_WARN_DAYS = 5
EXPERIENCE_FIRST_BPS = 8_000
OVERRIDE_BPS = 3_000
STACK_BPS = 3_000
"""What all promotion of one piece may take of its price before it is called to attention (R11)."""
PEOPLE = 30
CHAIN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the lint is told besides the policy; the defaults say nothing is wrong and nothing was measured."""

    at: datetime | None = None
    opinion_until: datetime | None = None
    published_at: datetime | None = None
    effective_at: datetime | None = None
    paid_level_max: int = 0
    experience_first_bps: int = 0
    people: int = 0
    chain_levels: int = 0
    override_bps: int = 0
    price_fen: int = 0
    unit_margin_fen: int = 0
    unit_commission_fen: int = 0
    refund_wait_days: int = 0
    unconfirmed_exclusions: int = 0
    banned_phrases: int = 0
    unlabelled_estimates: int = 0
    fake_trade_open: int = 0
    tree_anomalies: int = 0
    deposit_sets_rate: bool = False
    pooled_payments: int = 0
    unnamed_payees: int = 0
    untaxed_payouts: int = 0
    bare_exports: int = 0
    broken_chains: int = 0
    unanswered_hours: int = 0


Check = Callable[[Policy, Facts], str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One line of the lint. ``escalate`` makes it worse than its ordinary severity where it says so."""

    id: str
    severity: Severity
    article: str
    text: str
    check: Check
    escalate: Callable[[Policy, Facts], Severity | None] = lambda policy, facts: None


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that a policy or the measured facts break, and by what."""

    rule: str
    severity: Severity
    article: str
    text: str
    evidence: str


def _if(found: bool, evidence: str) -> str | None:
    return evidence if found else None


def _headcount(policy: Policy, facts: Facts) -> str | None:
    found = []
    if policy.unlock_directs:
        found.append(f"unlock.directs={policy.unlock_directs}")
    if policy.assess_metric is Metric.RECRUITS and policy.assess_effect is Effect.FREEZE:
        found.append("assess.metric=recruits")
    if policy.rank_by is RankBy.TEAM and any(policy.dividend_bps):
        found.append("rank.by=team")
    return "、".join(found) or None


def _entry_fee(policy: Policy, facts: Facts) -> str | None:
    if policy.admission_orders:
        return f"admission.orders={policy.admission_orders}"
    return _if(facts.experience_first_bps > EXPERIENCE_FIRST_BPS, f"experience_first_bps={facts.experience_first_bps}")


def _entry_fee_worse(policy: Policy, facts: Facts) -> Severity | None:
    return None if policy.admission_orders else Severity.CRIT


def has_opinion(facts: Facts) -> bool:
    """A legal opinion on file that has not lapsed."""
    return facts.opinion_until is not None and facts.at is not None and facts.opinion_until > facts.at


def _exposure_worse(policy: Policy, facts: Facts) -> Severity | None:
    if policy.levels < LEVELS_MAX:
        return None
    return Severity.CRIT if has_opinion(facts) else Severity.BLOCK


def stack_fen(policy: Policy, facts: Facts) -> int:
    """The most that one unit can cost in commission, region shares, seed bonuses and dividends."""
    price, commission = facts.price_fen, facts.unit_commission_fen
    seeds = commission * policy.seed_bonus_bps * policy.levels
    others = price * (sum(policy.region_bps) + max(policy.dividend_bps) * policy.levels)
    return commission + (seeds + others) // 10_000


def _budget(policy: Policy, facts: Facts) -> str | None:
    stack = stack_fen(policy, facts)
    return _if(bool(facts.price_fen) and stack > facts.unit_margin_fen, f"{facts.unit_margin_fen - stack}")


def _notice(policy: Policy, facts: Facts) -> str | None:
    if facts.published_at is None or facts.effective_at is None:
        return None
    notice = facts.effective_at - facts.published_at
    return _if(notice < timedelta(days=NOTICE_DAYS), f"{notice.days}d")


def _refund_warn(policy: Policy, facts: Facts) -> Severity | None:
    return Severity.WARN if facts.refund_wait_days < REFUND_LATE_DAYS else None


def _forced(policy: Policy, facts: Facts) -> str | None:
    found = []
    if policy.revive_orders:
        found.append(f"revive.orders={policy.revive_orders}")
    if policy.high_earner_mode is EarnerMode.HOLD:
        found.append("high_earner.mode=hold")
    return "、".join(found) or None


def _untaxed(policy: Policy, facts: Facts) -> str | None:
    if policy.tax_method is TaxMethod.NONE:
        return "tax.method=none"
    return _if(facts.untaxed_payouts > 0, f"untaxed_payouts={facts.untaxed_payouts}")


def _fact(name: str) -> Check:
    """A fact that must be zero or false."""

    def check(policy: Policy, facts: Facts) -> str | None:
        value = getattr(facts, name)
        return _if(bool(value), f"{name}={value}")

    return check


BLOCK, FREEZE, CRIT, WARN = Severity.BLOCK, Severity.FREEZE, Severity.CRIT, Severity.WARN


def _rule(id: str, severity: Severity, article: str, text: str, check: Check) -> Rule:
    return Rule(id=id, severity=severity, article=article, text=text, check=check)


RULES: tuple[Rule, ...] = (
    _rule(
        "R01",
        BLOCK,
        "禁止传销条例第7条(三)",
        "计酬超过三层。",
        lambda p, f: _if(max(p.levels, f.paid_level_max) > LEVELS_MAX, f"level={f.paid_level_max}"),
    ),
    Rule(
        id="R02",
        severity=WARN,
        article="禁止传销条例第7条；刑法第224条之一",
        text="计酬层数超过一层，层数上限不是免责依据。",
        check=lambda p, f: _if(p.levels > 1, f"levels={p.levels}"),
        escalate=_exposure_worse,
    ),
    _rule(
        "R03",
        BLOCK,
        "禁止传销条例第2条",
        "按排位关系计酬，收入来自滑落而非本人邀请的真实销售。",
        lambda p, f: _if(p.levels_by is LevelsBy.PLACEMENT and p.levels > 1, "levels_by=placement"),
    ),
    _rule("R04", BLOCK, "禁止传销条例第7条(一)", "以人数作为取得或保住收入的条件。", _headcount),
    Rule(
        id="R05",
        severity=BLOCK,
        article="禁止传销条例第7条(二)",
        text="以购买商品作为取得推广资格的条件。",
        check=_entry_fee,
        escalate=_entry_fee_worse,
    ),
    _rule(
        "R06",
        BLOCK,
        "禁止传销条例第7条(二)(三)",
        "准入购买向第二层及以上计酬。",
        lambda p, f: _if(p.admission_orders > 0 and p.levels > 1, f"admission.orders={p.admission_orders}"),
    ),
    _rule(
        "R09",
        CRIT,
        "刑法第224条之一；2013年两高一部意见",
        "同一起点下人数与层级均达到追诉参考线。",
        lambda p, f: _if(f.people >= PEOPLE and f.chain_levels >= CHAIN, f"{f.people}/{f.chain_levels}"),
    ),
    _rule(
        "R10",
        WARN,
        "禁止传销条例第7条(三)",
        "第二层以上与团队收入占全部佣金的比例偏高。",
        lambda p, f: _if(f.override_bps > OVERRIDE_BPS, f"override_bps={f.override_bps}"),
    ),
    _rule("R11", BLOCK, "直销管理条例第24条（参照）", "最坏情况下各项支出超过单件毛利。", _budget),
    _rule(
        "R12",
        BLOCK,
        "消费者权益保护法第25条",
        "佣金在退货期结束前可用。",
        lambda p, f: _if(p.return_days < RETURN_DAYS, f"return_days={p.return_days}"),
    ),
    _rule(
        "R13",
        BLOCK,
        "消费者权益保护法第25条、第26条",
        "退货会影响推广者的权利。",
        lambda p, f: _if(p.admission_refund_effect is not RefundEffect.NONE, str(p.admission_refund_effect)),
    ),
    Rule(
        id="R14",
        severity=CRIT,
        article="侵害消费者权益行为处罚办法第9条",
        text="退货到仓后迟迟未退款。",
        check=lambda p, f: _if(f.refund_wait_days >= REFUND_WARN_DAYS, f"{f.refund_wait_days}d"),
        escalate=_refund_warn,
    ),
    _rule("R15", BLOCK, "消法实施条例第19条", "不支持七日退货的商品缺少逐单确认。", _fact("unconfirmed_exclusions")),
    _rule("R16", BLOCK, "广告法第25条；反不正当竞争法第9条", "对外文案含禁用词。", _fact("banned_phrases")),
    _rule("R17", BLOCK, "广告法第25条", "测算数字没有附带声明。", _fact("unlabelled_estimates")),
    _rule(
        "R20",
        BLOCK,
        "民法典第497条",
        "考核结果冻结收入。",
        lambda p, f: _if(p.assess_effect is Effect.FREEZE, "assess.effect=freeze"),
    ),
    _rule("R21", BLOCK, "消法实施条例第11条", "以再次购买作为恢复资格或提现的条件。", _forced),
    _rule("R23", FREEZE, "电子商务法第17条", "有未结的虚假交易线索。", _fact("fake_trade_open")),
    _rule("R25", FREEZE, "禁止传销条例第2条", "层级结构异常：环、双上级或层级跳变。", _fact("tree_anomalies")),
    _rule("R27", BLOCK, "防范和处置非法集资条例第2条", "区域收益与押金多少挂钩。", _fact("deposit_sets_rate")),
    _rule(
        "R29", BLOCK, "非银行支付机构监督管理条例第6条", "由平台归集第三方商户的货款再分付。", _fact("pooled_payments")
    ),
    _rule("R32", BLOCK, "反电信网络诈骗法第21条", "收款人未实名。", _fact("unnamed_payees")),
    _rule("R33", BLOCK, "个人所得税法第9条；税务总局公告2025年第16号", "付款没有预扣个人所得税。", _untaxed),
    _rule(
        "R35", BLOCK, "个人信息保护法第51条、第55条", "明文导出缺少用途、复核、有效期或水印。", _fact("bare_exports")
    ),
    _rule("R38", CRIT, "网络安全法（日志留存）", "日志或账本的哈希链断裂。", _fact("broken_chains")),
    Rule(
        id="R39",
        severity=CRIT,
        article="电子商务法第59条",
        text="投诉超过时限没有人工答复。",
        check=lambda p, f: _if(f.unanswered_hours >= 20, f"{f.unanswered_hours}h"),
        escalate=lambda p, f: Severity.WARN if f.unanswered_hours < 24 else None,
    ),
    _rule("R40", BLOCK, "网络交易平台规则监督管理办法", "重要规则公示不足十五日即生效。", _notice),
)
"""The core set of version 1."""


def lint(policy: Policy, facts: Facts = Facts()) -> list[Finding]:
    """Every rule that a policy, or what was measured, breaks; in the order of the rules."""
    found = []
    for rule in RULES:
        evidence = rule.check(policy, facts)
        if evidence is not None:
            severity = rule.escalate(policy, facts) or rule.severity
            found.append(Finding(rule.id, severity, rule.article, rule.text, evidence))
    return found


def red(findings: list[Finding]) -> list[str]:
    """Ids of the findings that must be acknowledged one by one (rules 10)."""
    return [one.rule for one in findings if one.severity in RED]
