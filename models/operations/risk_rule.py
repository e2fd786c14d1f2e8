"""The life of a risk rule: drafted, tried on history, in shadow, published by two people, rolled back."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from models.base import db
from models.errors import Conflict, Forbidden, Missing
from models.operations import approval, outbox
from models.operations.approval import Effect
from models.queries import risk as queries
from models.queries.risk import Ruleset
from models.rules import risk as rules
from models.rules import risk_shipped
from models.rules.approval import Line, SameHands
from models.tables.approval import Approval
from models.tables.risk import RiskBacktest, RiskRule, RiskRuleset

MAKER, CHECKER = "system:ship", "system:ship-checker"
_LOCK = sa.text("SELECT pg_advisory_xact_lock(hashtextextended('risk_ruleset', 0))")


class NoRule(Missing):
    """No rule has this number."""


class NotItsTurn(Conflict):
    """The rule is not where this step could happen."""


class CasesFail(Conflict):
    """The rule's own cases do not come out as they say."""


class NotTried(Conflict):
    """The rule was not tried on enough history, or not long enough in shadow."""


class HoldsTooMuch(Forbidden):
    """The rule would hold more than the share that one rule may."""


def counting(*, at: datetime) -> Ruleset:
    """The rules that count now; the shipped ones where there are none yet."""
    found = queries.newest()
    if found is None:
        db.session.execute(_LOCK)
        found = queries.newest() or install(at=at)
    return queries.ruleset(found)


def install(*, at: datetime) -> RiskRuleset:
    """Put the shipped rules in force."""
    made = []
    for found in risk_shipped.RULES:
        terms = rules.parse(found)
        made.append(
            RiskRule(
                code=terms.code, version=1, state="live", terms=dict(found), digest=digest(found), made_at=at,
                made_by=MAKER, note="随系统提供", live_at=at, approved_by=CHECKER,
            )
        )  # fmt: skip
    db.session.add_all(made)
    db.session.flush()
    return _put([rule.id for rule in made], [], at=at, by=MAKER, why="随系统提供的规则")


def digest(terms: Mapping[str, Any]) -> bytes:
    """SHA-256 over a rule's terms."""
    return hashlib.sha256(json.dumps(terms, sort_keys=True, ensure_ascii=False).encode()).digest()


