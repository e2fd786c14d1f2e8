"""The names under which shops and platforms export their columns."""

import re

from models.rules.importing import text
from models.rules.importing.layout import Field

_ASIDE = re.compile(r"\(.*?\)|\[.*?\]|【.*?】|[\s_:,.*#/\\-]+")

_NAMES: dict[Field, str] = {
    Field.ORDER_NUMBER: (
        "订单编号 订单号 订单编码 订单id 主订单编号 主订单号 商户订单号 平台订单号 交易单号 交易订单号 交易号 单号 "
        "orderid "
        "orderno ordernumber"
    ),
    Field.LINE_NUMBER: "子订单编号 子订单号 子订单id 子单号 明细编号 suborderid",
    Field.BUYER: (
        "客户编码 客户编号 客户号 客户id 客户 客户名称 买家会员名 买家昵称 买家账号 买家id 买家 会员编号 "
        "会员名 用户id 用户名 下单账号 buyer customerid"
    ),
    Field.ORDERED_AT: (
        "订单创建时间 下单时间 订单日期 下单日期 创建时间 订单时间 交易创建时间 成交日期 交易时间 日期 "
        "orderdate createdat"
    ),
    Field.PAID_AT: "订单付款时间 付款时间 支付时间 付款日期 支付日期 支付完成时间 paidat",
    Field.PROVINCE: "所在省份 省份 省 收货省份 收货人省份 收件省份 所在省 province",
    Field.CITY: "所在地市 所在城市 城市 地市 市 收货城市 收货人城市 收件城市 city",
    Field.DISTRICT: "所在区县 区县 县区 收货区县 收货人地区 district",
    Field.ADDRESS: "收货地址 收件地址 收货人地址 详细地址 地址 address",
    Field.SALES_REGION: "所在区域 大区 销售大区 销售区域 区域",
    Field.PRODUCT_CODE: "商品编号 商品编码 商品id 商品代码 货号 sku skuid sku编码 商家编码 productid",
    Field.PRODUCT_NAME: "商品名称 商品标题 宝贝标题 宝贝名称 产品名称 品名 商品 productname",
    Field.CATEGORY: "商品小类 小类 二级类目 商品类目 类目 品类 category",
    Field.CATEGORY_GROUP: "商品大类 大类 一级类目",
    Field.QUANTITY: "订购数量 数量 购买数量 商品数量 宝贝总数量 件数 quantity qty",
    Field.UNIT_PRICE: "订购单价 单价 商品单价 商品价格 销售单价 价格 unitprice price",
    Field.AMOUNT: (
        "总金额 金额 订单金额 订单总额 订单总价 应付金额 买家应付货款 销售金额 销售额 合计金额 amount total"
    ),
    Field.PAID: ("买家实际支付金额 买家实付金额 实际支付金额 实付金额 支付金额 付款金额 实付款 实收金额 paidamount"),
    Field.REFUND: "退款金额 已退款金额 退款总额 退款 refund",
}


def plain(name: str) -> str:
    """A header name without remarks in brackets, blanks and punctuation."""
    return _ASIDE.sub("", text.fold(name)).lower()


# The names of a meaning stand in order of preference: where a file has both, 总金额 is the amount and not 应付货款.
_MEANING = {plain(name): (field, rank) for field, names in _NAMES.items() for rank, name in enumerate(names.split())}


def by_name(columns: tuple[str, ...]) -> dict[Field, str]:
    """The columns whose names are known; of two columns with one meaning the better name wins, then the first."""
    found: dict[Field, str] = {}
    ranked = [(*_MEANING[plain(column)], column) for column in columns if plain(column) in _MEANING]
    for field, _, column in sorted(ranked, key=lambda one: one[1]):
        found.setdefault(field, column)
    return found
