"""Keys that the tests of a process share: making one takes longer than a test."""

import datetime
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID

from jobs.gateways.signature import Merchant, Platform

MCHID = "1900000001"
MERCHANT_SERIAL = "5157F09EFDC096DE15EBE81A47057A7232F1B8E1"
PUBLIC_KEY_ID = "PUB_KEY_ID_0119000000012026010100000000000001"
SECRET = b"0123456789abcdef0123456789abcdef"


@cache
def key(name: str) -> rsa.RSAPrivateKey:
    """The RSA key of this name."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def merchant() -> Merchant:
    return Merchant(mchid=MCHID, serial=MERCHANT_SERIAL, key=key("merchant"))


def platform(*extra: str) -> Platform:
    """WeChat's public key, and more keys by the serials of their names."""
    keys = {PUBLIC_KEY_ID: key("wechat").public_key()} | {name: key(name).public_key() for name in extra}
    return Platform(keys=keys, secrets=(SECRET,))


def private_pem(name: str) -> str:
    return key(name).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def public_pem(name: str) -> str:
    return key(name).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@cache
def certificate(name: str) -> x509.Certificate:
    """A platform certificate, good for years around now."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Tenpay.com sign")])
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key(name).public_key())
        .serial_number(0x1DDE55AD98ED71D6EDD4A4A16996DE7B47773A8C)
        .not_valid_before(datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC))
        .not_valid_after(datetime.datetime(2044, 1, 1, tzinfo=datetime.UTC))
        .sign(key(name), SHA256())
    )
