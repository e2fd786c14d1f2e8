"""Blind indexes: equal signals are equal, others are not, and neither can be read back."""

from models.rules import blind


class TestDigest:
    def test_tells_kinds_apart(self):
        assert blind.digest("ip", "10.0.0.1") == blind.digest("ip", "10.0.0.1")
        assert blind.digest("ip", "10.0.0.1") != blind.digest("device", "10.0.0.1")

    def test_depends_on_the_installation(self):
        before = dict(blind._keys)
        try:
            blind.use("one")
            first = blind.digest("ip", "10.0.0.1")
            blind.use("another")
            assert blind.digest("ip", "10.0.0.1") != first
        finally:
            blind._keys.update(before)

    def test_has_sixteen_bytes(self):
        assert len(blind.digest("ip", "10.0.0.1")) == 16


class TestAddress:
    def test_is_one_however_it_is_typed(self):
        one = {"province": "浙江省", "city": "杭州市", "district": "西湖区", "detail": "文三路 90 号，３幢 501室"}
        other = {"province": "浙江省", "city": "杭州市", "district": "西湖区", "detail": "文三路90号3栋501"}
        assert blind.normalised(one) == blind.normalised(other) == "浙江省杭州市西湖区文三路90号3栋501"

    def test_is_read_from_wechats_names_too(self):
        found = {
            "province_name": "上海市",
            "city_name": "上海市",
            "county_name": "浦东新区",
            "detail_info": "世纪大道 1 号",
        }
        assert blind.normalised(found) == "上海市浦东新区世纪大道1号"

    def test_is_unknown_without_a_detail(self):
        assert blind.normalised({"province": "浙江省", "city": "杭州市"}) == ""
        assert blind.normalised({}) == ""

    def test_does_not_hold_the_receiver(self):
        assert blind.normalised({"text": "文三路 90 号", "user_name": "张三"}) == blind.normalised(
            {"text": "文三路90号"}
        )


class TestNetwork:
    def test_is_shown_without_the_host(self):
        assert blind.network_of("10.1.2.3") == "10.1.2.0/24"
        assert blind.network_of("2001:db8:1:2::5") == "2001:db8:1::/48"
        assert blind.network_of("somewhere") == ""

    def test_of_an_address_has_one_spelling(self):
        assert blind.ip_of("2001:0DB8::0001") == "2001:db8::1"
        assert blind.ip_of("x") == ""


class TestPhone:
    def test_is_its_digits(self):
        assert blind.phone_of({"tel_number": "138-0000 0001"}) == "13800000001"
        assert blind.phone_of({}) == ""
