"""The real clients over a simulated WeChat inside the test's process: `app.extensions["wechat"]`."""

from datetime import UTC, datetime
from functools import cache

from flask import Flask

from console import wechat as wiring
from jobs.gateways import keyring, push, signature
from jobs.gateways.keyring import Identity
from jobs.gateways.push import Push
from jobs.gateways.showcase_simulator import WindowsSimulator
from jobs.gateways.signature import Merchant, Platform
from jobs.gateways.simulator import Simulator
from jobs.gateways.simulator.app import Simulated
from jobs.gateways.simulator.clock import Clock
from jobs.gateways.simulator.inside import Inside
from jobs.gateways.simulator.world import Habits, World
from jobs.gateways.token import Account, App
from jobs.gateways.wechat import Credentials, WeChat

NOTIFY = "https://console.test"


@cache
def identity() -> Identity:
    """Keys of both sides, made once a process."""
    return keyring.made(datetime(2026, 1, 1, tzinfo=UTC))


def world(*, at: float | None = None, habits: Habits | None = None, **values) -> World:
    """An empty world; with ``at`` its time stands."""
    return World(identity=identity(), clock=Clock(at), habits=habits or Habits(), **values)


def credentials(host: str = "http://127.0.0.1:1", notify: str = NOTIFY) -> Credentials:
    """What the console has of that identity."""
    names, both = identity().names, identity()
    keys = {
        names.public_key_id: both.wechat.public_key(),
        names.certificate_serial: signature.public_key(both.certificate),
    }
    shop = names.apps[Account.SHOP][0]
    return Credentials(
        host=host, pay_host=host, notify=notify, return_address="7001",
        apps={Account(account): App(appid=pair[0], secret=pair[1]) for account, pair in names.apps.items()},
        merchant=Merchant(mchid=names.mchid, serial=names.merchant_serial, key=both.merchant),
        platform=Platform(keys=keys, secrets=[names.apiv3_key.encode()]),
        pushes={Account.SHOP: Push(appid=shop, token=names.push_token, keys=[push.aes_key(names.push_key)])},
    )  # fmt: skip


def clients(program: Simulated) -> WeChat:
    """Every real client over this program, without waiting and on its clock."""
    return WeChat(credentials(), transport=Inside(program), sleep=lambda _: None)


def connect(app: Flask) -> None:
    """Give a test's application WeChat; transfers and windows are the simulators that tests script."""
    program = Simulated(world())
    wiring.connect(app, clients(program))
    app.extensions["wechat_program"] = program
    app.extensions["transfers"] = Simulator()
    app.extensions["windows"] = WindowsSimulator()
