"""What of WeChat is configured and answers, said without a secret: for whoever sets an installation up."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from console.credential import PREFIXES
from jobs.gateways.http import Refused, Retryable
from jobs.gateways.token import Account
from jobs.gateways.wechat import Credentials, WeChat

TITLES = {
    Account.MINI: "小程序",
    Account.SHOP: "微信小店",
    Account.ASSISTANT: "视频号助手",
    Account.TALENT: "带货助手",
    Account.AGENCY: "带货机构",
}
PROBE = "QIANXINGCHECK0000000000000000000"
"""A transfer number that nobody uses: that Pay knows of none proves that it took our signature. WeChat's own key shows
at the first answer that it signs, which a refusal is not [H]."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One part: None is not configured, else whether it answers, and a sentence."""

    title: str
    is_good: bool | None
    sentence: str

    @property
    def is_bad(self) -> bool:
        return self.is_good is False

    @property
    def mark(self) -> str:
        return "－" if self.is_good is None else "✓" if self.is_good else "✗"


def check(credentials: Credentials, *, wechat: WeChat | None = None) -> Sequence[Finding]:
    """Look at every part; each account is asked for a token, Pay for a transfer that does not exist."""
    wechat = wechat or WeChat(credentials)
    findings = [Finding("接口地址", True, f"{credentials.host}，{credentials.pay_host}{_simulated(credentials)}")]
    findings += [_account(wechat, account) for account in PREFIXES]
    findings.append(_pay(wechat))
    findings += [_push(credentials, account) for account in (Account.SHOP, Account.MINI)]
    is_told = bool(credentials.notify)
    notify = credentials.notify if is_told else "未设置 WECHAT_NOTIFY，收不到转账与退款的回调，只能靠查询"
    return [*findings, Finding("回调地址", True if is_told else None, notify)]


def _simulated(credentials: Credentials) -> str:
    return "（本机模拟器，与真实微信无关）" if credentials.is_simulated else ""


def _account(wechat: WeChat, account: Account) -> Finding:
    title, app = TITLES[account], wechat.credentials.apps.get(account)
    if app is None:
        return Finding(title, None, f"未设置 {PREFIXES[account]}_APPID")
    return _tried(title, f"appid {app.appid}，已取得访问令牌", lambda: wechat.api.tokens.get(account))


def _pay(wechat: WeChat) -> Finding:
    merchant, platform = wechat.credentials.merchant, wechat.credentials.platform
    if merchant is None or platform is None:
        return Finding("微信支付", None, "未设置 WECHATPAY_MCHID")
    serials = "、".join(platform.keys)
    sides = f"商户 {merchant.mchid}，商户证书 {merchant.serial}，微信侧密钥 {serials}"
    sentence = f"{sides}，APIv3 密钥 {len(platform.secrets)} 个"
    return _tried("微信支付", f"{sentence}，签名已被接受", lambda: wechat.transfers.find(PROBE))


def _push(credentials: Credentials, account: Account) -> Finding:
    found = credentials.pushes.get(account)
    title = f"{TITLES[account]}消息推送"
    return Finding(title, True, f"密钥 {len(found.keys)} 个") if found else Finding(title, None, "未设置")


def _tried(title: str, sentence: str, ask: Callable[[], object]) -> Finding:
    try:
        ask()
    except Refused as refusal:
        return Finding(title, False, f"被拒绝：{refusal}")
    except Retryable as error:
        return Finding(title, False, f"没有可信的应答：{error.code}")
    return Finding(title, True, sentence)
