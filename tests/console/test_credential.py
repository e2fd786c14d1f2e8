"""WeChat's credentials from the environment: read, checked, never shown; and what a check says of them."""

import dataclasses
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask

from console import credential, wechat_check
from console import wechat as wiring
from console.config import Misconfigured
from jobs.gateways import keyring
from jobs.gateways.invented import openid
from jobs.gateways.simulator.app import Simulated
from jobs.gateways.token import Account
from models import transaction
from models.operations import identity, note
from tests import simulated
from tests.operations import world

AT = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Keys of an installation."""
    found = tmp_path_factory.mktemp("var") / "wechat"
    keyring.kept(found, AT)
    return found


@pytest.fixture
def variables(folder) -> dict[str, str]:
    """Everything set, as `make demo` sets it."""
    names = keyring.kept(folder, AT).names
    return keyring.environment(folder, names, host="http://127.0.0.1:1", notify="http://127.0.0.1:5000")


def refusal(variables, **changed) -> str:
    with pytest.raises(Misconfigured) as error:
        credential.read(variables | changed)
    return str(error.value)


class TestReading:
    def test_takes_everything(self, variables):
        found = credential.read(variables)
        assert set(found.apps) == set(Account)
        assert (len(found.platform.keys), len(found.platform.secrets)) == (2, 1)
        assert (found.pays, found.is_simulated, list(found.pushes)) == (True, True, [Account.SHOP])

    def test_takes_nothing_for_wechat_itself_without_credentials(self):
        found = credential.read({})
        assert (found.host, found.pay_host) == ("https://api.weixin.qq.com", "https://api.mch.weixin.qq.com")
        assert (dict(found.apps), found.pays, found.is_simulated) == ({}, False, False)

    def test_takes_secrets_from_files(self, variables, tmp_path):
        path = tmp_path / "secret"
        path.write_text("from a file\n")
        given = {name: value for name, value in variables.items() if name != "WECHAT_SHOP_SECRET"}
        found = credential.read(given | {"WECHAT_SHOP_SECRET_FILE": str(path)})
        assert found.apps[Account.SHOP].secret == "from a file"

    def test_takes_two_keys_while_they_change(self, variables):
        old = "x" * 32
        found = credential.read(variables | {"WECHATPAY_APIV3_KEY": f"{variables['WECHATPAY_APIV3_KEY']},{old}"})
        assert found.platform.secrets[1] == old.encode()

    @pytest.mark.parametrize(
        ("changed", "says"),
        [
            ({"WECHAT_SHOP_SECRET": ""}, "WECHAT_SHOP_APPID 和 WECHAT_SHOP_SECRET"),
            ({"WECHAT_SHOP_SECRET_FILE": "/nowhere"}, "只能设置一个"),
            ({"WECHATPAY_SERIAL": ""}, "WECHATPAY_SERIAL"),
            ({"WECHATPAY_APIV3_KEY": "short"}, "32 个字符"),
            ({"WECHATPAY_PRIVATE_KEY_FILE": "/nowhere"}, "无法读取"),
            ({"WECHATPAY_PRIVATE_KEY_FILE": __file__}, "RSA 私钥"),
            ({"WECHATPAY_PUBLIC_KEYS": "nothing"}, "序列号=文件"),
            ({"WECHATPAY_PUBLIC_KEYS": f"A={__file__}"}, "平台证书"),
            ({"WECHAT_PUSH_KEY": "short"}, "43 个字符"),
            ({"WECHAT_PUSH_TOKEN": ""}, "须一并设置"),
            ({"WECHAT_HOST": "http://api.weixin.qq.com"}, "https"),
            ({"WECHAT_NOTIFY": "http://console.example.com"}, "https"),
        ],
    )
    def test_says_what_is_wrong(self, variables, changed, says):
        assert says in refusal(variables, **changed)

    def test_shows_no_secret(self, variables):
        shown = repr(credential.read(variables)) + refusal(variables, WECHATPAY_APIV3_KEY="my secret")
        secrets = [variables[name] for name in variables if name.endswith(("SECRET", "_KEY", "_TOKEN"))]
        assert [one for one in [*secrets, "my secret"] if one in shown] == []


class TestRegistering:
    def test_refuses_a_simulator_in_production(self, settings, variables):
        app = Flask(__name__)
        app.config["SETTINGS"] = dataclasses.replace(settings, environment="production", wechat=variables)
        with pytest.raises(Misconfigured, match="模拟器"):
            wiring.register(app)


class TestPayees:
    def test_are_found_by_their_openid_and_name(self, session):
        world.network()
        member = world.member("a")
        assert (wiring.payee_of("a"), wiring.openid_of("a"), wiring.payee_of("nobody")) == (None, None, None)
        with transaction():
            identity.recognise(people=[(member.id, openid("a"))], at=AT)
            note.keep_people([(member.id, note.Facts(real_name="王小明"))])
        found = wiring.payee_of("a")
        assert (found.openid, found.name, wiring.openid_of("a")) == (openid("a"), "王小明", openid("a"))
        assert "王" not in repr(found)


class TestCheck:
    def test_says_what_answers(self):
        program = Simulated(simulated.world())
        found = wechat_check.check(simulated.credentials(), wechat=simulated.clients(program))
        assert [one.title for one in found if one.is_bad] == []
        assert {one.mark for one in found} == {"✓", "－"}
        assert "模拟器" in found[0].sentence

    def test_says_what_does_not(self):
        program = Simulated(simulated.world())
        program.world.faults.script("token", "refuse", code="40125")
        program.world.faults.script("transfer.find", "refuse", code="SIGN_ERROR", status=401)
        found = wechat_check.check(simulated.credentials(), wechat=simulated.clients(program))
        bad = {one.title: one.sentence for one in found if one.is_bad}
        assert "40125" in bad["小程序"]
        assert "SIGN_ERROR" in bad["微信支付"]

    def test_says_what_is_not_configured(self):
        found = wechat_check.check(credential.read({}))
        assert [one.is_good for one in found[1:]] == [None] * (len(found) - 1)
