"""Who is signed in to the API, and the end of a sign-in that staff make."""

from datetime import timedelta

import pytest

from console import formatting
from models import db, transaction
from models.operations import identity
from models.operations.identity import Device
from models.queries import identity as queries
from models.tables.identity import MemberSession
from tests.operations import world


@pytest.fixture
def signed_in(session) -> MemberSession:
    """A member who came through the mini-program an hour ago."""
    at = formatting.now() - timedelta(hours=1)
    with transaction():
        world.network()
        member = world.member("anna")
        identity.recognise(people=[(member.id, "openid-anna")], at=at)
        return identity.sign_in(
            openid="openid-anna", code="one", device=Device(ip="203.0.113.77", user_agent="MicroMessenger"), at=at
        )


class TestClients:
    def test_are_listed_by_member_without_the_whole_address(self, staff, signed_in):
        text = staff("support").get("/api-clients/?state=live&q=anna").text
        assert "anna" in text
        assert "203.0.*.*" in text
        assert "203.0.113.77" not in text
        assert "没有符合" in staff("support").get("/api-clients/?state=ended").text

    def test_are_ended_with_a_reason_and_their_tokens_open_nothing(self, staff, signed_in):
        support, at = staff("support"), formatting.now()
        support.post(f"/api-clients/{signed_in.id}/end", data={})
        assert queries.caller(session_id=signed_in.id, at=at) is not None
        support.post(f"/api-clients/{signed_in.id}/end", data={"reason_code": "lost"})
        db.session.refresh(signed_in)
        assert signed_in.why == "by_staff"
        assert queries.caller(session_id=signed_in.id, at=at) is None
        again = support.post(f"/api-clients/{signed_in.id}/end", data={"reason_code": "lost"}, follow_redirects=True)
        assert "已经结束或过期" in again.text

    def test_are_ended_by_nobody_who_only_reads(self, staff, signed_in):
        answer = staff("auditor").post(f"/api-clients/{signed_in.id}/end", data={"reason_code": "lost"})
        assert answer.status_code == 403
        assert staff("reviewer").get("/api-clients/").status_code == 403
