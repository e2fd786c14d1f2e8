"""The packaged administrative divisions enter the database."""

from collections.abc import Iterable

from sqlalchemy.dialects.postgresql import insert

from models.base import db
from models.rules import region
from models.tables.region import Region

_LEVELS = {region.Level.PROVINCE: 1, region.Level.CITY: 2, region.Level.DISTRICT: 3}


def load() -> int:
    """Bring the table to the packaged edition; divisions that went keep their row, since old orders name them."""
    rows = list(_rows(region.table().values()))
    statement = insert(Region)
    fresh = {name: statement.excluded[name] for name in ("name", "short_name", "level", "parent_code")}
    db.session.execute(statement.on_conflict_do_update(index_elements=["code"], set_=fresh), rows)
    return len(rows)


def _rows(divisions: Iterable[region.Region]) -> Iterable[dict[str, object]]:
    for one in divisions:
        yield {
            "code": one.code,
            "name": one.name,
            "short_name": one.short_name,
            "level": _LEVELS[one.level],
            "parent_code": one.parent_code,
        }
