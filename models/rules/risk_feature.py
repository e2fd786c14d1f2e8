"""What a risk rule may look at: named whole numbers of an event, each as of the event's own instant."""

from dataclasses import dataclass
from enum import StrEnum

HOUR, DAY = 3_600, 86_400
WINDOW_MAX_DAYS = 90
"""The longest window a feature may look back; longer ones would make a decision's cost unbounded."""


class Kind(StrEnum):
    """What happened."""

    REGISTER = "register"
    PLACE = "place"
    REFUND = "refund"
    PAYOUT = "payout"
    SIGN_IN = "sign_in"
    SHOWCASE = "showcase"
    PROOF = "proof"


class Unit(StrEnum):
    """How a value is read: a count, basis points, fen, seconds, hours, a truth (1 or 0), an hour of the day."""

    COUNT = "count"
    BPS = "bps"
    FEN = "fen"
    SECONDS = "seconds"
    HOURS = "hours"
    FLAG = "flag"
    CLOCK = "clock"


@dataclass(frozen=True, slots=True)
class Feature:
    """One named number; ``days`` is how far back it looks (0: the event alone). Unknown is -1."""

    name: str
    title: str
    kinds: tuple[Kind, ...]
    unit: Unit = Unit.COUNT
    days: int = 0


_ORDER = (Kind.PLACE,)
_BOUGHT = (Kind.PLACE, Kind.REFUND)
_WHO = (Kind.PLACE, Kind.REGISTER, Kind.PAYOUT, Kind.SIGN_IN, Kind.SHOWCASE, Kind.REFUND)

_ALL = (
    Feature("ip_buyers_1d", "24 小时内同一 IP 下单的买家数", _ORDER, days=1),
    Feature("ip_joins_1d", "24 小时内同一 IP 登记的会员数", (Kind.REGISTER, Kind.PLACE), days=1),
    Feature("address_buyers_7d", "7 天内寄往同一地址的买家数", _ORDER, days=7),
    Feature("device_actors_30d", "30 天内同一设备上的账号数", _WHO, days=30),
    Feature("device_orders_1d", "24 小时内同一设备的订单数", _ORDER, days=1),
    Feature("payer_actors_30d", "30 天内同一付款人的账号数", _WHO, days=30),
    Feature("phone_actors_30d", "30 天内同一手机号的账号数", _WHO, days=30),
    Feature("payee_actors_90d", "90 天内同一收款账户的会员数", (Kind.PAYOUT,), days=90),
    Feature("picture_actors_90d", "90 天内用过同一张凭证图片的会员数", (Kind.PROOF,), days=90),
    Feature("picture_uses_90d", "90 天内同一张凭证图片的使用次数", (Kind.PROOF,), days=90),
    Feature("buyer_orders_1h", "1 小时内该买家的订单数", _ORDER, days=1),
    Feature("buyer_orders_1d", "24 小时内该买家的订单数", _ORDER, days=1),
    Feature("buyer_orders_30d", "30 天内该买家的订单数", _BOUGHT, days=30),
    Feature("buyer_returns_30d", "30 天内该买家退款的订单数", _BOUGHT, days=30),
    Feature("buyer_return_bps_30d", "30 天内该买家的退款率", _BOUGHT, Unit.BPS, 30),
    Feature("buyer_fast_returns_30d", "30 天内该买家下单一天内就退款的订单数", _BOUGHT, days=30),
    Feature("seller_orders_1d", "24 小时内该橱窗的订单数", _ORDER, days=1),
    Feature("seller_orders_before_30d", "此前 30 天（不含最近一天）该橱窗的订单数", _ORDER, days=31),
    Feature("seller_return_bps_30d", "30 天内该橱窗的退款率", _BOUGHT, Unit.BPS, 30),
    Feature("pair_orders_30d", "30 天内该买家在该橱窗的订单数", _ORDER, days=30),
    Feature("pair_back_30d", "30 天内橱窗主反过来向该买家下的订单数", _ORDER, days=30),
    Feature("seller_kin_30d", "30 天内与该买家共用付款人、手机号或设备、也在该橱窗下单的其他买家数", _ORDER, days=30),
    Feature("seller_address_buyers_30d", "30 天内在该橱窗下单并寄往同一地址的买家数", _ORDER, days=30),
    Feature("self_links", "买家与橱窗主或其上级共用的付款人、手机号、设备数", _ORDER),
    Feature("soft_links", "买家与橱窗主共用的 IP、地址数", _ORDER),
    Feature("is_own", "买家就是橱窗主", _ORDER, Unit.FLAG),
    Feature("is_admission", "准入单", _BOUGHT, Unit.FLAG),
    Feature("agent_links", "买家与订单地区代理相同或共用的付款人、手机号、设备数", _ORDER),
    Feature("agent_orders_30d", "30 天内与地区代理有关联的买家在该地区的订单数", _ORDER, days=30),
    Feature("sponsor_joins_10m", "10 分钟内同一上级名下的登记数", (Kind.REGISTER,), days=1),
    Feature("sponsor_device_joins_1d", "24 小时内同一上级名下用同一设备登记的人数", (Kind.REGISTER,), days=1),
    Feature("seat_depth", "登记时的排位深度", (Kind.REGISTER,)),
    Feature("account_age_s", "注册至今的秒数", _WHO, Unit.SECONDS),
    Feature("qualified_age_h", "获得资格至今的小时数", _WHO, Unit.HOURS),
    Feature("amount_fen", "金额", (Kind.PLACE, Kind.REFUND, Kind.PAYOUT), Unit.FEN),
    Feature("hour", "发生在几点（上海时间）", tuple(Kind), Unit.CLOCK),
)

FEATURES: dict[str, Feature] = {one.name: one for one in _ALL}
"""Every feature by its name."""


def named_in(text: str) -> list[str]:
    """The features a reason's text names in braces."""
    return [part.partition("}")[0] for part in text.split("{")[1:]]
