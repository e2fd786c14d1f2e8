"""Why a leg of the ledger is what it is, in one sentence that a person understands; and why a zero is a zero."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from models.money import bps_text, share, yuan
from models.rules import region_share
from models.rules.compliance import LEVELS_MAX
from models.rules.policy import Policy

BUCKETS = {
    "pending": "待结算",
    "locked": "未解锁",
    "frozen": "冻结",
    "held": "核查中",
    "available": "可提现",
    "payout": "提现途中",
    "debt": "欠款",
}
HOUSE = {
    "no_upline": ("5.2", "这一级上面没有人"),
    "over_cap": ("5.3", "这一级超出策略允许的付酬层级，任何人都不能得"),
    "not_upline": ("5.2", "准入单的卖家不在购买者的排位上方"),
    "exited": ("5.4", "应得者当时已退出"),
    "closed": ("5.4", "应得者当时橱窗已关闭"),
    "not_qualified": ("5.4", "应得者当时还没有推广资格（候选或已失效）"),
    "rounding": ("5.2", "各级按分向下取整后余下的零头"),
    "fraud": ("8.2", "订单被确认为欺诈，会员份额归平台"),
}
PLACES = {
    region_share.Level.PROVINCE: "省",
    region_share.Level.CITY: "市",
    region_share.Level.DISTRICT: "区县",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """What a posting knew when it was booked: its kind, the order, the policy's version, who stood above the seller."""

    kind: str
    order: str = ""
    version: int | None = None
    policy: Policy | None = None
    upline: Sequence[str] = ()
    distance: int | None = None
    region: str | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    stood_for: Mapping[str, str] = field(default_factory=dict)
    """Whose node each stand-in received as (rules 7.3)."""

    @property
    def named(self) -> str:
        return f"订单 {self.order} " if self.order else ""

    @property
    def under(self) -> str:
        return f"，策略版本 {self.version}" if self.version is not None else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """A leg as *why* sees it."""

    account: str
    amount_fen: int
    cause: str
    level: int | None = None
    rate_bps: int | None = None
    base_fen: int | None = None
    reason: str = ""

    @property
    def member(self) -> str:
        """Whose account it is, empty for one of the house."""
        head, _, rest = self.account.partition(":")
        return rest.rpartition(":")[0] if head == "member" else ""

    @property
    def bucket(self) -> str:
        return self.account.rpartition(":")[2] if self.member else ""


@dataclass(frozen=True, slots=True)
class Why:
    """A rule's number and the sentence that it makes of a leg."""

    rule: str
    sentence: str


Teller: TypeAlias = Callable[[Booked, Booking], Why]


def explain(booked: Booked, leg: Booking) -> Why:
    """The rule and the sentence of one leg."""
    told = _SETTLED if booked.kind == "settle" else _MOVED
    teller = told.get(leg.cause)
    if teller is None:
        return Why("5.10", f"{booked.named}按「{leg.cause}」入账 {yuan(leg.amount_fen)}。")
    return teller(booked, leg)


def _share_text(leg: Booking, what: str) -> str:
    """`佣金 ¥30.00 × 70%`, with the reason where refunds before completion made it less."""
    if leg.rate_bps is None or leg.base_fen is None:
        return f"{what}全额"
    text = f"{what} {yuan(leg.base_fen)} × {bps_text(leg.rate_bps)}"
    return text if share(leg.base_fen, leg.rate_bps) == leg.amount_fen else f"{text}（完成前有退款，按余额折算）"


def _chain(booked: Booked) -> str:
    return f"当时的上级链：{' → '.join(booked.upline)}；" if booked.upline else ""


def bucket_reason(booked: Booked, leg: Booking) -> str:
    """Why a new share lies where it lies (rules 5.4)."""
    days = booked.policy.return_days if booked.policy else 7
    directs = booked.policy.unlock_directs if booked.policy else 0
    said = {
        "pending": f"进入待结算：完成满 {days} 天且无售后、无核查后转为可提现（规则 5.5）",
        "locked": f"进入未解锁：第 {leg.level} 级要直推满 {directs} 人才解锁（规则 4.1）",
        "frozen": "进入冻结：得者当时处于冻结，恢复后放出（规则 4.3）",
        "held": "进入核查：订单在风控核查中（规则 8.2）",
    }
    return said.get(leg.bucket, f"进入{BUCKETS.get(leg.bucket, leg.account)}")


