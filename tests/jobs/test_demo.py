"""The demonstration's world: the same by seed, alive in every corner, and true by every check we have."""

import dataclasses
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from jobs.demo import world as days
from jobs.demo.plan import Plan
from models import db
from models.base import rehearsal
from models.queries import integrity, world

AT = datetime(2026, 11, 23, 10, tzinfo=UTC)
TINY = Plan(members=16, seed=7, ends_at=AT, days=6)
SMALL = Plan(members=120, seed=7, ends_at=AT, days=50)
CORNERS = {
    "a second approval that waits": "SELECT 1 FROM withdrawal WHERE state = 'requested' AND approved_by IS NOT NULL",
    "an overdue own order": "SELECT 1 FROM obligation WHERE met_at IS NULL AND since < :at - interval '30 days'",
    "a transfer that waits for its payee": "SELECT 1 FROM withdrawal WHERE state = 'WAIT_USER_CONFIRM'",
    "a debt": "SELECT 1 FROM account WHERE bucket = 'debt' AND balance_fen <> 0",
    "a deposit paid": "SELECT 1 FROM shop_order WHERE state = 'deposit_paid'",
    "a balance due": "SELECT 1 FROM shop_order WHERE state = 'balance_due'",
    "a parcel silent for three days": "SELECT 1 FROM parcel WHERE delivered_at IS NULL"
    " AND moved_at < :at - interval '72 hours'",
    "an agency applied for": "SELECT 1 FROM region_agent WHERE state = 'applied' AND signed_at IS NULL",
    "an agency signed": "SELECT 1 FROM region_agent WHERE state = 'applied' AND signed_at IS NOT NULL",
    "an agency active": "SELECT 1 FROM region_agent WHERE state = 'active'",
    "an agency ended": "SELECT 1 FROM region_agent WHERE state = 'ended'",
    "an end of an agency that waits": "SELECT 1 FROM approval WHERE state = 'open' AND kind = 'agency.end'",
    "an address that led nowhere": "SELECT 1 FROM shop_order WHERE region_code IS NULL"
    " AND state IN ('paid', 'shipped')",
    "a draft of the policy": "SELECT 1 FROM policy_version WHERE state = 'draft'",
    "a second agreement": "SELECT 1 FROM agreement WHERE version = '演示-2'",
    "a seed candidate proposed": "SELECT 1 FROM seed_candidate WHERE state = 'proposed'",
    "a weekly refresh proposed": "SELECT 1 FROM curation_proposal WHERE state = 'proposed'",
    "a flow planned": "SELECT 1 FROM flow_plan WHERE state = 'planned'",
    "a note on a member": "SELECT 1 FROM member_note",
    "a switch that was off": "SELECT 1 FROM money_switch WHERE off_at IS NOT NULL AND NOT is_off",
    "a review case that waits": "SELECT 1 FROM review_case WHERE queue = 'first_review' AND closed_at IS NULL",
    "a review case of another queue": "SELECT 1 FROM review_case WHERE queue = 'compliance' AND closed_at IS NULL",
    "a strike": "SELECT 1 FROM strike WHERE taken_back_at IS NULL",
    "an appeal that waits": "SELECT 1 FROM appeal WHERE state = 'open'",
    "a case opened": "SELECT 1 FROM after_sale WHERE state = 'opened'",
    "a case accepted": "SELECT 1 FROM after_sale WHERE state = 'accepted'",
    "a case refused": "SELECT 1 FROM after_sale WHERE state = 'refused'",
    "a case closed": "SELECT 1 FROM after_sale WHERE state = 'closed'",
}

# Nothing happens after the moment for which a world was asked.
LATEST = sa.text("SELECT (SELECT max(at) FROM posting), (SELECT max(placed_at) FROM shop_order)")


@contextmanager
def flushed() -> Iterator[None]:
    yield
    db.session.flush()


def built(plan: Plan) -> str:
    """The world of a plan as text, and nothing of it left behind."""
    with rehearsal():
        days.build(plan, edge=flushed)
        assert list(integrity.differences()) == []
        assert max(db.session.execute(LATEST).one()) <= AT
        return json.dumps(world.shown(), sort_keys=True)


@pytest.mark.usefixtures("session")
class TestWorld:
    def test_is_the_same_for_the_same_seed_and_another_for_another(self):
        first = built(TINY)
        assert built(TINY) == first
        assert built(dataclasses.replace(TINY, seed=8)) != first

    def test_goes_on_with_the_first_day_that_is_not_written(self):
        days.build(dataclasses.replace(TINY, days=0), edge=flushed)
        assert (
            db.session.scalar(sa.text("SELECT count(*) FROM policy_version WHERE approved_by = 'system:demo-checker'"))
            == 1
        )

    def test_has_something_on_every_desk(self):
        with rehearsal():
            days.build(SMALL, edge=flushed)
            assert list(integrity.differences()) == []
            found = {name: db.session.execute(sa.text(query), {"at": AT}).first() for name, query in CORNERS.items()}
        assert [name for name, row in found.items() if row is None] == []
