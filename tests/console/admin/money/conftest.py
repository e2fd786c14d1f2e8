"""The plan's policy in force, since the steady one has neither levels nor dividends."""

from datetime import timedelta

import pytest

from models.operations import policy
from models.queries import policy as policies
from models.rules import lint
from tests.operations import world
from tests.operations.world import AT

# Nobody has to buy, however much they earn: the tests are about something else.
TERMS = {"admission.orders": 0, "high_earner.step_fen": 10**9}


@pytest.fixture
def plan(session) -> int:
    """The number of an approved version of the plan, and a network whose `M-10` invites."""
    version = policy.propose(preset="plan", terms=TERMS, effective_at=AT, at=AT, by="staff:901")
    until = AT + timedelta(days=3650)
    red = lint.red(policy.findings(version, at=AT, opinion_until=until))
    policy.approve(
        version_id=version.id, digest=version.digest, at=AT, by="staff:902", acknowledged=red, opinion_until=until
    )
    world.network()
    assert policies.in_force(AT)[0] == version.id
    return version.id
