"""This installation's simulated WeChat: its keys in var/, its goods and windows those of the database."""

import signal
import threading
from collections.abc import Iterable, Sequence
from typing import Any

import click
from flask import Flask

from console import formatting, installation, logs
from jobs.gateways import keyring
from jobs.gateways.simulator.app import Simulated
from jobs.gateways.simulator.server import Server
from jobs.gateways.simulator.world import Habits, Shelved, World
from jobs.gateways.wechat import SHOP_NOTICES
from models import transaction
from models.queries import listing as listings
from models.queries import product as products

HABITS = Habits(confirm_seconds=20.0, deaf_in=12, unlucky_in=25)
ON, OFF = 5, 11


@click.command()
@click.option("--port", type=int, required=True)
@click.option("--notify", required=True)
@click.option("--seed", type=int, required=True)
def main(port: int, notify: str, seed: int) -> None:
    """Serve until told to stop."""
    stop = threading.Event()
    for told in (signal.SIGINT, signal.SIGTERM):
        signal.signal(told, lambda *_: stop.set())
    logs.configure()
    with installation.open_settings() as settings, installation.opened(settings) as app:
        world = World(
            identity=keyring.kept(installation.folder() / "wechat", formatting.now()), habits=HABITS,
            beginnings=Installed(app), seed=seed, push_address=f"{notify}{SHOP_NOTICES}",
        )  # fmt: skip
        server = Server(Simulated(world), port=port).start()
        click.echo(f"微信模拟器：{server.address}（与真实微信无关；回调发往 {notify}）")
        server.wait(stop)


class Installed:
    """What existed before the simulator began: the catalogue and the windows as the database has them."""

    def __init__(self, app: Flask) -> None:
        self._app = app

    def catalogue(self) -> Iterable[dict[str, Any]]:
        with self._app.app_context(), transaction():
            return [_goods(row) for row in products.catalogue()]

    def shelves(self, openid: str) -> Sequence[Shelved]:
        with self._app.app_context(), transaction():
            return [Shelved(number(row.product_id), row.source) for row in listings.standing_with(openid)]


def number(product_id: int) -> str:
    """The shop's number of a product of ours."""
    return f"10000{product_id:09d}"


def _goods(row: Any) -> dict[str, Any]:
    """A product as the shop tells it."""
    sku = {
        "sku_id": f"41000{row.id:08d}", "out_sku_id": row.code, "sku_code": row.code, "sale_price": row.price_fen,
        "market_price": row.price_fen, "stock_num": row.stock, "status": ON,
    }  # fmt: skip
    return {
        "product_id": number(row.id), "out_product_id": row.code, "title": row.title, "skus": [sku],
        "status": ON if row.state == "listed" else OFF, "edit_status": 4, "min_price": row.price_fen,
    }  # fmt: skip


if __name__ == "__main__":
    main()
