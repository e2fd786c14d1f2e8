"""An order file of this machine through its whole import, as the command line and the demonstration take it."""

import os
import socket
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from console import files
from jobs import importing as jobs
from jobs import queue
from models import ImportRun, db, transaction
from models.errors import Missing
from models.operations import importing, job
from models.queries import importing as imports
from models.rules import intake
from models.rules.importing import Layout, SheetInfo, sniff, validate
from models.rules.intake import State
from models.tables.job import Queue

LOOK_SECONDS = 0.2
Wait = Callable[[Callable[[], bool]], None]


class NoSuchFile(Missing):
    """There is no file of this name on this machine."""


class NoSuchShop(Missing):
    """There is no shop of this name, or more than one."""


def layout_for(sheets: list[SheetInfo], *, name: str) -> tuple[Layout, str]:
    """The layout of the given name; without a name the newest saved one that fits, else what the file looks like."""
    if name:
        saved = imports.layout_named(name)
        if saved is None:
            known = "、".join(layout.name for layout in imports.layouts())
            raise importing.NoSuchLayout(f"没有布局“{name}”；已保存的布局：{known or '无'}")
        return Layout.from_json(saved.layout), saved.name
    for saved in imports.layouts():
        layout = Layout.from_json(saved.layout)
        if not validate(layout, sheets):
            return layout, saved.name
    return sniff(sheets), ""


def shop_named(name: str) -> int:
    """The number of a shop by its name, with its merchant's code before a slash where two share the name."""
    code, _, alone = name.rpartition("/")
    found = [
        shop.id
        for shop, merchant in imports.shops(merchant_id=None)
        if shop.name == alone and code in ("", merchant.code)
    ]
    if not found:
        known = "、".join(f"{merchant.code}/{shop.name}" for shop, merchant in imports.shops(merchant_id=None))
        raise NoSuchShop(f"没有店铺“{name}”；现有店铺：{known or '无，请先在控台开设'}")
    if len(found) > 1:
        raise NoSuchShop(f"有 {len(found)} 个店铺叫“{alone}”，请写作 商家编码/{alone}")
    return found[0]


def bring(path: Path, *, shop_id: int, layout_name: str, by: str, at: datetime) -> int:
    """Keep a copy of the file and enter it; the number of its import. A refused file leaves nothing."""
    if not path.is_file():
        raise NoSuchFile(f"找不到文件 {path}")
    with path.open("rb") as source:
        kept = files.keep(source, called=path.name, folder=jobs.folder())
    try:
        with transaction():
            importing.refuse_twin(shop_id=shop_id, sha256=kept.sha256)
            layout, name = layout_for(jobs.sheets_of(kept.name), name=layout_name)
            upload = importing.Upload(shop_id, path.name[-200:], kept.name, kept.sha256, kept.size_bytes)
            run = importing.take_in(upload=upload, layout=layout.to_json(), layout_name=name, by=by, at=at)
            return run.id
    except BaseException:
        files.drop(kept.name, folder=jobs.folder())
        raise


def try_out(import_id: int, *, by: str, wait: Wait) -> ImportRun:
    """The dry run, waited for; goes on with one that is under way."""
    if intake.allows(standing(import_id), State.STAGING):
        with transaction():
            importing.try_out(import_id=import_id, by=by)
    wait(lambda: standing(import_id) is not State.STAGING)
    return db.session.get_one(ImportRun, import_id)


def publish(import_id: int, *, by: str, wait: Wait) -> ImportRun:
    """The import itself, waited for; goes on with one that is under way."""
    if standing(import_id) is State.STAGED:
        with transaction():
            importing.publish(import_id=import_id, by=by)
    wait(lambda: standing(import_id) is not State.PUBLISHING)
    return db.session.get_one(ImportRun, import_id)


def standing(import_id: int) -> State:
    """The state at this moment, whoever changed it; leaves no transaction open behind the question."""
    state = State(db.session.scalars(sa.select(ImportRun.state).where(ImportRun.id == import_id)).one())
    db.session.rollback()
    return state


def work_along(import_id: int) -> Wait:
    """Waits for an import's job, doing it in this process unless a worker is quicker: no worker need be running."""
    worker = f"{socket.gethostname()}-{os.getpid()}-cli"

    def wait(done: Callable[[], bool]) -> None:
        queue.load()
        while not done():
            run = db.session.get_one(ImportRun, import_id, populate_existing=True)
            with transaction():
                claim = job.claim(worker=worker, queue=Queue.DEFAULT, job_id=run.job_id)
            if claim is not None:
                queue.perform(claim)
            else:
                time.sleep(LOOK_SECONDS)

    return wait
