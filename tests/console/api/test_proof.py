"""Pictures sent as evidence: what is taken, what is refused and how, and what a candidate reads of the verdict."""

import json
import subprocess
import zlib
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from console import pictures as store
from models import Event, Proof, db, transaction
from models.operations import order, proof
from models.rules.commission import Kind
from models.rules.reading import Fields
from tests import pictures
from tests.operations import world
from tests.village import happens

NOW = datetime.now(UTC)
NUMBER = "3712345678901234567"
PNG = pictures.encoded(pictures.noise())
SPOT = b"GPS 30.27,120.15"


@pytest.fixture
def candidate(session, phone):
    """The phone of a candidate whose first task is M-10's showcase."""
    with transaction():
        happens("policy", preset="plan")
        world.network()
        member = world.joins("W1", "M-10", NOW)
    return phone().as_member(member)


def send(phone, raw: bytes = PNG, kind: str = "image/png", task: int = 1, **how):
    return phone.post(f"/me/admission/{task}/proof", data=raw, content_type=kind, **how)


def kept(app) -> set[str]:
    return {path.name for path in (app.config["SETTINGS"].files / store.FOLDER).glob("*")}


def opened(app, name: str) -> Image.Image:
    return Image.open(BytesIO(store.path(name, files=app.config["SETTINGS"].files).read_bytes()))


def judged(read: Fields) -> None:
    with transaction():
        proof.judge(proof_id=db.session.query(Proof).one().id, read=read, at=NOW)


class TestSend:
    def test_answers_at_once_and_tells_the_reader(self, candidate):
        answer = send(candidate)
        assert answer.status_code == 202, answer.text
        assert (answer.json["state"], answer.json["words"]) == ("waiting", "图片已收到，正在识别，两分钟内给出结果。")
        assert db.session.query(Event).filter_by(name="proof.submitted").count() == 1

    @pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
    def test_takes_each_format_and_keeps_a_plain_jpeg(self, app, candidate, kind):
        before = kept(app)
        assert send(candidate, pictures.encoded(pictures.noise(), kind), f"image/{kind.lower()}").status_code == 202
        (name,) = kept(app) - before
        made = opened(app, name)
        assert (made.format, made.size, len(name)) == ("JPEG", (320, 480), 36)

    def test_takes_the_part_of_a_form(self, candidate):
        answer = candidate.post("/me/admission/1/proof", data={"picture": (BytesIO(PNG), "../../../etc/passwd.png")})
        assert answer.status_code == 202, answer.text

    def test_drops_what_a_camera_wrote(self, app, candidate):
        before, exif = kept(app), Image.Exif()
        exif[0x010E] = SPOT.decode()
        raw = pictures.encoded(pictures.noise(), "JPEG", exif=exif.tobytes(), comment=SPOT)
        assert SPOT in raw
        assert send(candidate, raw, "image/jpeg").status_code == 202
        (name,) = kept(app) - before
        assert SPOT not in store.path(name, files=app.config["SETTINGS"].files).read_bytes()
        assert not opened(app, name).getexif()

    def test_turns_a_picture_as_its_camera_said(self, app, candidate):
        before, exif = kept(app), Image.Exif()
        exif[0x0112] = 6
        send(candidate, pictures.encoded(pictures.noise(), "JPEG", exif=exif.tobytes()), "image/jpeg")
        (name,) = kept(app) - before
        assert opened(app, name).size == (480, 320)

    def test_again_under_its_key_is_one_proof(self, candidate):
        first, again = send(candidate, key="the-same-key"), send(candidate, key="the-same-key")
        assert (again.status_code, again.json) == (202, first.json)
        assert again.headers["Idempotent-Replayed"] == "true"
        assert db.session.query(Proof).count() == 1

    def test_another_picture_under_its_key_is_refused(self, candidate):
        send(candidate, key="the-same-key")
        answer = send(candidate, pictures.encoded(pictures.noise(2)), key="the-same-key")
        assert (answer.status_code, answer.json["code"]) == (422, "key_reused")

    def test_needs_a_key(self, candidate):
        assert send(candidate, key=None).json["code"] == "key_required"


def truncated() -> bytes:
    return pictures.encoded(pictures.noise(), "JPEG")[:-400]


