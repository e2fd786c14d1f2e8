"""The `qianxing` command on embedded servers, on servers named by address, and when it must refuse."""

import csv
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from datetime import date
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner

from console import cli, config, demo_export, embedded, installation, machine
from console.config import Misconfigured
from console.demo_export import FOOD
from console.embedded import Services

CLEAN = {"DATABASE_URL": None, "OWNER_DATABASE_URL": None, "REDIS_URL": None, "SECRET_KEY": None, "QIANXING_ENV": None}


@pytest.fixture(scope="module")
def real_servers(tmp_path_factory):
    """Servers that the command knows by their addresses alone, as it knows those of a production."""
    with embedded.running(tmp_path_factory.mktemp("real") / "var") as services:
        yield services


def _named(services: Services, **others: str) -> dict[str, str]:
    return {
        "DATABASE_URL": services.database_url.replace("+psycopg", ""),
        "OWNER_DATABASE_URL": services.owner_database_url.replace("+psycopg", ""),
        "REDIS_URL": services.redis_url,
        "SECRET_KEY": "a key of a production, kept elsewhere",
        **others,
    }


def _run(*arguments: str, **environment: str | None) -> tuple[int, str]:
    done = CliRunner().invoke(cli.main, list(arguments), env=CLEAN | environment)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.output


class TestHelp:
    def test_lists_every_command_with_a_chinese_sentence(self):
        code, text = _run("--help")
        assert code == 0
        listed = dict(re.findall(r"^  ([a-z-]+) +(.+)$", text.partition("Commands:")[2], re.MULTILINE))
        assert set(listed) >= {"demo", "serve", "worker", "timetable", "migrate", "create-admin-token", "bench"}
        assert all(re.search(r"[\u4e00-\u9fff]", sentence) for sentence in listed.values())


class TestSimulate:
    def test_writes_the_figures_with_their_texts(self, tmp_path):
        code, text = _run("simulate", "--out", str(tmp_path / "tree.json"))
        found = json.loads((tmp_path / "tree.json").read_text())
        assert (code, found["orders"], found["capped_fen"], found["median_fen"]) == (0, 88_572, 78_000, 0)
        assert set(found["disclaimers"]) == {"D-01", "D-02"}
        assert "声明" in text

    def test_writes_a_spreadsheet_by_its_ending(self, tmp_path):
        code, _ = _run("simulate", "--depth", "2", "--out", str(tmp_path / "tree.csv"))
        assert code == 0
        assert (tmp_path / "tree.csv").read_text(encoding="utf-8-sig").startswith("D-01,")

    def test_refuses_what_is_no_tree(self, tmp_path):
        code, text = _run("simulate", "--width", "4", "--out", str(tmp_path / "tree.json"))
        assert (code, "规则 10" in text) == (1, True)
        assert not (tmp_path / "tree.json").exists()


class TestInstallation:
    @pytest.fixture(autouse=True)
    def _nothing_named(self, monkeypatch, tmp_path):
        for name in CLEAN:
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("QIANXING_VAR", str(tmp_path / "var"))

    def test_without_addresses_is_the_embedded_one(self):
        assert installation.is_embedded()

    def test_with_one_address_of_two_is_refused(self, monkeypatch):
        monkeypatch.setenv("DATABASE_URL", "postgresql://db/qianxing")
        with pytest.raises(Misconfigured, match="只设置了 DATABASE_URL"):
            installation.is_embedded()

    def test_in_production_never_falls_back_to_embedded_servers(self, monkeypatch):
        monkeypatch.setenv("QIANXING_ENV", "production")
        with pytest.raises(Misconfigured, match="DATABASE_URL, REDIS_URL, SECRET_KEY"), installation.open_settings():
            pass

    def test_keeps_its_key_between_starts_and_to_itself(self, tmp_path):
        services = Services("a", "b", "c")
        first = installation.of_folder(tmp_path, services)
        assert installation.of_folder(tmp_path, services).secret_key == first.secret_key
        assert len(first.secret_key) == 64
        assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600

    def test_hands_its_settings_on_without_the_owners_role(self, tmp_path, monkeypatch):
        given = installation.of_folder(tmp_path, Services("postgresql+psycopg://app@/q", "owner", "redis://r"))
        handed = config.to_environment(given)
        for name, value in handed.items():
            monkeypatch.setenv(name, value)
        taken = config.from_environment()
        assert "owner" not in handed.values()
        assert (taken.database_url, taken.redis_url, taken.secret_key) == (
            given.database_url,
            given.redis_url,
            given.secret_key,
        )


