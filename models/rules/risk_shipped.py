"""The rules that ship: those of rules §8.1 and the patterns that reviewers of such platforms look for.

Each is data in the form that the editor writes; the numbers are §8.1's where it gives one.
"""

from typing import Any

from models.rules.risk_text import cases, read


def _rule(
    code: str, on: str, group: str, weight: int, reason: str, when: str, hits: str, misses: str
) -> dict[str, Any]:
    return {
        "code": code, "on": on.split(), "group": group, "weight": weight, "reason": reason, "when": read(when),
        "hits": cases(hits), "misses": cases(misses),
    }  # fmt: skip


RULES: tuple[dict[str, Any], ...] = (
    _rule(
        "same_ip", "place", "place", 35, "24 小时内同一 IP 有 {ip_buyers_1d} 位买家下单",
        "ip_buyers_1d >= 3",
        "ip_buyers_1d=3",
        "ip_buyers_1d=2 | ",
    ),
    _rule(
        "same_address", "place", "place", 30, "7 天内有 {address_buyers_7d} 位买家寄往同一地址",
        "address_buyers_7d >= 3",
        "address_buyers_7d=3",
        "address_buyers_7d=2",
    ),
    _rule(
        "same_device", "place", "identity", 35, "30 天内同一设备上有 {device_actors_30d} 个账号",
        "device_actors_30d >= 2",
        "device_actors_30d=2",
        "device_actors_30d=1",
    ),
    _rule(
        "device_farm", "place register", "identity", 60, "30 天内同一设备上有 {device_actors_30d} 个账号，像批量养号",
        "device_actors_30d >= 4",
        "device_actors_30d=4",
        "device_actors_30d=3",
    ),
    _rule(
        "same_payer", "place", "identity", 40, "30 天内同一付款人替 {payer_actors_30d} 个账号付款",
        "payer_actors_30d >= 3",
        "payer_actors_30d=3",
        "payer_actors_30d=2",
    ),
    _rule(
        "same_phone", "place", "identity", 25, "30 天内同一手机号出现在 {phone_actors_30d} 个账号上",
        "phone_actors_30d >= 3",
        "phone_actors_30d=3",
        "phone_actors_30d=2",
    ),
    _rule(
        "return_rate", "place refund", "return", 60, "30 天内 {buyer_orders_30d} 单中有 {buyer_returns_30d} 单退款",
        "buyer_orders_30d >= 5 且 buyer_return_bps_30d >= 3000",
        "buyer_orders_30d=5, buyer_return_bps_30d=3000",
        "buyer_orders_30d=4, buyer_return_bps_30d=10000 | buyer_orders_30d=10, buyer_return_bps_30d=2999",
    ),
    _rule(
        "return_streak", "place refund", "return", 60,
        "30 天内 {buyer_orders_30d} 单中有 {buyer_returns_30d} 单退款，多数都退了",
        "buyer_orders_30d >= 3 且 buyer_return_bps_30d >= 6000",
        "buyer_orders_30d=3, buyer_return_bps_30d=6000",
        "buyer_orders_30d=2, buyer_return_bps_30d=10000 | buyer_orders_30d=3, buyer_return_bps_30d=5999",
    ),
    _rule(
        "return_first", "place refund", "return", 40, "30 天内头 {buyer_orders_30d} 单里已退 {buyer_returns_30d} 单",
        "buyer_returns_30d >= 2 且 buyer_return_bps_30d >= 5000",
        "buyer_returns_30d=2, buyer_return_bps_30d=5000",
        "buyer_returns_30d=1, buyer_return_bps_30d=10000 | buyer_returns_30d=2, buyer_return_bps_30d=4999",
    ),
    _rule(
        "fast_return", "place refund", "return", 25, "30 天内有 {buyer_fast_returns_30d} 单在下单一天内就退款",
        "buyer_fast_returns_30d >= 3",
        "buyer_fast_returns_30d=3",
        "buyer_fast_returns_30d=2",
    ),
    _rule(
        "seller_returns", "place", "return", 20, "该橱窗 30 天退款率达到 {seller_return_bps_30d}/10000",
        "seller_return_bps_30d >= 4000 且 seller_orders_before_30d >= 10",
        "seller_return_bps_30d=4000, seller_orders_before_30d=10",
        "seller_return_bps_30d=3999, seller_orders_before_30d=10 | seller_return_bps_30d=10000",
    ),
    _rule(
        "unlock_refund", "refund", "return", 60, "获得资格 {qualified_age_h} 小时后就退回准入单",
        "is_admission == 1 且 qualified_age_h <= 72",
        "is_admission=1, qualified_age_h=72",
        "is_admission=1, qualified_age_h=73 | is_admission=1 | is_admission=0, qualified_age_h=1",
    ),
    _rule(
        "self_deal", "place", "self", 60, "买家与橱窗主或其上级共用 {self_links} 种身份（付款人、手机号、设备）",
        "self_links >= 1",
        "self_links=1",
        "self_links=0",
    ),
    _rule(
        "own_purchase", "place", "self", 15, "会员在自己的橱窗下单",
        "is_own == 1",
        "is_own=1",
        "is_own=0",
    ),
    _rule(
        "home_deal", "place", "self", 60,
        "买家与橱窗主同一网络、同一地址，30 天内下了 {pair_orders_30d} 单",
        "soft_links >= 2 且 pair_orders_30d >= 3",
        "soft_links=2, pair_orders_30d=3",
        "soft_links=1, pair_orders_30d=9 | soft_links=2, pair_orders_30d=2",
    ),
    _rule(
        "entry_family", "place", "self", 30, "准入单的买家与橱窗主共用 {soft_links} 种网络或地址",
        "is_admission == 1 且 soft_links >= 1",
        "is_admission=1, soft_links=1",
        "is_admission=0, soft_links=2 | is_admission=1, soft_links=0",
    ),
    _rule(
        "burst", "place", "burst", 60, "一小时内同一买家下了 {buyer_orders_1h} 单",
        "buyer_orders_1h >= 10",
        "buyer_orders_1h=10",
        "buyer_orders_1h=9",
    ),
    _rule(
        "dormant_burst", "place", "burst", 30, "沉寂 30 天的橱窗一天内出了 {seller_orders_1d} 单",
        "seller_orders_1d >= 10 且 seller_orders_before_30d == 0",
        "seller_orders_1d=10, seller_orders_before_30d=0",
        "seller_orders_1d=9, seller_orders_before_30d=0 | seller_orders_1d=10, seller_orders_before_30d=1",
    ),
    _rule(
        "night_bulk", "place", "burst", 15, "凌晨 {hour} 点连续下单，24 小时内已有 {buyer_orders_1d} 单",
        "buyer_orders_1d >= 5 且 hour >= 1 且 hour <= 4",
        "buyer_orders_1d=5, hour=1 | buyer_orders_1d=5, hour=4",
        "buyer_orders_1d=5, hour=0 | buyer_orders_1d=5, hour=5 | buyer_orders_1d=4, hour=2",
    ),
    _rule(
        "instant_order", "place", "burst", 60, "注册 {account_age_s} 秒后就下单",
        "account_age_s <= 60",
        "account_age_s=60 | account_age_s=0",
        "account_age_s=61 | ",
    ),
    _rule(
        "proof_reuse", "proof", "proof", 60, "同一张凭证图片用了 {picture_uses_90d} 次",
        "picture_uses_90d >= 2",
        "picture_uses_90d=2",
        "picture_uses_90d=1",
    ),
    _rule(
        "join_many", "register", "join", 30, "10 分钟内同一上级名下已登记 {sponsor_joins_10m} 人",
        "sponsor_joins_10m >= 5",
        "sponsor_joins_10m=5",
        "sponsor_joins_10m=4",
    ),
    _rule(
        "join_twin", "register", "join", 35, "同一上级名下 24 小时内有 {sponsor_device_joins_1d} 人用同一设备登记",
        "sponsor_device_joins_1d >= 2",
        "sponsor_device_joins_1d=2",
        "sponsor_device_joins_1d=1",
    ),
    _rule(
        "join_burst", "register", "join", 60, "10 分钟内同一上级名下登记了 {sponsor_joins_10m} 人",
        "sponsor_joins_10m >= 10",
        "sponsor_joins_10m=10",
        "sponsor_joins_10m=9",
    ),
    _rule(
        "join_device", "register", "join", 60, "24 小时内同一上级名下有 {sponsor_device_joins_1d} 人用同一设备登记",
        "sponsor_device_joins_1d >= 3",
        "sponsor_device_joins_1d=3",
        "sponsor_device_joins_1d=2",
    ),
    _rule(
        "join_depth", "register", "join", 10, "登记位置在第 {seat_depth} 层，超出展示与计数的层数",
        "seat_depth > 10",
        "seat_depth=11",
        "seat_depth=10",
    ),
    _rule(
        "circular", "place", "cycle", 60, "30 天内橱窗主也在该买家的橱窗下了 {pair_back_30d} 单",
        "pair_back_30d >= 2 且 pair_orders_30d >= 2",
        "pair_back_30d=2, pair_orders_30d=2",
        "pair_back_30d=1, pair_orders_30d=9 | pair_back_30d=9, pair_orders_30d=1",
    ),
    _rule(
        "mutual_trade", "place", "cycle", 30, "30 天内买家与橱窗主互相下过单（对方 {pair_back_30d} 单）",
        "pair_back_30d >= 1 且 pair_orders_30d >= 1",
        "pair_back_30d=1, pair_orders_30d=1",
        "pair_back_30d=0, pair_orders_30d=9",
    ),
    _rule(
        "mutual_repeat", "place", "cycle", 30, "30 天内橱窗主已向该买家下了 {pair_back_30d} 单，买家又回购",
        "pair_back_30d >= 2 且 pair_orders_30d >= 1",
        "pair_back_30d=2, pair_orders_30d=1",
        "pair_back_30d=1, pair_orders_30d=9",
    ),
    _rule(
        "showcase_kin", "place", "cycle", 20,
        "该橱窗 30 天内另有 {seller_kin_30d} 位买家与该买家共用付款人、手机号或设备",
        "seller_kin_30d >= 1",
        "seller_kin_30d=1",
        "seller_kin_30d=0",
    ),
    _rule(
        "showcase_ring", "place", "cycle", 60,
        "该橱窗 30 天内另有 {seller_kin_30d} 位买家与该买家共用付款人、手机号或设备",
        "seller_kin_30d >= 2",
        "seller_kin_30d=2",
        "seller_kin_30d=1",
    ),
    _rule(
        "showcase_address", "place", "cycle", 25, "该橱窗 30 天内有 {seller_address_buyers_30d} 位买家寄往同一地址",
        "seller_address_buyers_30d >= 3",
        "seller_address_buyers_30d=3",
        "seller_address_buyers_30d=2",
    ),
    _rule(
        "showcase_address_repeat", "place", "cycle", 60,
        "该橱窗 30 天内有 {seller_address_buyers_30d} 位买家寄往同一地址，且该买家已下 {pair_orders_30d} 单",
        "seller_address_buyers_30d >= 2 且 pair_orders_30d >= 3",
        "seller_address_buyers_30d=2, pair_orders_30d=3",
        "seller_address_buyers_30d=1, pair_orders_30d=9 | seller_address_buyers_30d=9, pair_orders_30d=2",
    ),
    _rule(
        "pair_repeat", "place", "cycle", 25, "30 天内同一买家在同一橱窗下了 {pair_orders_30d} 单",
        "pair_orders_30d >= 8",
        "pair_orders_30d=8",
        "pair_orders_30d=7",
    ),
    _rule(
        "agent_linked", "place", "region", 20, "买家与该地区代理共用 {agent_links} 种身份（付款人、手机号、设备）",
        "agent_links >= 1",
        "agent_links=1",
        "agent_links=0",
    ),
    _rule(
        "agent_self", "place", "region", 60, "与地区代理有关联的买家 30 天内在该地区下了 {agent_orders_30d} 单",
        "agent_links >= 1 且 agent_orders_30d >= 3",
        "agent_links=1, agent_orders_30d=3",
        "agent_links=1, agent_orders_30d=2 | agent_links=0, agent_orders_30d=9",
    ),
    _rule(
        "payee_shared", "payout", "identity", 60, "90 天内 {payee_actors_90d} 位会员提现到同一账户",
        "payee_actors_90d >= 2",
        "payee_actors_90d=2",
        "payee_actors_90d=1",
    ),
)  # fmt: skip
