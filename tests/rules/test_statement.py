"""Lines of statements read cell by cell: WeChat Pay's bills and what other wallets export."""

from datetime import UTC, datetime

import pytest

from models.operations.statement import WhichAccount, account_of
from models.rules.importing import SheetInfo
from models.rules.statement import (
    Account,
    Business,
    Layout,
    Reader,
    Refused,
    UnknownLayout,
    Way,
    claims_of,
    recognise,
)

TRADE = (
    "交易时间", "公众账号ID", "商户号", "特约商户号", "设备号", "微信订单号", "商户订单号", "用户标识", "交易类型",
    "交易状态", "付款银行", "货币种类", "应结订单金额", "代金券金额", "微信退款单号", "商户退款单号", "退款金额",
    "充值券退款金额", "退款类型", "退款状态", "商品名称", "商户数据包", "手续费", "费率", "订单金额", "申请退款金额",
    "费率备注",
)  # fmt: skip
FUNDFLOW = (
    "记账时间", "微信支付业务单号", "资金流水单号", "业务名称", "业务类型", "收支类型", "收支金额(元)", "账户结余(元)",
    "资金变更提交申请人", "备注", "业务凭证号",
)  # fmt: skip


def trade(**changed: str) -> list[str]:
    """A payment of ¥74 as the bill writes it, a backtick before each value."""
    values = {
        "交易时间": "2026-06-15 14:00:09", "商户号": "1900000001", "微信订单号": "4200000202606150000000009",
        "商户订单号": "QX20260615000009", "交易类型": "JSAPI", "交易状态": "SUCCESS", "货币种类": "CNY",
        "应结订单金额": "74.00", "微信退款单号": "0", "商户退款单号": "0", "退款金额": "0.00", "手续费": "0.44400",
        "订单金额": "74.00", "申请退款金额": "0.00",
    } | changed  # fmt: skip
    return [f"`{values.get(name, '')}" for name in TRADE]


def flow(**changed: str) -> list[str]:
    values = {
        "记账时间": "2026-06-15 14:00:19", "微信支付业务单号": "1330000000000002026061500000000001",
        "资金流水单号": "4200000000000000000000000001", "业务名称": "商家转账", "业务类型": "商家转账",
        "收支类型": "支出", "收支金额(元)": "180.00", "账户结余(元)": "9820.00", "业务凭证号": "WD20260615000001",
    } | changed  # fmt: skip
    return [f"`{values.get(name, '')}" for name in FUNDFLOW]


def reader(header, *above) -> Reader:
    rows = [*above, header]
    return Reader(recognise([SheetInfo("CSV", len(rows), tuple(enumerate(map(tuple, rows), 1)))]))


class TestTradeBill:
    def test_tells_a_payment_with_its_fee_in_thousandths_of_a_fen(self):
        entry = reader(TRADE).read(trade())
        assert entry.at == datetime(2026, 6, 15, 6, 0, 9, tzinfo=UTC)
        assert (entry.way, entry.business) == (Way.IN, Business.PAYMENT)
        assert (entry.amount_fen, entry.fee_millifen) == (7_400, 44_400)
        assert (entry.number, entry.reference) == ("QX20260615000009", "4200000202606150000000009")

    def test_tells_a_refund_under_its_own_numbers(self):
        row = trade(
            交易状态="REFUND", 微信退款单号="5030", 商户退款单号="o1-R1", 申请退款金额="12.34", 订单金额="0.00",
            退款状态="SUCCESS", 手续费="-0.07000",
        )  # fmt: skip
        entry = reader(TRADE).read(row)
        assert (entry.way, entry.business, entry.amount_fen) == (Way.OUT, Business.REFUND, 1_234)
        assert (entry.number, entry.reference, entry.state) == ("o1-R1", "5030", "SUCCESS")
        assert entry.fee_millifen == -7_000

    def test_counts_neither_way_what_was_revoked(self):
        entry = reader(TRADE).read(trade(交易状态="REVOKED"))
        assert (entry.way, entry.business) == (Way.NONE, Business.OTHER)

    def test_refuses_a_state_it_does_not_know(self):
        refused = reader(TRADE).read(trade(交易状态="LOST"))
        assert refused == Refused("交易状态", "LOST", "交易状态应是 SUCCESS、REFUND 或 REVOKED")

    def test_is_read_by_name_where_columns_were_left_out(self):
        kept = [n for n, name in enumerate(TRADE) if name not in ("应结订单金额", "手续费", "商户号")]
        entry = reader([TRADE[n] for n in kept]).read([trade()[n] for n in kept])
        assert (entry.amount_fen, entry.fee_millifen) == (7_400, 0)

    def test_ends_at_its_summary_whatever_follows(self):
        found = reader(TRADE)
        assert found.read(trade()) is not None
        assert found.read(["总交易单数", "应结订单总金额"]) is None
        assert found.read(["`1", "`74.00"]) is None
        assert found.read(trade()) is None
        assert found.claims.lines == 1


