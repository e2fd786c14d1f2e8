"""Showcases that members name, as the desk checks them."""

import pytest

from models import Binding, db, transaction
from models.operations import binding
from tests.operations import world


@pytest.fixture
def named(session) -> Binding:
    with transaction():
        world.network()
        return binding.state(member_id=world.member("a").id, account="sphA1b2", at=world.AT)


class TestNamed:
    def test_are_found_and_bound_with_a_reason(self, session, staff, named):
        operator = staff("operator")
        assert "会员申报的橱窗待核对" in operator.get("/").text
        assert "a</" in operator.get("/showcases/?binding=waiting").text
        assert "sphA1b2" in operator.get(f"/showcases/{named.member_id}").text
        operator.post(f"/showcases/{named.member_id}/bind", data={})
        session.refresh(named)
        assert named.state == "waiting"
        operator.post(f"/showcases/{named.member_id}/bind", data={"reason_code": "shown"})
        session.refresh(named)
        assert (named.state, named.decided_by) == ("bound", f"staff:{operator.person.id}")

    def test_are_refused_with_words_for_their_owner(self, session, staff, named):
        staff("operator").post(f"/showcases/{named.member_id}/refuse", data={"reason_code": "no_showcase"})
        session.refresh(named)
        assert (named.state, named.words[:11]) == ("refused", "这个视频号还没有开通橱")

    def test_are_decided_by_those_alone_who_may(self, staff, named):
        for way in ("bind", "refuse"):
            assert staff("auditor").post(f"/showcases/{named.member_id}/{way}", data={}).status_code == 403
        assert db.session.get_one(Binding, named.id).state == "waiting"
