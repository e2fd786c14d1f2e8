"""Files that mean harm or are none: bombs, other formats, garbage."""

import random
import tracemalloc
import zipfile
from datetime import date
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobs import reading, workbook
from jobs.refusals import BrokenFile, NotASpreadsheet, TooLarge
from models.errors import DomainError
from tests.jobs.sheets import rewrite


class TestBombs:
    def test_an_entry_that_unpacks_a_thousandfold_is_refused_unread(self, book, tmp_path):
        bomb = tmp_path / "bomb.xlsx"
        rewrite(book({"订单": [["a"], [1]]}), bomb, "xl/worksheets/sheet1.xml", lambda xml: xml + b" " * (40 * 2**20))
        with pytest.raises(TooLarge, match="压缩"):
            reading.open_sheets(bomb)

    def test_an_entry_that_lies_about_its_size_is_not_read_beyond_it(self, book, tmp_path):
        honest, lying = tmp_path / "honest.xlsx", tmp_path / "lying.xlsx"
        rewrite(book({"订单": [["a"], [1]]}), honest, "xl/worksheets/sheet1.xml", lambda xml: xml + b" " * (40 * 2**20))
        content = honest.read_bytes()
        with zipfile.ZipFile(honest) as archive:
            size = archive.getinfo("xl/worksheets/sheet1.xml").file_size
        lying.write_bytes(content.replace(size.to_bytes(4, "little"), (1000).to_bytes(4, "little")))
        tracemalloc.start()
        try:
            with pytest.raises(BrokenFile):
                reading.open_sheets(lying)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak < 8 * 2**20

    @pytest.mark.parametrize(
        ("name", "limit"), [("xl/sharedStrings.xml", "STRINGS_BYTES_MAX"), ("xl/styles.xml", "OTHER_BYTES_MAX")]
    )
    def test_parts_that_would_fill_the_memory_are_refused_unread(self, tmp_path, monkeypatch, name, limit):
        monkeypatch.setattr(workbook, limit, 2**20)
        plain, stuffed = tmp_path / "plain.xlsx", tmp_path / "stuffed.xlsx"
        with xlsxwriter.Workbook(str(plain)) as made:
            made.add_worksheet("订单").write_row(0, 0, ["a", "b"])
        noise = random.Random(7).randbytes(2**20)
        rewrite(plain, stuffed, name, lambda xml: xml + noise)
        with pytest.raises(TooLarge, match="文字或样式"):
            reading.open_sheets(stuffed)

    def test_a_swarm_of_entries_is_refused(self, tmp_path):
        swarm = tmp_path / "swarm.xlsx"
        with zipfile.ZipFile(swarm, "w") as archive:
            archive.writestr("xl/workbook.xml", "")
            for number in range(workbook.ENTRIES_MAX):
                archive.writestr(f"x{number}", "")
        with pytest.raises(TooLarge, match="条目"):
            reading.open_sheets(swarm)


class TestOtherFiles:
    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "另存为 .xlsx"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"), "密码"),
            (b"<html><table><tr><td>1</td></tr></table></html>", "网页"),
            (b"%PDF-1.7\n1 0 obj", "不是表格"),
            (b"\x89PNG\r\n\x1a\n", "不是表格"),
        ],
    )
    def test_another_kind_of_file_is_refused_with_what_to_do(self, write, content, said):
        with pytest.raises(NotASpreadsheet, match=said):
            reading.open_sheets(write(content))

    @pytest.mark.parametrize(("entry", "said"), [("word/document.xml", "不是表格"), ("xl/workbook.bin", "xlsb")])
    def test_another_archive_is_refused(self, tmp_path, entry, said):
        with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
            archive.writestr(entry, "x")
        with pytest.raises(NotASpreadsheet, match=said):
            reading.open_sheets(tmp_path / "a.xlsx")

    def test_a_file_beyond_the_limit_is_refused_unread(self, tmp_path):
        path = tmp_path / "huge.csv"
        with path.open("wb") as file:
            file.truncate(200 * 2**20)
        with pytest.raises(TooLarge, match="150 MB"):
            reading.open_sheets(path)


class TestGarbage:
    @pytest.fixture
    def sound(self, book) -> Path:
        return book({"订单": [["a", "b"], [1, date(2019, 3, 28)], ["x", "=A1"]]})

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(content=st.binary(max_size=2_000))
    def test_any_bytes_are_read_or_refused(self, write, content):
        self.opened(write(content))

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(content=st.text(alphabet=st.sampled_from(list(',;\t"\r\n=a1上')), max_size=300))
    def test_any_text_is_read_or_refused(self, write, content):
        self.opened(write(content.encode()))

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        place=st.integers(0, 2**31), flipped=st.lists(st.integers(0, 255), min_size=1, max_size=40), cut=st.booleans()
    )
    def test_any_damage_to_a_workbook_is_read_or_refused(self, sound, write, place, flipped, cut):
        content = bytearray(sound.read_bytes())
        place %= len(content)
        content[place : place + len(flipped)] = bytes(flipped)
        self.opened(write(bytes(content[:place] if cut else content), "damaged.xlsx"))

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(place=st.integers(0, 2**31), noise=st.binary(min_size=1, max_size=20), entry=st.integers(0, 30))
    def test_any_damage_inside_a_workbook_is_read_or_refused(self, sound, tmp_path, place, noise, entry):
        with zipfile.ZipFile(sound) as archive:
            names = archive.namelist()

        def change(xml: bytes) -> bytes:
            spot = place % (len(xml) + 1)
            return xml[:spot] + noise + xml[spot + len(noise) :]

        damaged = tmp_path / "inside.xlsx"
        rewrite(sound, damaged, names[entry % len(names)], change)
        self.opened(damaged)

    @staticmethod
    def opened(path: Path) -> None:
        said = "read"
        try:
            for sheet in reading.open_sheets(path):
                for _ in reading.rows(path, sheet.name, 1):
                    pass
        except DomainError as refusal:
            said = str(refusal)
        assert said