def _level(booked: Booked, leg: Booking) -> Why:
    if leg.rate_bps is None:
        how = f"准入单：卖家 {leg.member} 在购买者上方第 {leg.level} 级，佣金全额归卖家"
    else:
        who = ("卖家", "卖家的上级", "卖家上级的上级")[(leg.level or 1) - 1]
        how = f"{who} {leg.member}（第 {leg.level} 级）得{_share_text(leg, '佣金')}"
    gap = booked.stood_for.get(leg.member)
    if gap is not None:
        how = f"{leg.member} 按清流（规则 7.3）替补第 {leg.level} 级的 {gap}，得{_share_text(leg, '佣金')}"
    sentence = (
        f"{booked.named}完成结算，{how} = {yuan(leg.amount_fen)}（规则 5.2{booked.under}）；{_chain(booked)}"
        f"{bucket_reason(booked, leg)}。"
    )
    return Why("5.2", sentence)


def _seed(booked: Booked, leg: Booking) -> Why:
    sentence = (
        f"{booked.named}完成结算，种子达人 {leg.member} 在首批天数内，得{_share_text(leg, '佣金')}"
        f" = {yuan(leg.amount_fen)}（规则 5.2{booked.under}）；{bucket_reason(booked, leg)}。"
    )
    return Why("5.2", sentence)


def _region(booked: Booked, leg: Booking) -> Why:
    place = PLACES[region_share.level_of(leg.reason)] if leg.reason else "地区"
    shown = Booking(
        account=leg.account,
        amount_fen=leg.amount_fen,
        cause=leg.cause,
        base_fen=leg.base_fen,
        rate_bps=_rate(booked, leg),
    )
    sentence = (
        f"{booked.named}完成结算，{place}代理 {leg.member}（地区 {leg.reason}）得{_share_text(shown, '实付')}"
        f" = {yuan(leg.amount_fen)}（规则 6{booked.under}）；{bucket_reason(booked, leg)}。"
    )
    return Why("6", sentence)


def _rate(booked: Booked, leg: Booking) -> int | None:
    if booked.policy is None or not leg.reason:
        return leg.rate_bps
    return booked.policy.region_bps[region_share.LEVELS.index(region_share.level_of(leg.reason))]


def _house(booked: Booked, leg: Booking) -> Why:
    rule, why = HOUSE.get(leg.reason, ("5.2", leg.reason))
    return Why(rule, f"{booked.named}有 {yuan(leg.amount_fen)} 归平台沉淀：{why}（规则 {rule}{booked.under}）。")


def _reserve(booked: Booked, leg: Booking) -> Why:
    rate = f" × {bps_text(leg.rate_bps)}" if leg.rate_bps is not None else ""
    return Why(
        "5.2", f"{booked.named}利润为正，按利润{rate} 计提准备金 {yuan(leg.amount_fen)}（规则 5.2{booked.under}）。"
    )


def _plain(rule: str, text: str) -> Teller:
    """A sentence in which `{order}`, `{fen}`, `{who}`, `{bucket}` and `{reason}` stand for what the leg says."""

    def tell(booked: Booked, leg: Booking) -> Why:
        sentence = text.format(
            order=booked.named,
            fen=yuan(abs(leg.amount_fen)),
            who=leg.member or leg.account,
            bucket=BUCKETS.get(leg.bucket, leg.account),
            move="转入" if leg.amount_fen > 0 else "转出",
            reason=leg.reason or "无",
            base=yuan(leg.base_fen) if leg.base_fen is not None else "",
            rate=bps_text(leg.rate_bps) if leg.rate_bps is not None else "",
            month=booked.facts.get("of_month", ""),
            rank=booked.facts.get("rank", ""),
        )
        return Why(rule, f"{sentence}（规则 {rule}{booked.under}）。")

    return tell


def _given(text: str, rule: str) -> Teller:
    """Money that becomes available pays a debt first; what is taken back beyond the balance makes one (rules 5.6)."""
    plain = _plain(rule, text)
    paid = _plain("5.6", "{order}{fen} 先抵 {who} 的欠款")
    made = _plain("5.6", "{order}{who} 可提现余额不足，{fen} 记为欠款，由以后的收入抵还")

    def tell(booked: Booked, leg: Booking) -> Why:
        teller = {"debt_paid": paid, "debt_made": made}.get(leg.reason, plain)
        return teller(booked, leg)

    return tell


