"""Both sides' keys of a conversation with a simulated WeChat, made once an installation and kept in its folder."""

import json
import os
import secrets
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID

from jobs.gateways import signature
from jobs.gateways.token import Account

CERTIFICATE_DAYS = 5 * 365
_ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Numbers and secrets that are text."""

    mchid: str
    merchant_serial: str
    public_key_id: str
    certificate_serial: str
    apiv3_key: str = field(repr=False)
    push_token: str = field(repr=False)
    push_key: str = field(repr=False)
    apps: dict[str, list[str]] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What the simulated WeChat knows: its own keys, the merchant's public one, everybody's secrets."""

    names: Names
    merchant: RSAPrivateKey = field(repr=False)
    wechat: RSAPrivateKey = field(repr=False)
    certified: RSAPrivateKey = field(repr=False)
    certificate: bytes = field(repr=False)

    def secret_of(self, appid: str) -> tuple[Account, str] | None:
        """Which account an appid is, and its secret."""
        for account, (known, secret) in self.names.apps.items():
            if known == appid:
                return Account(account), secret
        return None

    def appid(self, account: Account) -> str:
        return self.names.apps[account][0]


def made(now: datetime) -> Identity:
    """A new one; three RSA keys take about half a second."""
    merchant, wechat, certified = (generate_private_key(public_exponent=65537, key_size=2048) for _ in range(3))
    certificate = _certificate(certified, now)
    names = Names(
        mchid="19" + "".join(secrets.choice("0123456789") for _ in range(8)),
        merchant_serial=secrets.token_hex(20).upper(),
        public_key_id=f"{signature.PUBLIC_KEY_ID}01{secrets.randbelow(10**26):026d}",
        certificate_serial=f"{certificate.serial_number:040X}",
        apiv3_key=_word(32), push_token=_word(24), push_key=_word(42) + "A",
        apps={account: [f"wx{secrets.token_hex(8)}", secrets.token_hex(16)] for account in Account},
    )  # fmt: skip
    return Identity(
        names=names, merchant=merchant, wechat=wechat, certified=certified,
        certificate=certificate.public_bytes(Encoding.PEM),
    )  # fmt: skip


def kept(folder: Path, now: datetime) -> Identity:
    """The identity of a folder, made at first sight. Whoever calls holds the installation alone."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not (folder / "names.json").exists():
        _write(folder, made(now))
    read = {name: signature.private_key((folder / f"{name}.pem").read_bytes()) for name in _KEYS}
    names = Names(**json.loads((folder / "names.json").read_text()))
    return Identity(names=names, certificate=(folder / "certificate.pem").read_bytes(), **read)


def environment(folder: Path, names: Names, *, host: str, notify: str) -> dict[str, str]:
    """The variables by which the console speaks to a simulator as it would to WeChat."""
    apps = {Account(account): pair for account, pair in names.apps.items()}
    pairs = {f"WECHAT_{account.upper()}": pair for account, pair in apps.items() if account is not Account.MINI}
    pairs["WECHAT"] = apps[Account.MINI]
    found = {f"{name}_APPID": appid for name, (appid, _) in pairs.items()}
    found |= {f"{name}_SECRET": secret for name, (_, secret) in pairs.items()}
    return found | {
        "WECHAT_HOST": host, "WECHATPAY_HOST": host, "WECHAT_NOTIFY": notify, "WECHAT_SHOP_RETURN_ADDRESS": "7001",
        "WECHAT_PUSH_TOKEN": names.push_token, "WECHAT_PUSH_KEY": names.push_key,
        "WECHATPAY_MCHID": names.mchid, "WECHATPAY_SERIAL": names.merchant_serial,
        "WECHATPAY_PRIVATE_KEY_FILE": str(folder / "merchant.pem"),
        "WECHATPAY_APIV3_KEY": names.apiv3_key,
        "WECHATPAY_PUBLIC_KEYS": (
            f"{names.public_key_id}={folder / 'wechat.pub.pem'},{names.certificate_serial}={folder / 'certificate.pem'}"
        ),
    }  # fmt: skip


_KEYS = ("merchant", "wechat", "certified")


def _write(folder: Path, identity: Identity) -> None:
    """Keys first, names last: a folder with names is whole."""
    for name in _KEYS:
        key: RSAPrivateKey = getattr(identity, name)
        _put(folder / f"{name}.pem", key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    _put(folder / "wechat.pub.pem", public_pem(identity.wechat))
    _put(folder / "certificate.pem", identity.certificate)
    _put(folder / "names.json", json.dumps(asdict(identity.names)).encode())


def public_pem(key: RSAPrivateKey) -> bytes:
    """The public half as the platform hands it out."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def _put(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)


def _certificate(key: RSAPrivateKey, now: datetime) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Tenpay.com sign (simulated)")])
    begins = now.astimezone(UTC) - timedelta(days=1)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    builder = builder.serial_number(secrets.randbits(156) | 1 << 155)
    return (
        builder.not_valid_before(begins).not_valid_after(begins + timedelta(days=CERTIFICATE_DAYS)).sign(key, SHA256())
    )


def _word(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))
