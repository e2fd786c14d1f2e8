"""What a product may be sold for: its terms, the waterfall from price to margin, and the refusal of a loss."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from models.errors import Conflict, Invalid
from models.money import BPS, share
from models.rules.compliance import AMOUNT_MAX_FEN, LEVELS_MAX, check_amount
from models.rules.policy import Policy

FEE_BPS = 60
"""What the payment keeps of a price where nothing else was agreed, in bps."""

SLACK_FEN = 10
"""More than all the roundings of a waterfall together: a price this far above the lowest is safe whatever it is."""

CODE_LENGTH = 64
TEXT_LENGTH = 120


class ProductState(StrEnum):
    DRAFT = "draft"
    LISTED = "listed"
    RETIRED = "retired"


class Step(StrEnum):
    """The steps from what a buyer pays to what stays, in this order."""

    PRICE = "price"
    COST = "cost"
    COMMISSION = "commission"
    REGION = "region"
    SEED = "seed"
    DIVIDEND = "dividend"
    FREIGHT = "freight"
    FEE = "fee"
    RESERVE = "reserve"
    MARGIN = "margin"


STEP_NAMES = {
    Step.PRICE: "售价",
    Step.COST: "成本",
    Step.COMMISSION: "佣金",
    Step.REGION: "区域分成",
    Step.SEED: "种子奖励",
    Step.DIVIDEND: "月度分红",
    Step.FREIGHT: "运费",
    Step.FEE: "平台与支付手续费",
    Step.RESERVE: "准备金",
    Step.MARGIN: "毛利",
}


class BadProduct(Invalid):
    """A product's description or terms cannot be."""


class Loss(Conflict):
    """Each piece sold would lose money at the worst."""


class OutOfLife(Conflict):
    """The product is not where this step could happen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What one piece costs and brings, in fen; ``fee_bps`` is kept of the price by shop and payment."""

    price_fen: int
    cost_fen: int
    commission_fen: int
    freight_fen: int = 0
    fee_bps: int = FEE_BPS
    deposit_fen: int = 0
    balance_days: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fall:
    """One step of a waterfall: what it takes at the worst, and what it takes of every sale for certain."""

    step: Step
    worst_fen: int
    certain_fen: int
    rate_bps: int | None = None
    times: int = 1


def waterfall(terms: Terms, policy: Policy) -> list[Fall]:
    """From the price to the margin of one piece (rules 5.2, 5.7).

    The worst is the sale in which everybody there can be takes a share: three regional agents, a seed promoter on each
    paid level, and on each the rank with the highest dividend. Certain is what leaves with every sale.
    """
    price, commission = terms.price_fen, terms.commission_fen
    levels = min(policy.levels, LEVELS_MAX)
    region = sum(share(price, bps) for bps in policy.region_bps)
    seed = levels * share(commission, policy.seed_bonus_bps)
    dividend_bps = max(policy.dividend_bps)
    dividend = levels * share(price, dividend_bps)
    fee = share(price, terms.fee_bps)
    falls = [
        Fall(step=Step.COST, worst_fen=terms.cost_fen, certain_fen=terms.cost_fen),
        Fall(step=Step.COMMISSION, worst_fen=commission, certain_fen=commission),
        Fall(step=Step.REGION, worst_fen=region, certain_fen=0, rate_bps=sum(policy.region_bps)),
        Fall(step=Step.SEED, worst_fen=seed, certain_fen=0, rate_bps=policy.seed_bonus_bps, times=levels),
        Fall(step=Step.DIVIDEND, worst_fen=dividend, certain_fen=0, rate_bps=dividend_bps, times=levels),
        Fall(step=Step.FREIGHT, worst_fen=terms.freight_fen, certain_fen=terms.freight_fen),
        Fall(step=Step.FEE, worst_fen=fee, certain_fen=fee, rate_bps=terms.fee_bps),
    ]
    settled = {Step.COST, Step.COMMISSION, Step.REGION, Step.SEED}
    worst_rest = price - sum(fall.worst_fen for fall in falls if fall.step in settled)
    certain_rest = price - sum(fall.certain_fen for fall in falls if fall.step in settled)
    falls.append(
        Fall(
            step=Step.RESERVE,
            worst_fen=share(max(worst_rest, 0), policy.reserve_bps),
            certain_fen=share(max(certain_rest, 0), policy.reserve_bps),
            rate_bps=policy.reserve_bps,
        )
    )
    margin = Fall(
        step=Step.MARGIN,
        worst_fen=price - sum(fall.worst_fen for fall in falls),
        certain_fen=price - sum(fall.certain_fen for fall in falls),
    )
    return [Fall(step=Step.PRICE, worst_fen=price, certain_fen=price), *falls, margin]


def margin_fen(terms: Terms, policy: Policy) -> int:
    """What stays of one piece at the worst."""
    return waterfall(terms, policy)[-1].worst_fen


