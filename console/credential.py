"""WeChat's hosts, accounts and keys from the environment: each secret by value or by file, never in the database.

Keys that change have room for two: several keys of WeChat by serial, two APIv3 keys, two message keys, the new first.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from console.config import Misconfigured
from jobs.gateways import errcode, push, signature, wechat_pay
from jobs.gateways.http import Misdirected, checked, is_here
from jobs.gateways.push import Push
from jobs.gateways.signature import BadKey, Merchant, Platform
from jobs.gateways.token import Account, App
from jobs.gateways.wechat import Credentials

PREFIXES = {
    Account.MINI: "WECHAT",
    Account.SHOP: "WECHAT_SHOP",
    Account.ASSISTANT: "WECHAT_ASSISTANT",
    Account.TALENT: "WECHAT_TALENT",
    Account.AGENCY: "WECHAT_AGENCY",
}
PUSHES = {Account.SHOP: "WECHAT_PUSH", Account.MINI: "WECHAT_MINI_PUSH"}
PAY = ("WECHATPAY_SERIAL", "WECHATPAY_PRIVATE_KEY", "WECHATPAY_APIV3_KEY", "WECHATPAY_PUBLIC_KEYS")
APIV3_KEY_LENGTH = 32


@dataclass(frozen=True, slots=True)
class Given:
    """The variables, read one by one."""

    environment: Mapping[str, str]

    def text(self, name: str) -> str:
        """A value, or what the file of NAME_FILE holds; empty where neither is set."""
        value, path = self.environment.get(name, ""), self.environment.get(f"{name}_FILE", "")
        if value and path:
            raise Misconfigured(f"{name} 和 {name}_FILE 只能设置一个。")
        return value.strip() if value else _file(f"{name}_FILE", path).decode().strip() if path else ""

    def parts(self, name: str) -> list[str]:
        """The parts of a value that holds several, separated by commas."""
        return [one.strip() for one in self.text(name).split(",") if one.strip()]


def read(environment: Mapping[str, str]) -> Credentials:
    """Everything that is set, checked; `Misconfigured` names what is wrong, and never shows a secret."""
    given = Given(environment)
    apps = {account: _app(given, account, prefix) for account, prefix in PREFIXES.items()}
    known = {account: app for account, app in apps.items() if app is not None}
    try:
        merchant, platform = _pay(given)
        pushes = {account: _push(given, known, account, prefix) for account, prefix in PUSHES.items()}
        return Credentials(
            host=checked(given.text("WECHAT_HOST") or errcode.HOST),
            pay_host=checked(given.text("WECHATPAY_HOST") or wechat_pay.HOST),
            apps=known, merchant=merchant, platform=platform, notify=_notify(given),
            return_address=given.text("WECHAT_SHOP_RETURN_ADDRESS"),
            pushes={account: one for account, one in pushes.items() if one is not None},
        )  # fmt: skip
    except (BadKey, Misdirected) as error:
        raise Misconfigured(str(error)) from error


def _app(given: Given, account: Account, prefix: str) -> App | None:
    appid, secret = given.text(f"{prefix}_APPID"), given.text(f"{prefix}_SECRET")
    if bool(appid) != bool(secret):
        raise Misconfigured(f"{prefix}_APPID 和 {prefix}_SECRET 须同时设置。")
    return App(appid=appid, secret=secret) if appid else None


def _pay(given: Given) -> tuple[Merchant | None, Platform | None]:
    """Pay's two sides, or neither."""
    mchid = given.text("WECHATPAY_MCHID")
    if not mchid:
        return None, None
    missing = [name for name in PAY if not given.text(name)]
    if missing:
        raise Misconfigured(f"微信支付还缺少：{'、'.join(missing)}（密钥可用 …_FILE 指定文件）。")
    secrets = [one.encode() for one in given.parts("WECHATPAY_APIV3_KEY")]
    if any(len(one) != APIV3_KEY_LENGTH for one in secrets):
        raise Misconfigured("WECHATPAY_APIV3_KEY 应为 32 个字符；更换期间用逗号隔开新旧两个。")
    key = signature.private_key(given.text("WECHATPAY_PRIVATE_KEY").encode())
    keys = dict(_public_key(part) for part in given.parts("WECHATPAY_PUBLIC_KEYS"))
    merchant = Merchant(mchid=mchid, serial=given.text("WECHATPAY_SERIAL"), key=key)
    return merchant, Platform(keys=keys, secrets=secrets)


def _public_key(part: str) -> tuple[str, RSAPublicKey]:
    """One `SERIAL=FILE`."""
    serial, equals, path = part.partition("=")
    if not (serial and equals and path):
        raise Misconfigured("WECHATPAY_PUBLIC_KEYS 写作 序列号=文件，多个用逗号隔开，新的在前。")
    return serial.strip(), signature.public_key(_file("WECHATPAY_PUBLIC_KEYS", path.strip()))


def _push(given: Given, apps: Mapping[Account, App], account: Account, prefix: str) -> Push | None:
    token, keys = given.text(f"{prefix}_TOKEN"), given.parts(f"{prefix}_KEY")
    if not token and not keys:
        return None
    if not (token and keys and account in apps):
        raise Misconfigured(f"{prefix}_TOKEN、{prefix}_KEY 与 {PREFIXES[account]}_APPID 须一并设置。")
    return Push(appid=apps[account].appid, token=token, keys=[push.aes_key(one) for one in keys])


def _notify(given: Given) -> str:
    """Our own address as WeChat reaches it: https, without a query [H]."""
    address = given.text("WECHAT_NOTIFY").rstrip("/")
    parts = urlsplit(address)
    is_good = parts.scheme == "https" or (parts.scheme == "http" and is_here(parts.hostname or ""))
    if address and (not is_good or parts.query):
        raise Misconfigured("WECHAT_NOTIFY 是微信回调本站的地址，须为 https，不带参数。")
    return address


def _file(name: str, path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise Misconfigured(f"{name} 指定的文件无法读取：{path}（{error.strerror}）。") from error
