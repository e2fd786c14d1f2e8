"""Names of places to today's codes."""

from collections import Counter
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rules import region
from models.rules.region import How, Level, resolve, resolve_address
from tests import region_codes


class TestTable:
    def test_holds_every_division_of_the_list(self):
        levels = Counter(one.level for one in region.table().values())
        assert levels == {Level.PROVINCE: 34, Level.CITY: 333, Level.DISTRICT: 2846}

    def test_every_parent_is_there_and_one_level_up(self):
        table = region.table()
        for one in table.values():
            if one.parent_code is None:
                assert one.level is Level.PROVINCE
            else:
                assert table[one.parent_code].level in (Level.PROVINCE, Level.CITY)
                assert one.code[:2] == one.parent_code[:2]

    @pytest.mark.parametrize(
        ("code", "short"),
        [
            ("310000", "上海"),
            ("150000", "内蒙古"),
            ("450000", "广西"),
            ("810000", "香港"),
            ("522600", "黔东南"),
            ("652800", "巴音郭楞"),
            ("653000", "克孜勒苏"),
            ("632800", "海西"),
            ("152500", "锡林郭勒"),
            ("232700", "大兴安岭"),
        ],
    )
    def test_gives_the_usual_short_name(self, code, short):
        assert region.table()[code].short_name == short

    def test_is_what_the_generator_makes_of_the_lists(self, shared, tmp_path):
        geo = shared / "data" / "geo"
        made = tmp_path / "region_codes.csv"
        region_codes.main(str(geo / "mca_2024_codes.txt"), str(geo / "mca_1981_2024_code_history.csv"), str(made))
        packaged = resources.files("models.rules").joinpath("region_codes.csv").read_text("utf-8")
        assert made.read_text("utf-8") == packaged


