"""What each figure of the boards means, in both languages: the text a reader finds one hover away."""

from dataclasses import dataclass

from reports.numbers import Lang, Unit


@dataclass(frozen=True)
class Metric:
    """A figure with its name, its unit and the definition a reader finds one hover away.

    ``is_cost``: a rise is bad news (refunds).
    """

    key: str
    unit: Unit
    zh: str
    en: str
    meaning_zh: str
    meaning_en: str
    is_cost: bool = False

    def title(self, lang: Lang) -> str:
        return self.zh if lang is Lang.ZH else self.en

    def meaning(self, lang: Lang) -> str:
        return self.meaning_zh if lang is Lang.ZH else self.meaning_en


METRICS = {
    metric.key: metric
    for metric in (
        Metric(
            "gmv",
            Unit.YUAN,
            "支付 GMV",
            "GMV",
            "周期内已支付订单的实付金额之和，含后来退款的部分。订单按支付日（北京时间）归属。",
            "What was paid for the orders paid in the period, later refunds included. An order belongs to "
            "the Shanghai day it was paid.",
        ),
        Metric(
            "net_gmv",
            Unit.YUAN,
            "净 GMV",
            "Net GMV",
            "支付 GMV 减去这些订单的退款。退款跟随原订单的支付日，不按退款日归属。",
            "GMV less the refunds of those same orders. A refund follows the day its order was paid, not "
            "the day of the refund.",
        ),
        Metric(
            "refund",
            Unit.YUAN,
            "退款金额",
            "Refunds",
            "周期内支付的订单至今退回的金额之和。",
            "What has gone back so far of the orders paid in the period.",
            is_cost=True,
        ),
        Metric(
            "refund_rate",
            Unit.RATE,
            "退款率",
            "Refund rate",
            "退款金额 ÷ 支付 GMV（按金额，不按单数）。",
            "Refunds ÷ GMV, by amount rather than by number of orders.",
            is_cost=True,
        ),
        Metric(
            "orders",
            Unit.COUNT,
            "支付订单",
            "Paid orders",
            "周期内有支付的不同订单号的个数；导入的订单号只在同一店铺内视为同一单。",
            "Distinct order numbers paid in the period; an imported number is one order within one shop.",
        ),
        Metric(
            "buyers",
            Unit.COUNT,
            "支付买家",
            "Buyers",
            "周期内至少支付过一单的不同买家。自有订单按会员或买家编号识别；导入的买家编码只在同一店铺内视为同一人，没有买家列的文件"
            "不计入。",
            "Distinct buyers with a paid order in the period. Own orders know them as members or by their code; an "
            "imported buyer code is one person within one shop, and files without a buyer column do not count.",
        ),
        Metric(
            "pieces",
            Unit.COUNT,
            "件数",
            "Pieces",
            "周期内已支付订单的商品件数之和。",
            "Pieces of goods in the orders paid in the period.",
        ),
        Metric(
            "repurchase",
            Unit.RATE,
            "复购率",
            "Repurchase rate",
            "周期内在两个或以上不同日期（北京时间）有支付订单的买家 ÷ 周期内有支付订单的买家。同一天多单只算一天。",
            "Buyers with paid orders on two or more distinct Shanghai days of the period ÷ buyers with one "
            "or more. Several orders on one day count as one day.",
        ),
        Metric(
            "repeat_buyers",
            Unit.COUNT,
            "复购买家",
            "Repeat buyers",
            "周期内在两个或以上不同日期有支付订单的买家。",
            "Buyers with paid orders on two or more distinct days of the period.",
        ),
        Metric(
            "average_order",
            Unit.YUAN,
            "客单价",
            "Average order",
            "支付 GMV ÷ 支付订单。",
            "GMV ÷ paid orders.",
        ),
        Metric(
            "orders_per_buyer",
            Unit.RATIO,
            "人均单数",
            "Orders per buyer",
            "买家已知的支付订单 ÷ 支付买家。",
            "Paid orders with a known buyer ÷ buyers.",
        ),
        Metric(
            "sellers",
            Unit.COUNT,
            "动销推广者",
            "Active promoters",
            "周期内卖出过至少一笔支付订单的不同卖家（含商家的预设橱窗）。",
            "Distinct sellers with a paid order in the period, a merchant's preset showcases among them.",
        ),
        Metric(
            "first_sellers",
            Unit.COUNT,
            "首单推广者",
            "First sales",
            "有史以来的第一笔支付订单落在周期内、且符合筛选的卖家。",
            "Sellers whose first paid order of all lies in the period and answers the filters.",
        ),
        Metric(
            "qualified",
            Unit.COUNT,
            "通过准入",
            "Qualified",
            "在这段时间通过准入、成为推广者的会员（不含预设橱窗）。",
            "Members who qualified and became promoters in these days, presets aside.",
        ),
        Metric(
            "sales_per_seller",
            Unit.YUAN,
            "人均支付 GMV",
            "GMV per promoter",
            "支付 GMV ÷ 动销推广者。",
            "GMV ÷ active promoters.",
        ),
        Metric(
            "average_piece",
            Unit.YUAN,
            "件均价",
            "Average piece",
            "支付 GMV ÷ 件数。",
            "GMV ÷ pieces.",
        ),
    )
}