class TestFundFlowBill:
    def test_tells_a_transfer_by_our_number_and_what_is_left(self):
        entry = reader(FUNDFLOW).read(flow())
        assert (entry.business, entry.way, entry.amount_fen) == (Business.PAYOUT, Way.OUT, 18_000)
        assert (entry.balance_fen, entry.number) == (982_000, "WD20260615000001")

    def test_leaves_more_than_one_line_may_move(self):
        bill = reader(FUNDFLOW)
        left = bill.read(flow(**{"账户结余(元)": "250000000.00"}))
        assert left.balance_fen == 25_000_000_000
        assert isinstance(bill.read(flow(**{"收支金额(元)": "250000000.00"})), Refused)

    @pytest.mark.parametrize(
        ("words", "way", "business"),
        [
            ("商家转账", "收入", Business.PAYOUT_BACK),
            ("商家转账退回", "收入", Business.PAYOUT_BACK),
            ("交易手续费", "支出", Business.FEE),
            ("退款", "支出", Business.REFUND),
            ("交易", "收入", Business.PAYMENT),
            ("充值", "收入", Business.OTHER),
        ],
    )
    def test_is_sorted_by_its_words(self, words, way, business):
        assert reader(FUNDFLOW).read(flow(业务类型=words, 收支类型=way)).business == business

    @pytest.mark.parametrize(
        ("name", "written"),
        [("收支金额(元)", "-1.00"), ("收支金额(元)", "1.005"), ("记账时间", "昨天"), ("收支类型", "其他")],
    )
    def test_refuses_what_it_cannot_read(self, name, written):
        assert isinstance(reader(FUNDFLOW).read(flow(**{name: written})), Refused)

    def test_refuses_a_number_whose_last_digits_a_spreadsheet_lost(self):
        assert isinstance(reader(FUNDFLOW).read(flow(业务凭证号="1.33E+30")), Refused)

    def test_does_not_say_which_account_it_is_of(self):
        with pytest.raises(WhichAccount, match="请选择"):
            account_of(Layout.FUNDFLOW, chosen="", file_name="账单.csv")
        assert account_of(Layout.FUNDFLOW, chosen="", file_name="fundflow_operation.csv") is Account.OPERATION
        assert account_of(Layout.FUNDFLOW, chosen="BASIC", file_name="fundflow_operation.csv") is Account.BASIC
        assert account_of(Layout.ALIPAY, chosen="BASIC", file_name="x.csv") is Account.WALLET


class TestDigest:
    def test_is_the_same_with_and_without_the_backtick_and_the_tail(self):
        found = reader(TRADE)
        bare = [cell.removeprefix("`") for cell in trade()]
        assert found.read(trade()).digest == found.read([*bare, "", None]).digest

    def test_tells_any_changed_cell(self):
        found = reader(TRADE)
        assert found.read(trade()).digest != found.read(trade(付款银行="CMB")).digest


class TestRecognising:
    def test_says_what_to_upload_where_nothing_is_known(self):
        with pytest.raises(UnknownLayout, match="商户平台"):
            reader(("姓名", "电话"))

    def test_looks_below_any_preamble(self):
        found = recognise([SheetInfo("CSV", 3, ((1, ("微信支付账单明细",)), (2, ("",)), (5, FUNDFLOW)))])
        assert (found.layout, found.header_row) == (Layout.FUNDFLOW, 5)

    def test_reads_what_the_preamble_claims(self):
        assert claims_of([("共43笔记录",), ("收入：1笔 0.35元",)]).lines == 43
        assert claims_of([("共：26笔记录",)]).lines == 26
