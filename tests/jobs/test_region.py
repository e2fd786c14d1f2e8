"""Agencies whose term is over end by themselves."""

from datetime import timedelta

from models.operations import agency
from tests.jobs.conftest import ask
from tests.operations import world


class TestEndAgencies:
    def test_ends_what_is_over_and_gives_the_deposit_back(self, session, work):
        world.network()
        world.member("amy")
        made = agency.apply(code="amy", region_code="330100", at=world.AT)
        agency.sign(agent_id=made.id, contract="HT-1", at=world.AT)
        agency.admit(agent_id=made.id, ends_at=world.AT + timedelta(days=30), at=world.AT)
        ask("end_agencies", queue="money", payload={"at": world.AT.isoformat()})
        work()
        session.refresh(made)
        assert (made.state, world.accounts()) == ("ended", {})
