"""WeChat Pay's cryptography (APIv3): signing requests, trusting replies and callbacks, sealed resources and names.

Wire facts: pay.weixin.qq.com signing and verification pages, two sources agreeing [H].
"""

import base64
import binascii
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from cryptography.x509 import load_pem_x509_certificate

SCHEME = "WECHATPAY2-SHA256-RSA2048"
ALGORITHM = "AEAD_AES_256_GCM"
PUBLIC_KEY_ID = "PUB_KEY_ID_"
SIGNTEST = "WECHATPAY/SIGNTEST/"
FRESH_SECONDS = 300
LONGEST_NAME = 214
"""Bytes that RSA-OAEP with SHA-1 takes under a 2048-bit key."""


class Unverified(Exception):
    """What claims to come from WeChat does not prove it; ``why`` is one word, safe to log."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class BadKey(ValueError):
    """A key that cannot be read; the message names which, never its contents."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Merchant:
    """Us: the merchant's number, the key that signs and the serial of its certificate."""

    mchid: str
    serial: str
    key: RSAPrivateKey = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """WeChat: its keys by serial (`PUB_KEY_ID_…` or a certificate's), any number side by side, the newest first.

    ``secrets`` are our APIv3 keys, today's first: while a key changes, what the former sealed still opens.
    """

    keys: Mapping[str, RSAPublicKey]
    secrets: Sequence[bytes] = field(repr=False)

    @property
    def newest(self) -> str:
        """The serial whose key seals names, and that requests announce."""
        return next(iter(self.keys))


def authorization(
    merchant: Merchant, method: str, target: str, body: bytes, *, at: int | None = None, nonce: str = ""
) -> str:
    """The header that signs a request; ``target`` is path and query exactly as sent [H]."""
    moment, nonce = str(int(time.time()) if at is None else at), nonce or secrets.token_hex(16)
    signature = signed(merchant.key, method.encode(), target.encode(), moment.encode(), nonce.encode(), body)
    return (
        f'{SCHEME} mchid="{merchant.mchid}",nonce_str="{nonce}",signature="{signature}",'
        f'timestamp="{moment}",serial_no="{merchant.serial}"'
    )


def signed(key: RSAPrivateKey, *lines: bytes) -> str:
    """The signature of lines that each end in a line feed, the last one too."""
    return base64.b64encode(key.sign(_text(lines), PKCS1v15(), SHA256())).decode()


def verify(platform: Platform, headers: Mapping[str, str], body: bytes, *, now: float) -> None:
    """Trust a reply or callback, or raise `Unverified`. The serial is looked up in what is configured, nowhere else.

    Refused: headers missing, a scheme that is not ours (its header may be absent, U13 [M]), an unknown serial, more
    than 300 seconds away, WeChat's own probe signatures (SIGNTEST), a signature that does not fit.
    """
    given = {name.lower(): value for name, value in headers.items()}
    moment, nonce, signature, serial = (
        given.get(f"wechatpay-{name}", "") for name in ("timestamp", "nonce", "signature", "serial")
    )
    if not (moment and nonce and signature and serial):
        raise Unverified("headers")
    if given.get("wechatpay-signature-type", SCHEME) != SCHEME:
        raise Unverified("scheme")
    if signature.startswith(SIGNTEST):
        raise Unverified("signtest")
    if not (moment.isascii() and moment.isdigit() and len(moment) < 12) or abs(now - int(moment)) > FRESH_SECONDS:
        raise Unverified("stale")
    if serial not in platform.keys:
        raise Unverified("serial")
    check(platform.keys[serial], signature, moment.encode(), nonce.encode(), body)


def check(key: RSAPublicKey, signature: str, *lines: bytes) -> None:
    """Whether a signature fits lines that each end in a line feed."""
    try:
        key.verify(base64.b64decode(signature, validate=True), _text(lines), PKCS1v15(), SHA256())
    except (InvalidSignature, binascii.Error, ValueError) as error:
        raise Unverified("signature") from error


def opened(resource: Mapping[str, str], keys: Sequence[bytes]) -> bytes:
    """What a sealed resource holds: AES-256-GCM under the first APIv3 key that fits [H]."""
    if resource.get("algorithm") != ALGORITHM:
        raise Unverified("algorithm")
    try:
        sealed = base64.b64decode(resource["ciphertext"], validate=True)
        nonce = resource["nonce"].encode()
    except (KeyError, binascii.Error, AttributeError) as error:
        raise Unverified("resource") from error
    extra = (resource.get("associated_data") or "").encode()
    for key in keys:
        try:
            return AESGCM(key).decrypt(nonce, sealed, extra)
        except (InvalidTag, ValueError):
            continue
    raise Unverified("apiv3_key")


def concealed(platform: Platform, text: str) -> str:
    """A name as only WeChat can read it: RSA-OAEP with SHA-1 under the newest key [H]."""
    plain = text.encode()
    if len(plain) > LONGEST_NAME:
        raise ValueError("a name of more than 214 bytes")
    key = platform.keys[platform.newest]
    return base64.b64encode(key.encrypt(plain, _oaep())).decode()


def revealed(key: RSAPrivateKey, sealed: str) -> str:
    """What was concealed for the holder of this key."""
    try:
        return key.decrypt(base64.b64decode(sealed), _oaep()).decode()
    except ValueError as error:
        raise Unverified("oaep") from error


def private_key(pem: bytes) -> RSAPrivateKey:
    """A merchant's key (`apiclient_key.pem`)."""
    found = _loaded(lambda: load_pem_private_key(pem, password=None))
    if not isinstance(found, RSAPrivateKey):
        raise BadKey("商户私钥不是可读的 RSA 私钥。")
    return found


def public_key(pem: bytes) -> RSAPublicKey:
    """A key of WeChat: its public key file, or the key of a platform certificate."""
    if b"CERTIFICATE" in pem:
        found = _loaded(lambda: load_pem_x509_certificate(pem).public_key())
    else:
        found = _loaded(lambda: load_pem_public_key(pem))
    if not isinstance(found, RSAPublicKey):
        raise BadKey("微信支付公钥或平台证书无法读取。")
    return found


def _loaded(read: Callable[[], object]) -> object | None:
    try:
        return read()
    except (ValueError, TypeError):
        return None


def _text(lines: Sequence[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in lines)


def _oaep() -> OAEP:
    return OAEP(mgf=MGF1(algorithm=SHA1()), algorithm=SHA1(), label=None)