def promotion_fen(terms: Terms, policy: Policy) -> int:
    """What commission, region shares, seed bonuses and dividends take of one piece at the worst (lint R11)."""
    paid = {Step.COMMISSION, Step.REGION, Step.SEED, Step.DIVIDEND}
    return sum(fall.worst_fen for fall in waterfall(terms, policy) if fall.step in paid)


def rate_bps(part: int, whole: int) -> int:
    """A part of a whole in bps, rounded down; nothing of nothing is nothing."""
    return part * BPS // whole if whole else 0


def check_terms(terms: Terms, policy: Policy) -> None:
    """Terms that can be and bring no loss even at the worst (rules 5.1, 5.2)."""
    check_amount(terms.price_fen, "规则 5.1：售价", least_fen=1)
    check_amount(terms.cost_fen, "规则 5.1：成本")
    check_amount(terms.commission_fen, "规则 5.1：佣金")
    check_amount(terms.freight_fen, "规则 5.1：运费")
    if not 0 <= terms.fee_bps <= BPS:
        raise BadProduct("规则 5.2：手续费率应在 0% 到 100% 之间，请改正。")
    check_presale(terms)
    check_no_loss(terms, policy)


def check_presale(terms: Terms) -> None:
    """A deposit is part of the price and its balance has a term (rules 5.1)."""
    check_amount(terms.deposit_fen, "规则 5.1：定金")
    if terms.deposit_fen >= terms.price_fen:
        raise BadProduct(f"规则 5.1：定金须少于售价 {_yuan(terms.price_fen)}，请改小定金。")
    if (terms.deposit_fen == 0) != (terms.balance_days is None):
        raise BadProduct("规则 5.1：预售须同时填写定金和尾款期限；不做预售时两项都留空。")
    if terms.balance_days is not None and not 1 <= terms.balance_days <= 180:
        raise BadProduct("规则 5.1：尾款期限应为 1 到 180 天，请改正。")


def check_no_loss(terms: Terms, policy: Policy) -> None:
    """Refuse terms that lose money at the worst, with every amount and two ways out (rules 5.2)."""
    falls = waterfall(terms, policy)
    margin = falls[-1].worst_fen
    if margin >= 0:
        return
    parts = "、".join(f"{STEP_NAMES[fall.step]} {_yuan(fall.worst_fen)}" for fall in falls[1:-1] if fall.worst_fen)
    raise Loss(
        f"规则 5.2：售价 {_yuan(terms.price_fen)} 付不起最坏情况下的 {_yuan(terms.price_fen - margin)}"
        f"（{parts}），每件亏 {_yuan(-margin)}。{_ways_out(terms, policy)}"
    )


def _ways_out(terms: Terms, policy: Policy) -> str:
    """The highest commission and the lowest price that lose nothing."""
    ways = []
    without = replace(terms, commission_fen=0)
    if margin_fen(without, policy) >= 0:
        most = _last(terms.commission_fen, lambda fen: margin_fen(replace(terms, commission_fen=fen), policy) >= 0)
        ways.append(f"把佣金降到 {_yuan(most)} 以内")
    dearest = min(terms.price_fen * 100, AMOUNT_MAX_FEN)
    if margin_fen(replace(terms, price_fen=dearest), policy) >= 0:
        short = _last(dearest, lambda fen: fen == 0 or margin_fen(replace(terms, price_fen=fen), policy) < 0)
        ways.append(f"把售价提到 {_yuan(-(-(short + SLACK_FEN) // 100) * 100)} 以上")
    return f"请{'，或'.join(ways)}。" if ways else "成本已高于售价，请先改正成本。"


def _last(highest: int, holds: Callable[[int], bool]) -> int:
    """The last whole number from 0 to ``highest`` for which something holds that holds up to there and not beyond."""
    low, high = 0, highest
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if holds(middle) else (low, middle - 1)
    return low


def _yuan(fen: int) -> str:
    whole, part = divmod(abs(fen), 100)
    return f"{'-' if fen < 0 else ''}¥{whole:,}.{part:02d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """How a product is called: its code with the merchant, its title, its category."""

    code: str
    title: str
    category: str


def cleaned(words: Words) -> Words:
    """The words without blanks around them, or a refusal of what is missing or too long."""
    found = Words(code=words.code.strip(), title=words.title.strip(), category=words.category.strip())
    for name, text, most in (
        ("商品编码", found.code, CODE_LENGTH),
        ("商品名称", found.title, TEXT_LENGTH),
        ("品类", found.category, TEXT_LENGTH),
    ):
        if not text:
            raise BadProduct(f"请填写{name}。")
        if len(text) > most:
            raise BadProduct(f"{name}最多 {most} 个字，现在有 {len(text)} 个，请缩短。")
    return found


def check_listable(*, state: str, stock: int) -> None:
    """Only what is on sale and in stock goes into windows."""
    if state != ProductState.LISTED:
        raise OutOfLife("商品未上架，不能放进橱窗；请先上架。")
    if stock <= 0:
        raise OutOfLife("商品没有库存，不能放进橱窗；请先补库存。")
