"""Callbacks on their way: sealed, signed at each delivery, repeated by the documented ladder until they are taken."""

import base64
import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from jobs.gateways import push, signature
from jobs.gateways.simulator.fault import Trouble
from jobs.gateways.simulator.world import World, rfc
from jobs.gateways.token import Account

PAY_LADDER = (15, 15, 30, 180, 600, 1200, 1800, 1800, 1800, 3600, 10800, 10800, 10800, 21600, 21600)
PUSH_LADDER = (0, 0, 10, 60, 300, 1800, 3600, 3600, 3600)
LATE_SECONDS = 600.0

Post = Callable[[str, bytes, Mapping[str, str]], tuple[int, str]]
"""Address, body and headers in; status and text out. `OSError` where nobody answers."""


@dataclass(slots=True, kw_only=True)
class Delivery:
    """One callback: what it says, where it goes, how often it was tried, when it is tried next."""

    kind: str
    address: str
    body: bytes
    due: float
    tries: int = 0
    state: str = "waiting"
    trouble: Trouble | None = None

    @property
    def ladder(self) -> tuple[int, ...]:
        return PAY_LADDER if self.kind == "pay" else PUSH_LADDER


def tell(world: World, address: str, event: str, original: str, resource: dict[str, Any]) -> None:
    """Put a callback of Pay into the queue, sealed under the APIv3 key."""
    if not address:
        return
    nonce = secrets.token_hex(6)
    plain = json.dumps(resource, ensure_ascii=False).encode()
    key = world.identity.names.apiv3_key.encode()
    sealed = base64.b64encode(AESGCM(key).encrypt(nonce.encode(), plain, original.encode())).decode()
    envelope = {
        "id": world.number("EV-", 36), "create_time": rfc(world.now), "resource_type": "encrypt-resource",
        "event_type": event, "summary": event,
        "resource": {
            "original_type": original, "algorithm": signature.ALGORITHM, "ciphertext": sealed,
            "associated_data": original, "nonce": nonce,
        },
    }  # fmt: skip
    _queue(world, "pay", address, json.dumps(envelope, ensure_ascii=False).encode(), "notice")


def push_event(world: World, event: str, body: dict[str, Any]) -> None:
    """Put an event of the shop into the queue; ids come as text and as numbers in turn, as they do [H]."""
    if not world.push_address:
        return
    account = Account.SHOP
    message = {
        "ToUserName": "gh_simulated", "FromUserName": "oSimulated", "CreateTime": int(world.now), "MsgType": "event",
        "Event": event,
    }  # fmt: skip
    text = json.dumps(message | _mixed(world, body), ensure_ascii=False).encode()
    key = push.aes_key(world.identity.names.push_key)
    sealed = push.sealed(text, appid=world.identity.appid(account), key=key)
    envelope = json.dumps({"ToUserName": "gh_simulated", "Encrypt": sealed}).encode()
    _queue(world, "push", world.push_address, envelope, "push")


def pump(world: World, post: Post) -> int:
    """Deliver whatever is due; how many deliveries were tried. The lock is not held while anybody is waited for."""
    with world.lock:
        world.settle()
        due = [one for one in world.queue if one.state == "waiting" and one.due <= world.now]
        calls = [(one, *_headers(world, one)) for one in due]
    for one, address, headers in calls:
        is_taken = _posted(post, address, one.body, headers)
        with world.lock:
            _note(world, one, is_taken=is_taken)
    return len(calls)


def _queue(world: World, kind: str, address: str, body: bytes, verb: str) -> None:
    fault = world.faults.take(verb)
    trouble = fault.kind if fault else None
    if trouble is Trouble.DROPPED:
        return
    wait = float(fault.with_.get("seconds", LATE_SECONDS)) if fault and trouble is Trouble.LATE else 0.0
    copies = 2 if trouble is Trouble.DUPLICATE else 1
    for _ in range(copies):
        one = Delivery(kind=kind, address=address, body=body, due=world.now + wait, trouble=trouble)
        world.queue.append(one)


def _headers(world: World, one: Delivery) -> tuple[str, dict[str, str]]:
    """Address and headers of one try; a scripted trouble touches the first alone."""
    trouble = one.trouble if one.tries == 0 else None
    if one.kind == "pay":
        return one.address, proof(world, one.body, trouble=trouble) | {"Content-Type": "application/json"}
    moment = int(time.time()) - (400 if trouble is Trouble.STALE else 0)
    nonce, token = secrets.token_hex(5), world.identity.names.push_token
    if trouble is Trouble.BAD_SIGNATURE:
        token = "forged"
    sealed = json.loads(one.body)["Encrypt"]
    query = (
        f"signature={push.digest(token, str(moment), nonce)}&timestamp={moment}&nonce={nonce}&openid=oSimulated"
        f"&encrypt_type=aes&msg_signature={push.digest(token, str(moment), nonce, sealed)}"
    )
    return f"{one.address}?{query}", {"Content-Type": "application/json"}


def proof(world: World, body: bytes, *, trouble: Trouble | None = None, is_certified: bool = False) -> dict[str, str]:
    """The headers that prove a body of Pay, or fail to, as scripted."""
    names = world.identity.names
    key = world.identity.certified if is_certified else world.identity.wechat
    moment, nonce = str(int(time.time()) - (400 if trouble is Trouble.STALE else 0)), secrets.token_hex(16)
    signs = signature.signed(key, moment.encode(), nonce.encode(), body)
    if trouble is Trouble.SIGNTEST:
        signs = signature.SIGNTEST + signs
    if trouble is Trouble.BAD_SIGNATURE:
        signs = signature.signed(key, moment.encode(), nonce.encode(), body + b" ")
    return {
        "Wechatpay-Timestamp": moment, "Wechatpay-Nonce": nonce, "Wechatpay-Signature": signs,
        "Wechatpay-Serial": names.certificate_serial if is_certified else names.public_key_id,
        "Wechatpay-Signature-Type": signature.SCHEME,
    }  # fmt: skip


def _posted(post: Post, address: str, body: bytes, headers: dict[str, str]) -> bool:
    try:
        status, text = post(address, body, headers)
    except OSError:
        return False
    # Pay looks at the status alone: a 200 that says FAIL counts as taken [H].
    return status in (200, 204) and ("encrypt_type=" not in address or text in ("", "success"))


def _note(world: World, one: Delivery, *, is_taken: bool) -> None:
    one.tries += 1
    if is_taken:
        one.state = "taken"
    elif one.tries > len(one.ladder):
        one.state = "given_up"
    else:
        one.due = world.now + one.ladder[one.tries - 1]


def _mixed(world: World, body: dict[str, Any]) -> dict[str, Any]:
    """Every second event has its ids as numbers."""
    world.counts["pushes"] += 1
    if not world.habits.mixes_ids or world.counts["pushes"] % 2:
        return body
    return {
        key: {
            name: int(value) if name.endswith("_id") and str(value).isdigit() else value
            for name, value in inner.items()
        }
        for key, inner in body.items()
    }
