"""The life of an export: asked for, ready for a day, removed."""

from dataclasses import dataclass
from datetime import datetime

from models.base import db
from models.errors import Invalid
from models.operations import audit, download, outbox
from models.tables.job import Queue
from models.tables.view import Export, Format

QUERY_LENGTH = 2000


class NothingChosen(Invalid):
    """An export without a column, or in a format we do not make."""


@dataclass(frozen=True)
class Wish:
    """What of which list, as a file of which kind; ``query`` is the query part of the list's address."""

    page: str
    title: str
    query: str
    columns: tuple[str, ...]
    format: str
    is_masked: bool
    language: str


def ask(*, wish: Wish, staff_id: int, at: datetime) -> Export:
    """Ask for a list as a file; a job of the export queue writes it."""
    if not wish.columns or wish.format not in set(Format):
        raise NothingChosen("请至少选择一列，并选择 CSV 或 XLSX 格式")
    if len(wish.query) > QUERY_LENGTH:
        raise NothingChosen("筛选条件太长，无法导出；请减少条件后再试")
    download.check_pace(Export, by=Export.staff_id == staff_id, at=at)
    export = Export(
        staff_id=staff_id,
        page=wish.page,
        title=wish.title,
        query=wish.query,
        columns=list(wish.columns),
        format=wish.format,
        is_masked=wish.is_masked,
        language=wish.language,
        created_at=at,
    )
    db.session.add(export)
    db.session.flush()
    job = outbox.request(
        "export_list",
        queue=Queue.EXPORT,
        payload={"export_id": export.id},
        subject=f"export:{export.id}",
        title=f"导出 {wish.title}",
        by=f"staff:{staff_id}",
        max_attempts=3,
    )
    export.job_id = job.id
    db.session.flush()
    return export


def record_ready(*, export_id: int, file: str, rows: int, octets: int, at: datetime) -> Export:
    """The file stands; its link lives for a day from now. Leaves a note of how many rows went out."""
    export = db.session.get_one(Export, export_id, with_for_update=True)
    download.stand(export, file=file, rows=rows, octets=octets, at=at)
    audit.note(
        what="export.ready", about=f"export:{export.id}", page=export.page, rows=rows, is_masked=export.is_masked
    )
    db.session.flush()
    return export


def fetch(*, export_id: int, staff_id: int, at: datetime) -> Export:
    """One's own file while its link lives; leaves a note that it was fetched."""
    export = download.opened(Export, export_id, by=Export.staff_id == staff_id, at=at)
    audit.note(what="export.fetched", about=f"export:{export.id}", page=export.page, rows=export.rows)
    return export