def bomb() -> bytes:
    """A sound file that says a picture of 60,000 by 60,000: eleven gigabytes once decoded."""
    head = PNG[12:16] + (60_000).to_bytes(4, "big") * 2 + PNG[24:29]
    return PNG[:12] + head + zlib.crc32(head).to_bytes(4, "big") + PNG[33:]


def deflate_bomb() -> bytes:
    """A right header before pixels that never end, or are none: only decoding tells."""
    made = bytearray(PNG)
    place = made.index(b"IDAT") + 4
    length = int.from_bytes(made[place - 8 : place - 4], "big")
    made[place : place + length] = bytes(length)
    made[place + length : place + length + 4] = zlib.crc32(bytes(made[place - 4 : place + length])).to_bytes(4, "big")
    return bytes(made)


class TestRefusal:
    @pytest.mark.parametrize(
        ("raw", "status", "code"),
        [
            (b"", 422, "not_picture"), (b"GIF89a" + b"\0" * 99, 422, "not_picture"),
            (b"<svg onload='alert(1)'/>", 422, "not_picture"), (b"%PDF-1.7 ...", 422, "not_picture"),
            (PNG + b"PK\x03\x04" + b"\0" * 99, 422, "more_than_picture"),
            (PNG + b"<script>alert(1)</script>", 422, "more_than_picture"),
            (truncated(), 422, "broken_picture"), (PNG[:-30], 422, "broken_picture"),
            (deflate_bomb(), 422, "broken_picture"),
            (pictures.encoded(pictures.noise(size=(100, 100))), 422, "picture_too_small"),
        ],
    )  # fmt: skip
    def test_says_in_chinese_what_to_do(self, app, candidate, raw, status, code):
        before = kept(app)
        answer = send(candidate, raw)
        assert (answer.status_code, answer.json["code"]) == (status, code), answer.text
        assert "截图" in answer.json["detail"]
        assert kept(app) == before
        assert db.session.query(Proof).count() == 0

    def test_of_a_bomb_comes_from_its_header(self, candidate):
        answer = send(candidate, bomb())
        assert (answer.status_code, answer.json["code"]) == (413, "too_many_pixels")

    def test_of_too_many_bytes_comes_before_they_are_read(self, candidate):
        answer = send(candidate, PNG + b"\0" * (8 * 1024 * 1024))
        assert (answer.status_code, answer.json["code"]) == (413, "picture_too_large")
        answer = send(candidate, b"\0" * (9 * 1024 * 1024))
        assert (answer.status_code, answer.json["code"]) == (413, "picture_too_large")

    @pytest.mark.parametrize("kind", ["application/json", "text/html", "image/svg+xml", "image/gif", ""])
    def test_of_another_type_of_content(self, candidate, kind):
        answer = send(candidate, PNG, kind)
        assert (answer.status_code, answer.json["code"]) == (415, "not_picture")

    @pytest.mark.parametrize(
        "form",
        [
            {"photo": (BytesIO(PNG), "a.png")},
            {"picture": "text"},
            {"picture": (BytesIO(PNG), "a.png"), "more": "text"},
            {"picture": [(BytesIO(PNG), "a.png"), (BytesIO(PNG), "b.png")]},
        ],
        ids=["another name", "text", "more fields", "two files"],
    )
    def test_of_a_form_with_anything_else(self, candidate, form):
        answer = candidate.post("/me/admission/1/proof", data=form)
        assert answer.status_code in (415, 422), answer.text
        assert db.session.query(Proof).count() == 0

    def test_of_a_task_that_is_not_there(self, app, candidate, phone):
        before = kept(app)
        assert send(candidate, task=11).status_code == 404
        with transaction():
            stranger = world.member("W2", "M-10", NOW)
        happens_not = send(phone().as_member(stranger), task=99)
        assert happens_not.status_code == 404
        assert kept(app) == before

    def test_of_a_second_picture_while_one_is_looked_at(self, candidate):
        send(candidate)
        answer = send(candidate, pictures.encoded(pictures.noise(2)))
        assert (answer.status_code, answer.json["code"]) == (409, "still_looking")


