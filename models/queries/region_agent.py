"""Who is the agent of a region."""

from collections.abc import Iterable

import sqlalchemy as sa

from models.base import db
from models.tables.payout import RegionAgent


def active(regions: Iterable[str]) -> dict[str, int]:
    """The member ids of the active agents of some regions, by region code."""
    found = db.session.execute(
        sa.select(RegionAgent.region_code, RegionAgent.member_id).where(
            RegionAgent.region_code.in_(list(regions)), RegionAgent.state == "active"
        )
    )
    return {row.region_code: row.member_id for row in found}
