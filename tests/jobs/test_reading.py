"""Opening order files: what is read, and what is refused with which words."""

import io
import re
import tracemalloc
import zipfile
from datetime import datetime

import openpyxl
import pytest
import xlsxwriter
from openpyxl.worksheet.formula import ArrayFormula

from jobs import reading
from jobs.refusals import BrokenFile, EmptyFile, NoSuchSheet, NotASpreadsheet, TooLarge, UnknownEncoding
from tests.jobs.sheets import ROWS, everything, rewrite, text


class TestDelimitedText:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
    @pytest.mark.parametrize("delimiter", [",", "\t", ";"])
    @pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
    def test_encoding_delimiter_and_line_ends_are_found(self, write, encoding, delimiter, newline):
        path = write(text(delimiter=delimiter, newline=newline).encode(encoding))
        (sheet,) = reading.open_sheets(path)
        assert (sheet.name, sheet.rows_estimate) == ("CSV", 4)
        assert sheet.columns(1) == ("订单编号", "总金额", "收货地址", "备注")
        assert everything(path) == [(number, tuple(row)) for number, row in enumerate(ROWS, 2)]

    def test_gb18030_that_begins_with_megabytes_of_plain_letters_is_found(self, write):
        path = write(b"id,place\n" + b"1,x\n" * 1_300_000 + "2,上海\n".encode("gb18030"))
        assert list(reading.rows(path, "CSV", 1_300_000))[-1] == (1_300_002, ("2", "上海"))

    def test_a_quoted_field_may_span_lines_and_the_record_counts_as_one_row(self, write):
        path = write(b'a,b\n"1\n2","x, ""y"""\n3,4\n')
        assert everything(path) == [(2, ("1\n2", 'x, "y"')), (3, ("3", "4"))]

    def test_blank_rows_are_left_out_but_counted(self, write):
        assert everything(write(b"a,b\n\n1,2\n,\n3,4\n")) == [(3, ("1", "2")), (5, ("3", "4"))]

    def test_the_number_of_rows_is_estimated(self, write):
        (sheet,) = reading.open_sheets(write(b"id,amount\n" + b"12345,67.89\n" * 50_000))
        assert 45_000 < sheet.rows_estimate < 55_000

    def test_memory_stays_flat(self, write):
        path = write(b"id,amount,note\n" + b"".join(b"%d,67.89,some words\n" % number for number in range(60_000)))
        tracemalloc.start()
        try:
            count = sum(1 for _ in reading.rows(path, "CSV", 1))
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert count == 60_000
        assert peak < 6 * 2**20

    @pytest.mark.parametrize("content", [b"", b"\n", b"  \n\t\n", b"\xef\xbb\xbf"])
    def test_an_empty_file_is_refused(self, write, content):
        with pytest.raises(EmptyFile, match="空的"):
            reading.open_sheets(write(content))

    def test_only_a_header_is_refused(self, write):
        with pytest.raises(EmptyFile, match="只有表头"):
            reading.open_sheets(write("订单编号,总金额\n".encode()))

    @pytest.mark.parametrize(
        "content",
        [
            text().encode("utf-16"),
            "訂單編號,總金額\n1,臺灣省臺北市\n".encode("big5"),
            "注文番号,合計金額\n1,東京都のどこか\n".encode("shift_jis"),
            "numéro,montant\n1,déjà payé à Paris\n".encode("latin-1"),
            b"a,b\n1,\xff\xff\n",
        ],
    )
    def test_another_encoding_is_refused_with_what_to_do(self, write, content):
        with pytest.raises(UnknownEncoding, match="另存为"):
            reading.open_sheets(write(content))

    @pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
    def test_a_file_cut_off_in_the_middle_of_a_character_is_refused(self, write, encoding):
        with pytest.raises(BrokenFile, match="断开"):
            reading.open_sheets(write("订单编号,地址\n1,上海\n2,上海".encode(encoding)[:-1]))

    def test_a_quote_that_is_never_closed_is_refused_with_its_line(self, write):
        path = write(b'a,b\n1,2\n3,"4\n' + b"5,6\n" * 200_000)
        with pytest.raises(BrokenFile, match="第 3 行"):
            everything(path)

    def test_a_quote_that_swallows_many_lines_is_refused_with_its_line(self, write):
        path = write(b'a,b\n1,2\n3,"4\n' + b"5,6\n" * 500 + b'7,8"\n')
        with pytest.raises(BrokenFile, match="第 3 行"):
            everything(path)

    def test_a_line_without_end_is_refused(self, write):
        with pytest.raises(TooLarge, match="一行"):
            reading.open_sheets(write(b"a,b\n" + b"x" * (3 * 2**20)))

    def test_too_many_columns_are_refused(self, write):
        with pytest.raises(TooLarge, match="257 列"):
            reading.open_sheets(write(b",".join([b"a"] * 257) + b"\n1\n"))

    def test_binary_content_is_refused(self, write):
        with pytest.raises(NotASpreadsheet):
            reading.open_sheets(write(b"a,b\n1,\x00\n"))

    def test_another_sheet_is_refused(self, write):
        with pytest.raises(NoSuchSheet, match="“二月”"):
            everything(write(text().encode()), "二月")