class TestResolve:
    @pytest.mark.parametrize(
        ("parts", "code", "city"),
        [
            (("浙江省", "台州市"), "331000", "331000"),
            (("江苏省", "南京市", "鼓楼区"), "320106", "320100"),
            (("江苏省", "徐州市", "鼓楼区"), "320302", "320300"),
            (("北京市", "北京市", "朝阳区"), "110105", "110000"),
            (("北京市", "市辖区", "朝阳区"), "110105", "110000"),
            (("重庆市", "县", "城口县"), "500229", "500000"),
            (("河南省", "济源市"), "419001", "419001"),
            (("浙江省", "义乌市"), "330782", "330700"),
            (("广东省", "东莞市"), "441900", "441900"),
            (("台湾省",), "710000", None),
            (("广东省",), "440000", None),
            (("天津市",), "120000", "120000"),
        ],
    )
    def test_full_names_lead_to_the_deepest_code_without_a_remark(self, parts, code, city):
        match = resolve(*parts)
        assert (match.code, match.city_code) == (code, city)
        assert {step.how for step in match.steps} == {How.EXACT}

    @pytest.mark.parametrize(
        ("parts", "code", "name", "how"),
        [
            (("上海",), "310000", "上海市", How.SHORT),
            (("内蒙古",), "150000", "内蒙古自治区", How.SHORT),
            (("香港",), "810000", "香港特别行政区", How.SHORT),
            (("澳门",), "820000", "澳门特别行政区", How.SHORT),
            (("台湾",), "710000", "台湾省", How.SHORT),
            (("贵州省", "黔东南州"), "522600", "黔东南苗族侗族自治州", How.SHORT),
            (("贵州省", "黔南州"), "522700", "黔南布依族苗族自治州", How.SHORT),
            (("贵州省", "黔西南州"), "522300", "黔西南布依族苗族自治州", How.SHORT),
            (("新疆维吾尔自治区", "巴音郭楞州"), "652800", "巴音郭楞蒙古自治州", How.SHORT),
            (("山东省", "莱芜市"), "370100", "济南市", How.OLD),
            (("新疆维吾尔自治区", "哈密地区"), "650500", "哈密市", How.OLD),
            (("湖北省", "襄樊市"), "420600", "襄阳市", How.OLD),
            (("云南省", "思茅市"), "530800", "普洱市", How.OLD),
            (("北京市", "北京市", "崇文区"), "110101", "东城区", How.OLD),
            (("海南省", "海南省直辖"), "460000", "海南省", How.PSEUDO),
            (("湖北省", "湖北省直辖"), "420000", "湖北省", How.PSEUDO),
            (("新疆维吾尔自治区", "新疆省直辖"), "650000", "新疆维吾尔自治区", How.PSEUDO),
            (("河南省", "省直辖县级行政区划"), "410000", "河南省", How.PSEUDO),
        ],
    )
    def test_short_former_and_pseudo_names_lead_to_the_code_of_today(self, parts, code, name, how):
        match = resolve(*parts)
        assert match.code == code
        assert (match.steps[-1].name, match.steps[-1].how) == (name, how)

    @pytest.mark.parametrize(
        ("city", "province"),
        [
            ("广州市", "440000"),
            ("北京市", "110000"),
            ("黔东南州", "520000"),
            ("海南省直辖", "460000"),
            ("吉林市", "220000"),
        ],
    )
    def test_a_blank_province_is_filled_where_the_city_leaves_no_choice(self, city, province):
        match = resolve("", city)
        assert match.province_code == province
        assert match.steps[0].how is How.FILLED

    def test_a_name_borne_by_several_places_is_not_guessed(self):
        match = resolve("", "", "鼓楼区")
        assert match.code is None
        assert "不止一个" in match.steps[0].reason

    def test_a_city_of_another_province_leaves_the_region_open(self):
        match = resolve("浙江省", "南京市")
        assert (match.code, match.province_code) == (None, None)
        assert match.steps[-1].how is How.CONFLICT

    def test_an_unknown_city_leaves_its_province(self):
        match = resolve("浙江省", "桃花岛")
        assert (match.code, match.city_code, match.steps[-1].how) == ("330000", None, How.UNKNOWN)

    def test_an_unknown_province_leaves_everything_open(self):
        match = resolve("蓬莱", "南京市")
        assert (match.code, match.steps[-1].how) == (None, How.UNKNOWN)

    def test_a_city_split_up_is_not_guessed(self):
        # 南宁地区 went to two cities in 2002.
        assert resolve("广西壮族自治区", "南宁地区").code == "450000"

    def test_nothing_gives_nothing(self):
        assert resolve() == region.Match()

    def test_every_standing_city_resolves_by_full_and_by_short_name(self):
        table = region.table()
        for one in table.values():
            if one.level is Level.CITY:
                province = table[one.parent_code].name
                assert resolve(province, one.name).code == one.code
                assert resolve(province, one.short_name).code == one.code

    def test_every_standing_district_resolves_within_its_city(self):
        table = region.table()
        for one in table.values():
            parent = table[one.parent_code] if one.parent_code else None
            if one.level is Level.DISTRICT and parent.level is Level.CITY:
                assert resolve(table[parent.parent_code].name, parent.name, one.name).code == one.code

    @given(st.text(), st.text(), st.text())
    def test_garbage_never_raises(self, province, city, district):
        assert resolve(province, city, district).code is None or province or city or district


class TestResolveAddress:
    @pytest.mark.parametrize(
        ("address", "code"),
        [
            ("上海市浦东新区世纪大道1号", "310115"),
            ("中国上海市上海市浦东新区世纪大道1号", "310115"),
            ("江苏省南京市鼓楼区中山北路1号", "320106"),
            ("江苏省 南京市 鼓楼区 中山北路1号", "320106"),
            ("江苏南京鼓楼区", "320106"),
            ("内蒙古自治区", "150000"),
            ("广东东莞市虎门镇", "441900"),
            ("湖北省省直辖县级行政区划仙桃市", "429004"),
            ("吉林市昌邑区", "220202"),
            ("吉林省吉林市昌邑区", "220202"),
            ("海南藏族自治州共和县", "632521"),
            ("南京市玄武区", "320102"),
            ("广东中山路1号", "440000"),
        ],
    )
    def test_the_beginning_of_an_address_leads_to_the_deepest_code(self, address, code):
        assert resolve_address(address).code == code

    @pytest.mark.parametrize("address", ["南京路100号", "上海路5号", "朝阳区建国路", "某处"])
    def test_a_street_or_an_ambiguous_district_is_not_taken_for_a_city(self, address):
        match = resolve_address(address)
        assert match.code is None
        assert match.steps[-1].how is How.UNKNOWN

    def test_only_the_names_of_the_region_are_kept_of_an_address(self):
        assert resolve_address("江苏省南京市鼓楼区中山北路1号王先生13800000000").text == "江苏省 南京市 鼓楼区"

    @given(st.text())
    def test_garbage_never_raises(self, address):
        match = resolve_address(address)
        assert match.code is None or match.code in region.table()