_SETTLED: Mapping[str, Teller] = {
    "settlement": _plain("5.2", "{order}完成，待清算的 {fen} 全部分到各行"),
    "cost": _plain("5.2", "{order}完成，货款成本 {fen} 归供应商 {who}"),
    "level": _level,
    "seed": _seed,
    "region": _region,
    "house": _house,
    "reserve": _reserve,
    "margin": _plain("5.2", "{order}减去成本、佣金、地区分成、种子奖励和准备金后，余 {fen} 归平台利润"),
}
_MOVED: Mapping[str, Teller] = {
    "payment": _plain("5.2", "{order}买家款项 {fen}：资金托管与待清算对应记账"),
    "refund": _given("{order}退款，按原行原比例从 {who} 的{bucket}冲回 {fen}", "5.6"),
    "mature": _given("{order}退货期满，{who} 的份额 {fen} 从待结算转为可提现", "5.5"),
    "release": _given("{order}的限制解除，{who} 的份额 {fen} {move}{bucket}", "5.5"),
    "hold": _plain("8.2", "{order}进入风控核查，{who} 的份额 {fen} {move}{bucket}"),
    "clear": _given("{order}核查通过，{who} 的份额 {fen} {move}{bucket}", "5.5"),
    "fraud": _given("{order}被确认为欺诈，会员份额 {fen} 归平台", "8.2"),
    "withdrawal": _plain("5.9", "{who} 申请提现，{fen} {move}{bucket}"),
    "tax": _plain("5.9", "提现 {base} 时代扣个人所得税 {fen}"),
    "payout": _plain("5.9", "{who} 的转账成功，{fen} 已到账并从托管划出"),
    "payout_back": _given("提现未成，{fen} 退回（{who}）", "5.9"),
    "dividend": _given("{month} 月度分红（等级 {rank}）：基数 {base} × {rate}，{fen} 记入 {who}", "5.7"),
    "deposit": _plain("6", "区域代理押金 {fen} 存入 {who}"),
    "deposit_back": _plain("6", "代理期满，押金 {fen} 退还"),
    "deposit_deducted": _plain("6", "代理期满，按约扣除押金 {fen}：{reason}"),
    "adjustment": _given("经两人审批的调账，{fen} {move}{who}；理由：{reason}", "5.10"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """An order's settlement as far as those are concerned who got nothing of it: C' and P', the levels' legs."""

    policy: Policy
    commission_fen: int
    paid_fen: int
    is_admission: bool
    legs: Sequence[Booking]


def nothing(booked: Booked, settled: Settled) -> Iterator[Why]:
    """Who could have had a share of an order and had none, each with the reason."""
    if not settled.is_admission:
        yield from _no_level(booked, settled)
    yield from _no_region(booked, settled)
    if not any(leg.cause == "seed" for leg in settled.legs):
        if settled.is_admission:
            yield Why("5.2", "准入单不计种子奖励（规则 5.2）。")
        else:
            above = min(settled.policy.levels, LEVELS_MAX) - 1
            who = f"卖家及其上 {above} 级里没有" if above else "卖家不是"
            yield Why("5.2", f"种子奖励为零：{who}处在首批天数内的有效种子达人（规则 5.2）。")
    if not any(leg.cause == "reserve" for leg in settled.legs):
        yield Why("5.2", "准备金为零：本单利润不为正，或不足一分（规则 5.2）。")


def _no_level(booked: Booked, settled: Settled) -> Iterator[Why]:
    rows = iter([leg for leg in settled.legs if leg.cause in ("level", "house")])
    for level, bps in enumerate(settled.policy.split_bps, 1):
        amount = share(settled.commission_fen, bps)
        if not amount:
            yield Why(
                "5.2",
                f"第 {level} 级为零：策略的比例是 {bps_text(bps)}，佣金 {yuan(settled.commission_fen)}（规则 5.2）。",
            )
            continue
        row = next(rows, None)
        if row is not None and row.cause == "house":
            rule, why = HOUSE.get(row.reason, ("5.2", row.reason))
            who = f" {booked.upline[level - 1]} " if level <= len(booked.upline) else ""
            yield Why(rule, f"第 {level} 级{who}没有得到 {yuan(row.amount_fen)}：{why}，归平台沉淀（规则 {rule}）。")


def _no_region(booked: Booked, settled: Settled) -> Iterator[Why]:
    if booked.region is None:
        yield Why("6", "地区分成为零：订单地址没有能识别的地区码（规则 6）。")
        return
    paid = {leg.reason for leg in settled.legs if leg.cause == "region"}
    for place, code in region_share.chain(booked.region).items():
        if code not in paid:
            yield Why("6", f"{PLACES[place]}（{code}）分成为零：{_region_zero(place, settled)}（规则 6）。")


def _region_zero(place: region_share.Level, settled: Settled) -> str:
    bps = settled.policy.region_bps[region_share.LEVELS.index(place)]
    if any(leg.reason == "fraud" for leg in settled.legs):
        return "订单被确认为欺诈"
    return "按比例不足一分" if not share(settled.paid_fen, bps) else "完成时该地区没有在任代理，不产生这一行"