class TestOnNamedServers:
    def test_migrates_and_starts_nothing_of_its_own(self, real_servers, tmp_path):
        code, text = _run("migrate", **_named(real_servers, QIANXING_VAR=str(tmp_path / "var")))
        assert (code, text) == (0, "数据库结构已是最新。\n")
        assert not (tmp_path / "var").exists()
        with psycopg.connect(real_servers.database_url.replace("+psycopg", "")) as connection:
            assert connection.execute("SELECT count(*) FROM job").fetchone() == (0,)
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("DELETE FROM audit")

    def test_prints_a_link_for_the_first_administrator(self, real_servers):
        _run("migrate", **_named(real_servers))
        code, text = _run("create-admin-token", "--address", "https://console.example/", **_named(real_servers))
        assert code == 0
        assert re.search(r"^https://console\.example/link/[\w-]{40,}$", text, re.MULTILINE)

    def test_works_with_a_single_database_role(self, real_servers):
        alone = _named(real_servers)
        alone["DATABASE_URL"] = alone.pop("OWNER_DATABASE_URL")
        assert _run("migrate", **alone)[0] == 0
        assert _run("create-admin-token", **alone)[0] == 0

    def test_imports_a_file_without_any_worker_and_refuses_it_twice(self, real_servers, tmp_path):
        environment = _named(real_servers, QIANXING_FILES=str(tmp_path / "files"))
        _run("migrate", **environment)
        with psycopg.connect(environment["OWNER_DATABASE_URL"]) as connection:
            connection.execute("INSERT INTO merchant (code, name) VALUES ('m1', '一号商家')")
            connection.execute(
                "INSERT INTO shop (merchant_id, name, platform) SELECT id, '一号店', 'tmall' FROM merchant"
            )
        file = tmp_path / "订单.csv"
        text = demo_export.export(FOOD, rows=200, last_on=date(2025, 10, 31), seed=1, dirty=False)
        file.write_text(text, encoding="utf-8")
        paid = sum(Decimal(row["实付金额"]) for row in csv.DictReader(io.StringIO(text)))

        code, told = _run("import", str(file), "--shop", "一号店", "--dry-run", **environment)
        assert code == 0
        assert "待导入：读取 200 行，可用 200，拒绝 0" in told
        code, told = _run("import", str(file), "--shop", "m1/一号店", **environment)
        assert code == 1
        assert "不会重复导入" in told

        other = tmp_path / "另一份.csv"
        other.write_text(text, encoding="gb18030")
        code, told = _run("import", str(other), "--shop", "一号店", **environment)
        assert code == 0
        assert f"已导入：读取 200 行，可用 200，拒绝 0，修复 0，实付 ¥{paid:,.2f}" in re.sub(
            r"修复 \d+", "修复 0", told
        )
        assert len(list((tmp_path / "files" / "imports").iterdir())) == 2

    @pytest.mark.parametrize(
        ("words", "sentence"),
        [
            (["import", "/nowhere.csv", "--shop", "一号店"], "找不到文件"),
            (["import", "/etc/hostname", "--shop", "无名店"], "没有店铺“无名店”"),
            (["import", "/etc/hostname", "--shop", "一号店"], "只支持 .csv 和 .xlsx"),
        ],
    )
    def test_refuses_an_import_with_one_sentence(self, real_servers, tmp_path, words, sentence):
        _run("migrate", **_named(real_servers))
        with psycopg.connect(_named(real_servers)["OWNER_DATABASE_URL"]) as connection:
            connection.execute("INSERT INTO merchant (code, name) VALUES ('m1', '一号商家') ON CONFLICT DO NOTHING")
            connection.execute(
                "INSERT INTO shop (merchant_id, name, platform) SELECT id, '一号店', 'tmall' FROM merchant"
                " ON CONFLICT DO NOTHING"
            )
        code, told = _run(*words, **_named(real_servers, QIANXING_FILES=str(tmp_path)))
        assert code == 1
        assert sentence in told
        assert "Traceback" not in told

    def test_serves_works_and_keeps_time_until_told_to_stop(self, real_servers, tmp_path):
        _run("migrate", **_named(real_servers))
        port = machine.free_port("127.0.0.1", 5700)
        environment = os.environ | _named(real_servers, PORT=str(port), WEB_CONCURRENCY="1")
        with (tmp_path / "log").open("wb") as log:
            running = [
                subprocess.Popen([sys.executable, "-m", "console.cli", *words], env=environment, stdout=log, stderr=log)
                for words in (["serve"], ["worker"], ["timetable"])
            ]
        try:
            _until_ready(f"http://127.0.0.1:{port}/readyz", tmp_path / "log")
        finally:
            for process in running:
                process.send_signal(signal.SIGTERM)
            codes = [process.wait(60) for process in running]
        assert codes == [0, 0, 0]

    def test_a_demo_refuses_them(self, real_servers):
        code, text = _run("demo", **_named(real_servers))
        assert code == 1
        assert "演示只使用内置数据库" in text


def _until_ready(address: str, log: Path) -> None:
    """A whole installation starts here: a busy machine takes a minute for what a free one does in ten seconds."""
    deadline, last = time.monotonic() + 200, "nothing"
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(address, timeout=30) as answer:
                if answer.status == 200:
                    return
        except urllib.error.HTTPError as refused:
            last = refused.read().decode()
        except OSError as refused:
            last = str(refused)
        time.sleep(0.1)
    raise AssertionError(f"{last}\n{log.read_text()[-3000:]}")


class TestPort:
    def test_taken_gives_the_next_free_one(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            assert port < machine.free_port("127.0.0.1", port) < port + machine.PORTS


class TestDemoTwice:
    def test_a_second_one_says_where_the_first_is(self, tmp_path):
        root = tmp_path / "var"
        with machine.alone(root) as first:
            assert first is None
            (root / "demo.json").write_text('{"address": "http://127.0.0.1:5003"}')
            done = CliRunner().invoke(cli.main, ["demo"], env=CLEAN | {"QIANXING_VAR": str(root)})
        assert done.exit_code == 0
        assert "已在运行：http://127.0.0.1:5003" in done.output
        assert not (root / "demo.json").exists()
