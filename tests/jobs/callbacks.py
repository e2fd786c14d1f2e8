"""Callbacks as WeChat sends them: sealed and signed with the keys of the tests."""

import base64
import json
import time
from itertools import count
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from jobs.gateways import push
from jobs.gateways.push import Push
from jobs.gateways.simulator import Simulator
from tests.gateways import keys
from tests.gateways.wire import Wire, pay, signing

AES = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ"
APPID, TOKEN = "wxshop0000000001", "qianxingtoken01"
MINI = "wxmini0000000001"
NUMBERS = count(1)


def installed(app, monkeypatch) -> None:
    """Both receiving ends, in an application that has sent nothing yet."""
    monkeypatch.setitem(app.extensions, "transfers", Simulator())
    monkeypatch.setitem(app.extensions, "pay", pay(Wire()))
    monkeypatch.setitem(app.extensions, "mini_appid", MINI)
    monkeypatch.delitem(app.extensions, "refunds", raising=False)
    monkeypatch.setitem(app.extensions, "pushes", (Push(appid=APPID, token=TOKEN, keys=[push.aes_key(AES)]),))


def notice(event: str, resource: dict[str, Any], *, key: str = "") -> bytes:
    """A notice of Pay, its resource sealed under our APIv3 key."""
    sealed = AESGCM(keys.SECRET).encrypt(b"nonce12bytes", json.dumps(resource).encode(), b"mch")
    return json.dumps(
        {
            "id": key or f"EV-{next(NUMBERS)}", "create_time": "2026-06-15T14:00:20+08:00", "event_type": event,
            "resource_type": "encrypt-resource", "summary": "",
            "resource": {
                "original_type": "x", "algorithm": "AEAD_AES_256_GCM", "nonce": "nonce12bytes",
                "associated_data": "mch", "ciphertext": base64.b64encode(sealed).decode(),
            },
        }
    ).encode()  # fmt: skip


def call_pay(client, body: bytes, **changed: Any):
    """Deliver a notice as Pay does."""
    return client.post("/webhooks/pay", data=body, headers=signing(body, **changed), csrf=False)


def call_shop(client, message: dict[str, Any], *, age: int = 0, token: str = TOKEN):
    """Deliver a pushed event in secure mode."""
    sealed = push.sealed(json.dumps(message).encode(), appid=APPID, key=push.aes_key(AES))
    moment = str(int(time.time()) - age)
    query = {"timestamp": moment, "nonce": "n", "encrypt_type": "aes"}
    query["msg_signature"] = push.digest(token, moment, "n", sealed)
    return client.post("/webhooks/shop", query_string=query, json={"ToUserName": "gh", "Encrypt": sealed}, csrf=False)
