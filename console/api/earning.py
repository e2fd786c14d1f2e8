"""One's earnings as a file: asked for, written in the background, fetched by nobody else, gone after a day."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from console.api.money import SAID, EarningKind, span_of
from console.api.route import Call, actor, route
from console.api.schema import Body, Count, Earned, Instant, SaidDay
from console.api.shown import not_there
from jobs.export import folder
from models import EarningExport, acting, transaction
from models.operations import earning_export as operations
from models.operations.download import NoFile
from models.operations.earning_export import Wish
from models.queries import earning as queries
from models.tables import job

AT = "2026-11-24T08:00:00.000+08:00"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PATH = "/me/earnings/exports/<number:export_id>"
WORKING = {
    "id": 7, "state": "working", "rows": 0, "bytes": 0, "asked_at": AT, "ready_at": None, "expires_at": None,
    "disclaimer": SAID,
}  # fmt: skip


class State(StrEnum):
    """How far a file is."""

    WORKING = "working"
    READY = "ready"
    FAILED = "failed"
    EXPIRED = "expired"


class Asking(Body):
    """Which earnings, as GET /me/earnings takes them: of one kind, of days in Shanghai, both ends included."""

    kind: EarningKind | None = None
    since: Annotated[SaidDay | None, Field(alias="from")] = None
    until: Annotated[SaidDay | None, Field(alias="to")] = None


class File(Earned):
    """A file and how far it is; ``rows`` and ``bytes`` once it is ready, until ``expires_at``."""

    id: int
    state: State
    rows: Count
    bytes: Count
    asked_at: Instant
    ready_at: Instant | None
    expires_at: Instant | None


@route(
    "POST", "/me/earnings/exports", "earnings.export", "导出我的收入明细（后台生成 xlsx）", body=Asking, answer=File,
    status=202, keyed=True, example={"kind": "level", "from": "2026-11-01", "to": "2026-11-30"}, gives=WORKING,
)  # fmt: skip
def ask(call: Call) -> File:
    since, until = span_of(call.body)
    wish = Wish(kind=call.body.kind, since=since, until=until)
    return _file(operations.ask(member_id=call.member_id, wish=wish, at=call.at), None, call)


@route(
    "GET", PATH, "earnings.file", "收入明细文件的进度", answer=File,
    gives=WORKING | {"state": "ready", "rows": 12, "bytes": 7168, "ready_at": AT, "expires_at": AT},
)  # fmt: skip
def read(call: Call, export_id: int) -> File:
    found = queries.file_of(member_id=call.member_id, export_id=export_id)
    if found is None:
        raise not_there()
    return _file(*found, call)


@route("GET", f"{PATH}/file", "earnings.fetch", "下载收入明细文件，24 小时内有效，仅限本人", media=XLSX, own_edge=True)
def fetch(call: Call, export_id: int) -> bytes:
    """Every figure in it has its disclaimer beside it; who fetched it when is noted."""
    with acting(actor("earnings.fetch", call)), transaction():
        made = operations.fetch(export_id=export_id, member_id=call.member_id, at=call.at)
    path = folder() / str(made.file)
    if not path.is_file():
        raise NoFile("文件已不在，请重新生成。")
    return path.read_bytes()


def _file(made: EarningExport, state: str | None, call: Call) -> File:
    return File(
        id=made.id, state=_state(made, state, call), rows=made.rows, bytes=made.bytes, asked_at=made.created_at,
        ready_at=made.ready_at, expires_at=made.expires_at,
    )  # fmt: skip


def _state(made: EarningExport, state: str | None, call: Call) -> State:
    if made.expires_at is not None:
        return State.EXPIRED if made.removed_at is not None or made.expires_at <= call.at else State.READY
    return State.FAILED if state in (job.State.DEAD, job.State.CANCELLED) else State.WORKING