class TestWorkbook:
    def test_sheets_and_typed_cells_are_read(self, book):
        path = book(
            {"订单": [["号", "日", "数"], [1, datetime.fromisoformat("2019-03-28"), 2.5]], "商品": [["编号"], ["X1"]]}
        )
        sheets = reading.open_sheets(path)
        assert [(sheet.name, sheet.rows_estimate) for sheet in sheets] == [("订单", 2), ("商品", 2)]
        assert everything(path, "订单") == [(2, (1, datetime.fromisoformat("2019-03-28"), 2.5))]

    def test_short_rows_are_filled_up_and_blank_rows_left_out(self, book):
        path = book({"订单": [["a", "b", "c"], [1], [], [None, None, 2]]})
        assert everything(path, "订单") == [(2, (1, None, None)), (4, (None, None, 2))]

    def test_a_formula_stays_a_formula(self, tmp_path):
        path = tmp_path / "formula.xlsx"
        with xlsxwriter.Workbook(str(path)) as made:
            sheet = made.add_worksheet("订单")
            sheet.write_row(0, 0, ["a", "b"])
            sheet.write_formula(1, 0, "=B2*2", value=84)
            sheet.write_number(1, 1, 42)
        assert everything(path, "订单") == [(2, ("=B2*2", 42))]

    def test_an_array_formula_is_a_formula_too(self, tmp_path):
        made = openpyxl.Workbook()
        made.active.title = "订单"
        made.active.append(["a", "b"])
        made.active["A2"] = ArrayFormula("A2:A2", "=SUM(B2:B3*2)")
        made.active["B2"] = 1
        made.save(tmp_path / "array.xlsx")
        assert everything(tmp_path / "array.xlsx", "订单") == [(2, ("=SUM(B2:B3*2)", 1))]

    def test_dimensions_that_a_sheet_declares_wrongly_do_not_hide_cells(self, book, tmp_path):
        path = book({"订单": [["a", "b"], [1, 2], [3, 4]]})
        told = tmp_path / "told.xlsx"
        rewrite(path, told, "xl/worksheets/sheet1.xml", lambda xml: xml.replace(b'ref="A1:B3"', b'ref="A1"'))
        assert everything(told, "订单") == [(2, (1, 2)), (3, (3, 4))]

    @pytest.mark.parametrize(("number", "said"), [(b"2000000000", "行号"), (b"2", "行号"), (b"-1", "行号")])
    def test_row_numbers_that_no_spreadsheet_has_are_refused(self, book, tmp_path, number, said):
        path = book({"订单": [["a", "b"], [1, 2], [3, 4]]})
        odd = tmp_path / "odd.xlsx"
        rewrite(path, odd, "xl/worksheets/sheet1.xml", lambda xml: xml.replace(b'<row r="3"', b'<row r="%b"' % number))
        with pytest.raises(BrokenFile, match=said):
            everything(odd, "订单")

    def test_cells_and_rows_without_references_follow_one_another(self, book, tmp_path):
        path = book({"订单": [["a", "b"], [1, 2]]})
        bare = tmp_path / "bare.xlsx"
        rewrite(path, bare, "xl/worksheets/sheet1.xml", lambda xml: re.sub(rb' r="[A-Z]*\d+"', b"", xml))
        assert everything(bare, "订单") == [(2, (1, 2))]

    def test_every_kind_of_cell_is_read_as_openpyxl_reads_it(self, tmp_path):
        path = tmp_path / "kinds.xlsx"
        with xlsxwriter.Workbook(str(path), {"strings_to_numbers": False}) as made:
            sheet = made.add_worksheet("订单")
            day, moment, span = (
                made.add_format({"num_format": form}) for form in ("yyyy-mm-dd", "yyyy/m/d h:mm", "[h]:mm")
            )
            sheet.write_row(0, 0, list("abcdefgh"))
            for row, serial in enumerate((43552, 43552.999988425926, 0.25, 1, 61.5), 1):
                sheet.write_number(row, 0, serial, day)
                sheet.write_number(row, 1, serial, moment)
                sheet.write_number(row, 2, serial, span)
                sheet.write_number(row, 3, serial * 1e-7)
                sheet.write_boolean(row, 4, row % 2)
                sheet.write_rich_string(row, 5, "文", made.add_format({"bold": True}), " 字 ")
                sheet.write_blank(row, 6, None, day)
                sheet.write_string(row, 7, "=1+1" if row == 1 else f"_x{row}")
        expected = list(openpyxl.load_workbook(path)["订单"].iter_rows(min_row=2, values_only=True))
        assert [cells for _, cells in everything(path, "订单")] == expected

    def test_a_date_beyond_the_calendar_is_an_error_value(self, tmp_path):
        path = tmp_path / "late.xlsx"
        with xlsxwriter.Workbook(str(path)) as made:
            sheet = made.add_worksheet("订单")
            sheet.write_row(0, 0, ["a"])
            sheet.write_number(1, 0, 3_000_000, made.add_format({"num_format": "yyyy-mm-dd"}))
        assert everything(path, "订单") == [(2, ("#VALUE!",))]

    def test_memory_stays_flat(self, tmp_path):
        path = tmp_path / "long.xlsx"
        with xlsxwriter.Workbook(str(path), {"constant_memory": True}) as made:
            sheet = made.add_worksheet("订单")
            for row in range(20_000):
                sheet.write_row(row, 0, [row, "上海", row / 100])
        tracemalloc.start()
        try:
            count = sum(1 for _ in reading.rows(path, "订单", 1))
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert count == 19_999
        assert peak < 6 * 2**20

    def test_a_cell_of_a_whole_book_is_refused(self, book, tmp_path):
        path = book({"订单": [["a"], ["b"]]})
        novel = tmp_path / "novel.xlsx"
        cell = b'<row r="9"><c r="A9" t="inlineStr"><is><t>' + bytes(range(97, 123)) * 40_000 + b"</t></is></c></row>"
        rewrite(
            path, novel, "xl/worksheets/sheet1.xml", lambda xml: xml.replace(b"</sheetData>", cell + b"</sheetData>")
        )
        with pytest.raises(TooLarge, match="第 9 行"):
            everything(novel, "订单")

    def test_the_sheet_chosen_must_be_there(self, book):
        with pytest.raises(NoSuchSheet, match="“二月”"):
            everything(book({"订单": [["a"], [1]]}), "二月")

    def test_an_empty_workbook_is_refused(self, book):
        with pytest.raises(EmptyFile, match="空的"):
            reading.open_sheets(book({"订单": []}))

    def test_only_headers_are_refused(self, book):
        with pytest.raises(EmptyFile, match="只有表头"):
            reading.open_sheets(book({"订单": [["a", "b"]]}))

    def test_too_many_columns_are_refused(self, book):
        with pytest.raises(TooLarge, match="257 列"):
            reading.open_sheets(book({"订单": [list(range(300)), [1]]}))

    def test_too_many_sheets_are_refused(self, book):
        with pytest.raises(TooLarge, match="51 个工作表"):
            reading.open_sheets(book({f"表{number}": [["a"]] for number in range(51)}))

    def test_a_damaged_entry_is_refused(self, book, write):
        content = bytearray(book({"订单": [["a"], *([number] for number in range(500))]}).read_bytes())
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            start = archive.getinfo("xl/worksheets/sheet1.xml").header_offset
        for place in range(start + 80, start + 160):
            content[place] ^= 0xFF
        with pytest.raises(BrokenFile, match="损坏"):
            reading.open_sheets(write(bytes(content), "orders.xlsx"))

    def test_a_file_cut_off_is_refused(self, book, write):
        content = book({"订单": [["a"], [1]]}).read_bytes()
        with pytest.raises(BrokenFile, match="损坏"):
            reading.open_sheets(write(content[: len(content) // 2], "orders.xlsx"))

    def test_entities_that_multiply_are_refused(self, book, tmp_path):
        path = book({"订单": [["a"], ["b"]]})
        laughing = tmp_path / "laughs.xlsx"
        bomb = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
        rewrite(path, laughing, "xl/worksheets/sheet1.xml", lambda xml: bomb + xml)
        with pytest.raises(BrokenFile):
            reading.open_sheets(laughing)
