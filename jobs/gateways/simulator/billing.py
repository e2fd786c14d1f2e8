"""Daily files and certificates of the simulated Pay: written at ten in the morning, offered for five minutes."""

import base64
import gzip
import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from jobs.gateways import signature
from jobs.gateways.simulator.wire import Asked, Given, Verbs, Wrong
from jobs.gateways.simulator.world import World, day_of, rfc
from models.rules.shanghai import SHANGHAI

OFFERED_SECONDS = 300
READY_HOUR = 10
KEPT_DAYS = 92
FUNDS = (
    "记账时间", "微信支付业务单号", "资金流水单号", "业务名称", "业务类型", "收支类型", "收支金额(元)", "账户结余(元)",
    "资金变更提交申请人", "备注", "业务凭证号",
)  # fmt: skip
FUND_TOTALS = ("资金流水总笔数", "收入笔数", "收入金额", "支出笔数", "支出金额")
TRADES = (
    "交易时间", "公众账号ID", "商户号", "特约商户号", "设备号", "微信订单号", "商户订单号", "用户标识", "交易类型",
    "交易状态", "付款银行", "货币种类", "应结订单金额", "代金券金额", "微信退款单号", "商户退款单号", "退款金额",
    "充值券退款金额", "退款类型", "退款状态", "商品名称", "商户数据包", "手续费", "费率", "订单金额", "申请退款金额",
    "费率备注",
)  # fmt: skip
TRADE_TOTALS = (
    "总交易单数", "应结订单总金额", "退款总金额", "充值券退款总金额", "手续费总金额", "订单总金额", "申请退款总金额"
)  # fmt: skip

verbs = Verbs()


@verbs.verb("bill.funds", "/v3/bill/fundflowbill", method="GET")
def funds(world: World, asked: Asked) -> Given:
    """The movements of an account on a day."""
    day, account = _day(world, asked), asked.query.get("account_type", "BASIC")
    rows = [one for one in world.movements if one.account == account and day_of(one.at).isoformat() == day]
    lines = [
        (
            _at(one.at), one.wx_number, one.wx_number, one.business, one.business, "收入" if one.fen > 0 else "支出",
            _yuan(abs(one.fen)), _yuan(one.balance_fen), f"{world.identity.names.mchid}API", one.remark, one.number,
        )
        for one in rows
    ]  # fmt: skip
    taken, given = [one.fen for one in rows if one.fen > 0], [-one.fen for one in rows if one.fen < 0]
    totals = (str(len(rows)), str(len(taken)), _yuan(sum(taken)), str(len(given)), _yuan(sum(given)))
    return _offered(world, asked, FUNDS, lines, FUND_TOTALS, totals)


@verbs.verb("bill.trade", "/v3/bill/tradebill", method="GET")
def trades(world: World, asked: Asked) -> Given:
    """Payments and refunds of a day; the fee of six in a thousand is on the payments alone."""
    day, lines = _day(world, asked), []
    paid = [one for one in world.trades.values() if "paid" in one and day_of(one["paid"]).isoformat() == day]
    refunds = [one for one in world.refunds.values() if day_of(one["made"]).isoformat() == day]
    for one in paid:
        lines.append(_line(world, one, one["paid"], "SUCCESS", one["content"]["amount"]["total"]))
    for one in refunds:
        line = _line(world, one["trade"], one["made"], "REFUND", 0)
        back = _yuan(one["content"]["amount"]["refund"])
        line[14:20] = [one["refund_id"], one["content"]["out_refund_no"], back, "0.00", "ORIGINAL", one["state"]]
        line[25] = back
        lines.append(line)
    turnover = sum(one["content"]["amount"]["total"] for one in paid)
    back = _yuan(sum(one["content"]["amount"]["refund"] for one in refunds))
    totals = (str(len(lines)), _yuan(turnover), back, "0.00", _fee(turnover), _yuan(turnover), back)
    return _offered(world, asked, TRADES, lines, TRADE_TOTALS, totals)


