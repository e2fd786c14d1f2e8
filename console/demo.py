"""The seeded world of a demonstration, made by operations alone, so that its data obeys every rule."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from console import demo_export, intake
from console.demo_export import FOOD, SKINCARE, Assortment
from console.formatting import SHANGHAI
from console.intake import Wait
from jobs import queue
from models import Actor, ImportRun, Staff, acting, db, transaction
from models.operations import merchant as merchants
from models.operations import outbox
from models.tables.merchant import Merchant, Shop

SEED = 7
BUILDER = Actor("system:demo", source="cli", action="demo")
SAMPLE_ROWS = 800
POOL = "common"
"""The pool of workers whose jobs the world is imported by."""


class NotBuilt(RuntimeError):
    """An import of the demonstration did not come to its end."""


@dataclass(frozen=True)
class Plan:
    """A shop of the demonstration: whose it is, what it sells and how many rows its export has."""

    merchant: tuple[str, str]
    shop: str
    platform: str
    assortment: Assortment
    rows: int


PLANS = (
    Plan(("shanlan", "山岚日化"), "山岚旗舰店", "tmall", SKINCARE, 12_000),
    Plan(("shanlan", "山岚日化"), "山岚视频号小店", "wechat", SKINCARE, 3_000),
    Plan(("nanfeng", "南风食品"), "南风零食铺", "tmall", FOOD, 5_000),
)


@dataclass(frozen=True)
class World:
    """What the command says about the world: whose account the merchant's is, and which file waits to be tried."""

    merchant_id: int
    sample: Path


def build(*, folder: Path, at: datetime, wait: Wait) -> World:
    """Make the world, or find it made; ``wait`` returns once the jobs have done what they were asked for."""
    shops = [(seed, (plan, _shop(plan))) for seed, plan in enumerate(PLANS, SEED)]
    last_on = at.astimezone(SHANGHAI).date() - timedelta(days=1)
    sample = folder / "试导入-山岚视频号小店.csv"
    if not sample.exists():
        text = demo_export.export(SKINCARE, rows=SAMPLE_ROWS, last_on=last_on, seed=SEED + 90)
        sample.write_text(text, encoding="gb18030")
    begun = [_begun(plan, shop_id, seed, folder=folder, last_on=last_on, at=at) for seed, (plan, shop_id) in shops]
    with acting(BUILDER):
        for import_id in begun:
            intake.try_out(import_id, by=BUILDER.name, wait=wait)
            run = intake.publish(import_id, by=BUILDER.name, wait=wait)
            if run.failure:
                raise NotBuilt(f"演示数据没有建成：{run.failure}")
    merchant_id = db.session.scalars(sa.select(Merchant.id).where(Merchant.code == PLANS[0].merchant[0])).one()
    return World(merchant_id=merchant_id, sample=sample)


def begin_world(*, members: int, seed: int, at: datetime) -> bool:
    """Ask for the members, orders and money of the demonstration, once an installation; whether it is under way.

    The job stands on the workbench of the demonstration's administrator.
    """
    queue.load()
    line = queue.order("build_world")
    with acting(BUILDER), transaction():
        admin = db.session.scalar(sa.select(Staff.id).where(Staff.code == "demo"))
        made = outbox.request(
            "build_world", queue=line.queue, title=line.title, max_attempts=line.max_attempts, by=f"staff:{admin}",
            payload={"members": members, "seed": seed, "at": at.isoformat()}, key="build_world",
        )  # fmt: skip
        return made.finished_at is None


def _shop(plan: Plan) -> int:
    """The number of the plan's shop, opened together with its merchant on the first call."""
    code, name = plan.merchant
    with acting(BUILDER), transaction():
        merchant_id = db.session.scalar(sa.select(Merchant.id).where(Merchant.code == code))
        if merchant_id is None:
            merchant_id = merchants.open_merchant(code=code, name=name).id
        found = db.session.scalar(sa.select(Shop.id).where(Shop.merchant_id == merchant_id, Shop.name == plan.shop))
        if found is None:
            found = merchants.open_shop(merchant_id=merchant_id, name=plan.shop, platform=plan.platform).id
    return found


def _begun(plan: Plan, shop_id: int, seed: int, *, folder: Path, last_on: date, at: datetime) -> int:
    """The number of the import that fills a shop; what somebody has undone since is not brought again."""
    with transaction():
        brought = sa.select(sa.func.min(ImportRun.id))
        found = db.session.scalar(brought.where(ImportRun.shop_id == shop_id, ImportRun.created_by == BUILDER.name))
    if found is not None:
        return found
    path = folder / f"{plan.shop}-订单导出.csv"
    path.write_text(demo_export.export(plan.assortment, rows=plan.rows, last_on=last_on, seed=seed), encoding="utf-8")
    with acting(BUILDER):
        return intake.bring(path, shop_id=shop_id, layout_name="", by=BUILDER.name, at=at)
