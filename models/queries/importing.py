"""What is asked of imports: who may see them, what was found, what an undo would take away."""

from dataclasses import dataclass

import sqlalchemy as sa

from models.base import db
from models.rules.intake import GONE
from models.tables.history import HistoryLine, RawLine, StagedLine
from models.tables.importing import ImportIssue, ImportLayout, ImportRun
from models.tables.merchant import Merchant, Shop


def shops(*, merchant_id: int | None) -> list[tuple[Shop, Merchant]]:
    """Every shop this person may see with its merchant, by name; ``merchant_id`` limits a merchant's own staff."""
    query = sa.select(Shop, Merchant).join(Merchant, Merchant.id == Shop.merchant_id).order_by(Merchant.name, Shop.name)
    if merchant_id is not None:
        query = query.where(Shop.merchant_id == merchant_id)
    return [(shop, merchant) for shop, merchant in db.session.execute(query)]


def merchants(*, merchant_id: int | None) -> list[Merchant]:
    """Every merchant this person may see, by name."""
    query = sa.select(Merchant).order_by(Merchant.name, Merchant.id)
    if merchant_id is not None:
        query = query.where(Merchant.id == merchant_id)
    return list(db.session.scalars(query))


def shop(shop_id: int, *, merchant_id: int | None) -> Shop | None:
    """The shop, unless it is another merchant's."""
    query = sa.select(Shop).where(Shop.id == shop_id)
    if merchant_id is not None:
        query = query.where(Shop.merchant_id == merchant_id)
    return db.session.scalar(query)


def run(import_id: int, *, merchant_id: int | None) -> ImportRun | None:
    """The import, unless it belongs to another merchant's shop."""
    query = sa.select(ImportRun).where(ImportRun.id == import_id)
    if merchant_id is not None:
        query = query.join(Shop, Shop.id == ImportRun.shop_id).where(Shop.merchant_id == merchant_id)
    return db.session.scalar(query)


def twin(*, shop_id: int, sha256: str) -> ImportRun | None:
    """The import that already holds this very file for this shop."""
    query = sa.select(ImportRun).where(
        ImportRun.shop_id == shop_id, ImportRun.sha256 == sha256, ImportRun.state.not_in(sorted(GONE))
    )
    return db.session.scalar(query)


def layouts() -> list[ImportLayout]:
    """Saved layouts, the newest first."""
    return list(db.session.scalars(sa.select(ImportLayout).order_by(ImportLayout.updated_at.desc(), ImportLayout.id)))


def layout_named(name: str) -> ImportLayout | None:
    """The saved layout of this name."""
    return db.session.scalar(sa.select(ImportLayout).where(ImportLayout.name == name))


@dataclass(frozen=True)
class IssueFilter:
    """Which findings of an import are wanted."""

    kind: str = ""
    code: str = ""
    column: str = ""
    row_number: int | None = None


def issues(import_id: int, *, wanted: IssueFilter, after: tuple[int, int] | None, limit: int) -> list[ImportIssue]:
    """Findings in the order of the file, from behind ``after`` (row number, id)."""
    query = sa.select(ImportIssue).where(ImportIssue.import_id == import_id)
    if wanted.kind:
        query = query.where(ImportIssue.kind == wanted.kind)
    if wanted.code:
        query = query.where(ImportIssue.code == wanted.code)
    if wanted.column:
        query = query.where(ImportIssue.column_name == wanted.column)
    if wanted.row_number is not None:
        query = query.where(ImportIssue.row_number == wanted.row_number)
    if after is not None:
        query = query.where(sa.tuple_(ImportIssue.row_number, ImportIssue.id) > sa.tuple_(*after))
    return list(db.session.scalars(query.order_by(ImportIssue.row_number, ImportIssue.id).limit(limit)))


def staged(import_id: int, *, after: int, limit: int) -> list[StagedLine]:
    """Rows that wait to be published, in the order of the file."""
    query = sa.select(StagedLine).where(StagedLine.import_id == import_id, StagedLine.row_number > after)
    return list(db.session.scalars(query.order_by(StagedLine.row_number).limit(limit)))


def raw(import_id: int, row_number: int) -> list[str] | None:
    """The cells of one row as the file had them."""
    line = db.session.get(RawLine, (import_id, row_number))
    return line.values if line is not None else None


def raws(import_id: int, *, after: int, limit: int) -> list[RawLine]:
    """Rows as the file had them, in its order."""
    query = sa.select(RawLine).where(RawLine.import_id == import_id, RawLine.row_number > after)
    return list(db.session.scalars(query.order_by(RawLine.row_number).limit(limit)))


def line_of(import_id: int, row_number: int) -> HistoryLine | StagedLine | None:
    """What became of a row of the file: a line of history, a line still staged, or nothing."""
    history = sa.select(HistoryLine).where(HistoryLine.import_id == import_id, HistoryLine.row_number == row_number)
    return db.session.scalar(history.limit(1)) or db.session.get(StagedLine, (import_id, row_number))


def skipped_for(import_id: int) -> int:
    """How many rows of other imports, still standing, were left out because this import already held them."""
    query = (
        sa.select(sa.func.count())
        .select_from(ImportIssue)
        .join(ImportRun, ImportRun.id == ImportIssue.import_id)
        .where(ImportIssue.other_import_id == import_id, ImportRun.state.not_in(sorted(GONE)))
    )
    return db.session.scalar(query) or 0
