"""A picture is read by the job, judged again when its record comes, and never left lying."""

from datetime import UTC, datetime, timedelta

import pytest

from console import pictures as store
from jobs import ocr
from jobs import proof as jobs
from jobs.ocr import NoReader, Reader
from models import Job, Proof, db, transaction
from models.operations import order, outbox, proof
from models.operations.proof import Sent
from models.rules.commission import Kind
from tests import pictures
from tests.operations import world
from tests.village import happens

NUMBER = "3712345678901234567"
# What `tests.pictures.order` draws.
PAID = datetime(2026, 1, 1, 1, tzinfo=UTC)

needs_reader = pytest.mark.skipif(not ocr.is_installed(), reason="没有安装识别组件：pip install '.[ocr]'")


@pytest.fixture
def candidate(session):
    with transaction():
        happens("policy", preset="plan")
        world.network()
        return world.joins("W1", "M-10", PAID)


def sent(app, member, picture, seed: str = "") -> Proof:
    made = store.take(pictures.encoded(picture))
    name = store.keep(made, files=app.config["SETTINGS"].files)
    facts = Sent(
        picture=name, sha256=made.sha256, hash64=made.hash64, outline=made.outline, width=made.width, height=made.height
    )
    with transaction():
        return proof.submit(member_id=member.id, n=1, sent=facts, at=datetime.now(UTC), by="member:W1")


def bought() -> None:
    with transaction():
        order.place(purchase=world.purchase(NUMBER, "M-10", buyer="W1", kind=Kind.ADMISSION), at=PAID)


def page(**changes: str):
    lines = {**dict(pictures.ORDER), "店铺": "M-10", **changes}
    return pictures.order(tuple((label, value) for label, value in lines.items() if "进店" not in label))


@needs_reader
class TestReading:
    def test_passes_a_picture_that_agrees_with_its_record(self, app, candidate, work):
        bought()
        made = sent(app, candidate, pictures.order((("M-10 进店 ›", ""), *pictures.ORDER[2:])))
        work()
        assert (made.state, made.code, made.number) == ("passed", "agrees", NUMBER)

    def test_hands_over_what_has_no_record_and_decides_when_it_comes(self, app, candidate, work):
        made = sent(app, candidate, pictures.order((("M-10 进店 ›", ""), *pictures.ORDER[2:])))
        work()
        assert (made.state, made.code) == ("manual", "record_missing")
        bought()
        with transaction():
            outbox.request("recheck_proofs", queue="picture", payload={"at": datetime.now(UTC).isoformat()})
        work()
        assert (made.state, made.code) == ("passed", "agrees")

    def test_rejects_a_picture_of_nothing(self, app, candidate, work):
        made = sent(app, candidate, pictures.noise())
        work()
        assert (made.state, made.code) == ("rejected", "not_an_order")

    def test_keeps_one_process_warm(self):
        reader = Reader()
        try:
            jpeg = store.take(pictures.encoded(pictures.order())).jpeg
            first, second = reader.read(jpeg), reader.read(jpeg)
            assert first == second
            assert NUMBER in {word.text for word in first}
        finally:
            reader.close()


class TestUnread:
    def test_goes_to_a_person_when_its_file_is_gone(self, app, candidate, work):
        made = sent(app, candidate, pictures.noise())
        store.path(made.picture, files=app.config["SETTINGS"].files).unlink()
        work()
        assert (made.state, made.code) == ("manual", "no_reader")
        assert db.session.query(Job).filter_by(kind="read_proof").one().state == "done"

    def test_goes_to_a_person_when_nothing_reads_it(self, app, candidate, work):
        made = sent(app, candidate, pictures.noise())
        with transaction():
            db.session.query(Job).filter_by(kind="read_proof").delete()
            made.submitted_at -= jobs.STUCK + timedelta(seconds=1)
            outbox.request("recheck_proofs", queue="picture", payload={"at": datetime.now(UTC).isoformat()})
        # The event of the picture is told as well; whichever comes first ends the waiting.
        work()
        assert made.state in ("manual", "rejected")

    def test_is_told_as_such_by_a_reader_that_broke(self, monkeypatch):
        monkeypatch.setattr(ocr, "CHILD", ["/bin/false"])
        reader = Reader()
        try:
            with pytest.raises(NoReader):
                reader.read(b"\xff\xd8\xff")
        finally:
            reader.close()

    @needs_reader
    def test_is_over_when_a_broken_file_broke_the_process(self):
        reader = Reader()
        try:
            with pytest.raises(NoReader):
                reader.read(b"no picture")
            assert reader.read(store.take(pictures.encoded(pictures.order())).jpeg)
        finally:
            reader.close()