def draft(*, terms: Mapping[str, Any], note: str, at: datetime, by: str) -> RiskRule:
    """Draft a rule or the next version of one; an open draft of the same code is written over by its maker alone."""
    read = rules.parse(terms)
    counting(at=at)
    db.session.execute(_LOCK)
    there = db.session.scalars(
        sa.select(RiskRule).where(RiskRule.code == read.code, RiskRule.state.in_(("draft", "shadow")))
    ).one_or_none()
    if there is not None:
        if there.state != "draft" or there.made_by != by:
            raise NotItsTurn(f"规则 8.1：{read.code} 已有未结束的草稿 #{there.id}，请先发布或放弃它。")
        there.state, there.ended_at = "dropped", at
        db.session.flush()
    last = db.session.scalar(sa.select(sa.func.max(RiskRule.version)).where(RiskRule.code == read.code)) or 0
    made = RiskRule(
        code=read.code, version=last + 1, state="draft", terms=dict(terms), digest=digest(terms), made_at=at,
        made_by=by, note=note,
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()
    return made


def drop(*, rule_id: int, at: datetime, by: str) -> RiskRule:
    """Give a draft up, or take it out of the shadow."""
    rule = _locked(rule_id, "draft", "shadow")
    was_shadow, rule.state, rule.ended_at = rule.state == "shadow", "dropped", at
    if was_shadow:
        _swap(out=rule.id, at=at, by=by, why=f"放弃 {rule.code} v{rule.version}")
    db.session.flush()
    return rule


def shadow(*, rule_id: int, at: datetime, by: str) -> RiskRule:
    """Evaluate a draft on live events from now on, without acting; its cases must pass and history must be tried."""
    rule = _locked(rule_id, "draft")
    _check_cases(rule)
    _tried(rule)
    rule.state, rule.shadow_at = "shadow", at
    now = _newest()
    _put(now.live, [*now.shadow, rule.id], at=at, by=by, why=f"{rule.code} v{rule.version} 进入影子运行")
    return rule


def ask(*, rule_id: int, why: str, at: datetime, by: str) -> Approval:
    """Ask a second person to publish a rule that passed its cases, its back-test and its time in shadow."""
    rule = _locked(rule_id, "shadow")
    check_ready(rule, at=at)
    return approval.ask(kind="risk.publish", payload={"rule_id": rule_id}, reason=why, at=at, by=by)


def check_ready(rule: RiskRule, *, at: datetime) -> RiskBacktest:
    """Refuse what could not be published now; the back-test it rests on."""
    _check_cases(rule)
    tried = _tried(rule)
    check_share(tried.result or {})
    ripe = (rule.shadow_at or at) + timedelta(hours=rules.SHADOW_HOURS)
    if rule.shadow_at is None or at < ripe:
        raise NotTried(f"规则 8.1：须先影子运行满 {rules.SHADOW_HOURS} 小时再发布，请稍后再申请。")
    return tried


def check_share(result: Mapping[str, Any]) -> None:
    """Refuse a rule that would hold more of the orders, or of their money, than one rule may."""
    for key, word in (("held_orders_bps", "订单"), ("held_fen_bps", "金额")):
        if result.get(key, 0) > rules.HELD_MAX_BPS:
            raise HoldsTooMuch(
                f"规则 8.1：回测显示该规则将新扣留 {result[key] / 100:.2f}% 的{word}，"
                f"超过上限 {rules.HELD_MAX_BPS / 100:.0f}%，请收紧条件后重新回测。"
            )


def publish(*, rule_id: int, at: datetime, by: str) -> RiskRule:
    """Let a rule count from now on in place of its version before; its author is never the one who approves."""
    rule = _locked(rule_id, "shadow")
    if rule.made_by == by:
        raise SameHands("规则 8.1：规则须由作者以外的人批准，请换一位同事审批。")
    check_ready(rule, at=at)
    old = _live(rule.code)
    if old is not None:
        old.state, old.ended_at = "retired", at
        db.session.flush()
    rule.state, rule.live_at, rule.approved_by = "live", at, by
    db.session.flush()
    _swap(out=rule.id, at=at, by=by, why=f"发布 {rule.code} v{rule.version}", old=old.id if old else None, new=rule.id)
    outbox.emit("risk.published", subject=f"risk_rule:{rule.id}", rule_id=rule.id)
    return rule


def roll_back(*, rule_id: int, why: str, at: datetime, by: str) -> RiskRule | None:
    """Take a live rule out at once; the version before it counts again, where there was one."""
    rule = _locked(rule_id, "live")
    rule.state, rule.ended_at = "retired", at
    db.session.flush()
    before = db.session.scalars(
        sa.select(RiskRule)
        .where(RiskRule.code == rule.code, RiskRule.state == "retired", RiskRule.version < rule.version)
        .order_by(RiskRule.version.desc())
        .limit(1)
    ).one_or_none()
    if before is not None:
        before.state, before.ended_at = "live", None
        db.session.flush()
    _swap(
        out=None, at=at, by=by, why=f"回滚 {rule.code} v{rule.version}：{why}", old=rule.id,
        new=before.id if before else None,
    )  # fmt: skip
    outbox.emit("risk.rolled_back", subject=f"risk_rule:{rule.id}", rule_id=rule.id)
    return before


def _swap(
    *, out: int | None, at: datetime, by: str, why: str, old: int | None = None, new: int | None = None
) -> RiskRuleset:
    now = _newest()
    live = [one for one in now.live if one != old] + ([new] if new else [])
    return _put(live, [one for one in now.shadow if one != out], at=at, by=by, why=why)


def _put(live: Sequence[int], shadow: Sequence[int], *, at: datetime, by: str, why: str) -> RiskRuleset:
    made = RiskRuleset(live=sorted(live), shadow=sorted(shadow), at=at, by=by, why=why)
    db.session.add(made)
    db.session.flush()
    return made


def _newest() -> RiskRuleset:
    db.session.execute(_LOCK)
    found = queries.newest()
    if found is None:
        raise NoRule("规则 8.1：还没有任何规则，请先打开规则实验室。")
    return found


def _live(code: str) -> RiskRule | None:
    chosen = sa.select(RiskRule).where(RiskRule.code == code, RiskRule.state == "live")
    return db.session.scalars(chosen).one_or_none()


def _check_cases(rule: RiskRule) -> None:
    if wrong := rules.failing(rules.parse(rule.terms)):
        raise CasesFail(f"规则 8.1：{wrong[0]}。请修改条件或例子，全部通过后再继续。")


def _tried(rule: RiskRule) -> RiskBacktest:
    """The newest finished back-test over enough days."""
    chosen = sa.select(RiskBacktest).where(
        RiskBacktest.rule_id == rule.id, RiskBacktest.ended_at.is_not(None),
        RiskBacktest.until - RiskBacktest.since >= timedelta(days=rules.BACKTEST_DAYS),
    )  # fmt: skip
    found = db.session.scalars(chosen.order_by(RiskBacktest.id.desc()).limit(1)).one_or_none()
    if found is None:
        raise NotTried(f"规则 8.1：须先用至少 {rules.BACKTEST_DAYS} 天的历史完成一次回测。")
    return found


def _locked(rule_id: int, *states: str) -> RiskRule:
    rule = db.session.get(RiskRule, rule_id, with_for_update=True, populate_existing=True)
    if rule is None:
        raise NoRule("规则 8.1：没有这条规则，请刷新列表。")
    if rule.state not in states:
        raise NotItsTurn("规则 8.1：该规则的状态已经变化，请刷新后查看。")
    return rule


def _canonical(payload: Mapping[str, Any]) -> dict[str, Any]:
    rule = db.session.get(RiskRule, payload.get("rule_id"), populate_existing=True)
    if rule is None:
        raise NoRule("规则 8.1：请选择要发布的规则。")
    return {
        "rule_id": rule.id,
        "digest": bytes(rule.digest).hex(),
        "backtest": (bytes(_tried(rule).digest or b"")).hex(),
    }


def _approved(request: Approval, at: datetime, by: str) -> None:
    if _canonical(request.payload) != request.payload:
        raise NotItsTurn("规则 8.1：规则或回测已经变化，请撤回后重新申请。")
    publish(rule_id=request.payload["rule_id"], at=at, by=by)


def _told(payload: Mapping[str, Any]) -> list[Line]:
    rule = db.session.get_one(RiskRule, payload["rule_id"])
    result = _tried(rule).result or {}
    return [
        Line("Risk rule", f"{rule.code} v{rule.version}", "code"),
        Line("Reason shown", rule.terms["reason"]),
        Line("Orders it would newly hold", result.get("held_orders", 0), "count"),
        Line("Money it would newly hold", result.get("held_fen", 0), "money"),
        Line("Sellers touched", result.get("sellers", 0), "count"),
    ]


approval.register(
    "risk.publish",
    Effect("Publish a risk rule", "8.1", "risk.publish", check=_canonical, run=_approved, tells=_told),
)