class TestChild:
    def test_has_half_a_gigabyte_and_no_more(self):
        source = Path(store.CHILD[-1]).read_text()
        asked = "main.__globals__['confine'](); sys.stdout.write(str(len(bytearray(600 * 1024 * 1024))))"
        program = source.replace("sys.exit(main())", asked)
        done = subprocess.run([store.CHILD[0], "-I", "-c", program], capture_output=True, check=False)
        assert done.returncode
        assert b"MemoryError" in done.stderr

    def test_makes_a_large_picture_smaller(self):
        made = store.take(pictures.encoded(Image.new("RGB", (4_000, 6_000), "white"), "PNG"))
        assert (made.width, made.height) == (1_440, 2_160)

    def test_lays_what_is_transparent_on_white(self):
        made = store.take(pictures.encoded(Image.new("RGBA", (300, 300), (0, 0, 0, 0)), "PNG"))
        assert Image.open(BytesIO(made.jpeg)).getpixel((5, 5)) == (255, 255, 255)

    def test_sees_the_same_picture_in_another_format_and_size(self):
        picture = pictures.noise(3)
        one = store.take(pictures.encoded(picture))
        other = store.take(pictures.encoded(picture.resize((300, 450)), "JPEG", quality=60))
        assert one.sha256 != other.sha256
        assert bin(one.hash64 ^ other.hash64).count("1") <= 3


class TestVerdict:
    def test_is_read_in_words_with_its_history_and_the_way_to_appeal(self, candidate):
        send(candidate)
        judged(Fields(number=None, paid_fen=9_900, sure=0.9))
        found = candidate.get("/me/admission/1").json
        assert "没有读到订单编号" in found["proof"]["words"]
        assert found["proof"]["words"].endswith("如有异议，可以申请人工复核。")
        assert (found["proof"]["can_appeal"], found["needs_picture"]) == (True, True)
        assert [step["kind"] for step in found["proof"]["history"]] == ["submitted", "judged"]
        assert found["words"] == "截图未通过，请看原因；可以重新上传或申请人工复核。"

    def test_says_that_a_person_looks(self, candidate):
        send(candidate)
        judged(Fields(number=NUMBER, paid_fen=9_900, sure=0.9))
        found = candidate.get("/me/admission/1").json["proof"]
        assert (found["state"], found["code"], found["is_with_a_person"]) == ("manual", "record_missing", True)
        assert found["read"]["number"] == NUMBER

    def test_of_an_order_of_record_needs_no_picture(self, candidate):
        with transaction():
            order.place(purchase=world.purchase(NUMBER, "M-10", buyer="W1", kind=Kind.ADMISSION), at=NOW)
        found = candidate.get("/me/admission/1").json
        assert (found["needs_picture"], found["order"]) == (False, NUMBER)
        assert found["words"] == "订单已有记录，不需要上传截图；确认收货后任务自动完成。"

    def test_is_not_there_for_anybody_else(self, candidate, phone):
        send(candidate)
        with transaction():
            other = world.joins("W3", "M-10", NOW)
        assert phone().as_member(other).get("/me/admission/1").json["proof"] is None


class TestAppeal:
    def test_brings_a_rejected_picture_to_a_person(self, candidate):
        send(candidate)
        judged(Fields())
        answer = candidate.post("/me/admission/1/proof/appeal", {"words": "这是我的订单"})
        assert (answer.status_code, answer.json["state"], answer.json["code"]) == (200, "manual", "appealed")
        assert answer.json["history"][-1]["kind"] == "appealed"
        assert db.session.query(Event).filter_by(name="proof.appealed").count() == 1

    def test_is_refused_before_there_is_a_verdict(self, candidate):
        assert candidate.post("/me/admission/1/proof/appeal", {"words": "请看"}).status_code == 404
        send(candidate)
        answer = candidate.post("/me/admission/1/proof/appeal", {"words": "请看"})
        assert (answer.status_code, answer.json["code"]) == (409, "not_rejected")

    def test_needs_words(self, candidate):
        answer = candidate.post("/me/admission/1/proof/appeal", {"words": "  "})
        assert (answer.status_code, answer.json["code"]) == (422, "invalid_fields")

    def test_is_told_in_the_file(self, client):
        paths = json.loads(client.get("/api/v1/openapi.json").data)["paths"]
        asked = paths["/me/admission/{task}/proof"]["post"]
        assert set(asked["requestBody"]["content"]) == {"image/jpeg", "image/png", "image/webp", "multipart/form-data"}
        assert any(one["name"] == "Idempotency-Key" for one in asked["parameters"])