@verbs.verb("bill.file", "/v3/billdownload/file", method="GET")
def file(world: World, asked: Asked) -> Given:
    """The file of a token, unsigned, while it is offered."""
    made, content = world.files.get(asked.query.get("token", ""), (0.0, b""))
    if not content or world.now - made > OFFERED_SECONDS:
        raise Wrong("INVALID_REQUEST", "下载地址已失效，请重新申请")
    return Given(content=content, content_type="text/plain")


@verbs.verb("certificates", "/v3/certificates", method="GET")
def certificates(world: World, asked: Asked) -> Given:
    """The platform certificate, sealed."""
    nonce, key = secrets.token_hex(6), world.identity.names.apiv3_key.encode()
    sealed = AESGCM(key).encrypt(nonce.encode(), world.identity.certificate, b"certificate")
    one = {
        "serial_no": world.identity.names.certificate_serial, "effective_time": rfc(world.now - 86_400),
        "expire_time": rfc(world.now + 4 * 365 * 86_400),
        "encrypt_certificate": {
            "algorithm": signature.ALGORITHM, "nonce": nonce, "associated_data": "certificate",
            "ciphertext": base64.b64encode(sealed).decode(),
        },
    }  # fmt: skip
    return Given({"data": [one]})


def _day(world: World, asked: Asked) -> str:
    """The day asked for, if its file can exist."""
    day = asked.query.get("bill_date", "")
    try:
        begins = datetime.fromisoformat(day).replace(tzinfo=SHANGHAI)
    except ValueError as error:
        raise Wrong("PARAM_ERROR", "bill_date 格式有误") from error
    ready = begins + timedelta(days=1, hours=READY_HOUR)
    now = datetime.fromtimestamp(world.now, SHANGHAI)
    if now < begins + timedelta(days=1) or now > begins + timedelta(days=KEPT_DAYS):
        raise Wrong("INVALID_REQUEST", "账单日期不在可查询范围")
    if now < ready:
        raise Wrong("STATEMENT_CREATING", "账单生成中")
    return day


def _offered(
    world: World, asked: Asked, header: Sequence[str], lines: Sequence[Sequence[str]], last: Sequence[str],
    totals: Sequence[str],
) -> Given:  # fmt: skip
    if not lines:
        raise Wrong("NO_STATEMENT_EXIST", "账单文件不存在")
    rows = [",".join(header), *(_ticked(line) for line in lines), ",".join(last), _ticked(totals)]
    content = "".join(f"{row}\r\n" for row in rows).encode()
    token = secrets.token_hex(16)
    packed = gzip.compress(content) if asked.query.get("tar_type") == "GZIP" else content
    world.files[token] = (world.now, packed)
    sha1 = hashlib.sha1(content, usedforsecurity=False).hexdigest()
    address = f"{asked.query['_host']}/v3/billdownload/file?token={token}"
    return Given({"hash_type": "SHA1", "hash_value": sha1, "download_url": address})


def _line(world: World, trade: dict[str, object], at: float, state: str, fen: int) -> list[str]:
    content = trade["content"]
    assert isinstance(content, dict)
    return [
        _at(at), content["appid"], world.identity.names.mchid, "0", "", str(trade["transaction_id"]),
        content["out_trade_no"], content["payer"]["openid"], "JSAPI", state, "OTHERS", "CNY", _yuan(fen), "0.00", "0",
        "0", "0.00", "0.00", "", "", content["description"], content.get("attach", ""), _fee(fen), "0.60%", _yuan(fen),
        "0.00", "",
    ]  # fmt: skip


def _ticked(cells: Sequence[str]) -> str:
    return ",".join("`" + str(cell).replace(",", "\\ ") for cell in cells)


def _yuan(fen: int) -> str:
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02d}"


def _fee(fen: int) -> str:
    return f"{fen * 6 / 100_000:.5f}"


def _at(at: float) -> str:
    return datetime.fromtimestamp(at, SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
