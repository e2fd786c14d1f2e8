"""Pictures of evidence go a month after the decision: first the row lets go, then the file."""

from datetime import datetime, timedelta

import pytest

from jobs import proof as jobs
from models import Erasure, Proof, db, transaction
from models.operations import appeal, outbox, proof
from models.operations.proof import Sent
from tests.operations import world
from tests.operations.world import AT
from tests.village import happens

LATER = AT + timedelta(days=31)


@pytest.fixture
def decided(session, app):
    """A picture that a person rejected, with its file."""
    with transaction():
        happens("policy", preset="plan")
        world.network()
        member = world.joins("W1", "M-10", AT)
        sent = Sent(picture="one.jpg", sha256=bytes(32), hash64=1, outline=bytes(128), width=10, height=10)
        made = proof.submit(member_id=member.id, n=1, sent=sent, at=AT, by="member:W1")
        proof.judge(proof_id=made.id, read=None, at=AT)
        proof.reject(proof_id=made.id, code="unreadable", note="", at=AT, by="staff:1")
    jobs.folder().mkdir(parents=True, exist_ok=True)
    (jobs.folder() / "one.jpg").write_bytes(b"x")
    yield made
    (jobs.folder() / "one.jpg").unlink(missing_ok=True)


def night(at: datetime, work) -> None:
    with transaction():
        outbox.request("forget_pictures", payload={"at": at.isoformat()})
    work()


class TestPictures:
    def test_go_after_thirty_days_and_leave_their_digest(self, decided, work):
        night(LATER - timedelta(days=2), work)
        assert (jobs.folder() / "one.jpg").exists()
        night(LATER, work)
        assert not (jobs.folder() / "one.jpg").exists()
        found = db.session.get_one(Proof, decided.id, populate_existing=True)
        assert (found.picture, found.sha256, found.state) == ("", bytes(32), "rejected")
        assert db.session.query(Erasure).one().rows == 1

    def test_stay_while_somebody_appeals(self, decided, work):
        with transaction():
            appeal.file(member_id=decided.member_id, subject="proof:1", words="请再看一次", at=AT)
        night(LATER, work)
        assert (jobs.folder() / "one.jpg").exists()
