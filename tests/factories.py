"""Rows for tests: one function a table, valid dull defaults, the test says only what matters."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from models import Delisting, HistoryLine, ImportRun, Listing, Merchant, Product, Region, Shop, db

Row = TypeVar("Row")
SHANGHAI = ZoneInfo("Asia/Shanghai")
_numbers: Iterator[int] = count(1)


def _added(row: Row) -> Row:
    db.session.add(row)
    db.session.flush()
    return row


def noon(day: date) -> datetime:
    """Midday in Shanghai, as the moment tables keep."""
    return datetime.combine(day, time(12), SHANGHAI).astimezone(UTC)


def merchant(**columns: Any) -> Merchant:
    number = next(_numbers)
    return _added(Merchant(**{"code": f"M{number:05}", "name": f"商家{number}"} | columns))


def shop(**columns: Any) -> Shop:
    columns.setdefault("merchant_id", None)
    columns["merchant_id"] = columns["merchant_id"] or merchant().id
    return _added(Shop(**{"name": f"店铺{next(_numbers)}", "platform": "other"} | columns))


def region(code: str, name: str, **columns: Any) -> Region:
    level = 1 if code.endswith("0000") else 2 if code.endswith("00") else 3
    return _added(Region(**{"code": code, "name": name, "short_name": name, "level": level} | columns))


def import_run(**columns: Any) -> ImportRun:
    number = next(_numbers)
    defaults = {
        "shop_id": columns.get("shop_id") or shop().id,
        "state": "done",
        "file_name": "orders.csv",
        "stored_name": f"stored-{number}",
        "sha256": f"{number:064x}",
        "size_bytes": 1000,
        "layout": {},
        "created_by": "staff:1",
        "created_at": datetime(2026, 11, 1, tzinfo=UTC),
    }
    return _added(ImportRun(**defaults | columns))


def history_line(**facts: Any) -> HistoryLine:
    """One imported row; `paid_on=None` makes it unpaid."""
    return _added(_history_line(**facts))


def history_lines(facts: Iterable[Mapping[str, Any]]) -> list[HistoryLine]:
    """Imported rows by the thousand, written at once."""
    made = [_history_line(**one) for one in facts]
    db.session.add_all(made)
    db.session.flush()
    return made


def _history_line(
    *, paid_on: date | None = date(2026, 11, 2), run: ImportRun | None = None, **columns: Any
) -> HistoryLine:
    run = run or import_run()
    number = next(_numbers)
    ordered_on = paid_on or date(2026, 11, 2)
    defaults = {
        "import_id": run.id,
        "shop_id": run.shop_id,
        "row_number": number,
        "row_key": f"row-{number}",
        "order_number": f"D{number}",
        "buyer": f"S{number}",
        "ordered_at": noon(ordered_on) - timedelta(minutes=5),
        "ordered_on": ordered_on,
        "paid_at": noon(paid_on) if paid_on else None,
        "paid_on": paid_on,
        "province_code": "310000",
        "city_code": "310100",
        "sales_region": "东区",
        "product_code": "X001",
        "product_name": "商品1",
        "category": "面膜",
        "category_group": "护肤品",
        "quantity": 1,
        "placed_fen": 10_000,
        "paid_fen": 10_000 if paid_on else 0,
        "refund_fen": 0,
    }
    return HistoryLine(**defaults | columns)


def product(**columns: Any) -> Product:
    """¥99 with ¥30 of cost and ¥20 of commission, on sale with a stock of 100."""
    number = next(_numbers)
    moment = datetime(2026, 11, 1, tzinfo=UTC)
    columns["merchant_id"] = columns.get("merchant_id") or merchant().id
    defaults = {
        "code": f"P{number:05}", "title": f"商品{number}", "category": "面膜", "price_fen": 9_900, "cost_fen": 3_000,
        "commission_fen": 2_000, "freight_fen": 0, "fee_bps": 60, "deposit_fen": 0, "balance_days": None, "stock": 100,
        "state": "listed", "created_at": moment, "created_by": "t", "updated_at": moment,
    }  # fmt: skip
    return _added(Product(**defaults | columns))


def listing(*, product_id: int, member_id: int, **columns: Any) -> Listing:
    """A product in a window, put there by us."""
    moment = datetime(2026, 11, 1, tzinfo=UTC)
    defaults = {
        "source": "agency",
        "state": "listed",
        "asked_at": moment,
        "asked_by": "t",
        "listed_at": moment,
        "error": "",
    }
    return _added(Listing(product_id=product_id, member_id=member_id, **defaults | columns))


def delisting(*, product_id: int, **columns: Any) -> Delisting:
    """A delisting that is over."""
    moment = datetime(2026, 11, 2, tzinfo=UTC)
    defaults = {"reason": "sold_out", "asked_at": moment, "asked_by": "t", "rounds": 1, "ended_at": moment}
    return _added(Delisting(product_id=product_id, **defaults | columns))
