"""What the lists of docs/asvs.csv and docs/security.csv ask that no desk's own test shows."""

import hashlib
import re
import statistics
import time
from pathlib import Path

import pytest
from flask import current_app
from itsdangerous import URLSafeSerializer

from console.admin.base import SECTIONS
from models import Staff
from tests import people
from tests.console.api.phone import Phone

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = sorted((ROOT / "static").glob("*.js"))


def using(*patterns: str) -> list[str]:
    """The scripts' lines in which one of the patterns is found."""
    asked = re.compile("|".join(patterns))
    return [
        f"{path.name}:{number}: {line.strip()}"
        for path in SCRIPTS
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if asked.search(line)
    ]


class TestScripts:
    def test_put_no_markup_of_others_into_a_page(self):
        assert using(r"\.innerHTML|\.outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function") == []

    def test_listen_to_no_other_window(self):
        assert using(r"postMessage", r"""["']message["']""", r"\bonmessage\b") == []

    def test_keep_in_the_browser_how_the_menu_was_left_and_nothing_else(self):
        assert using(r"sessionStorage|indexedDB|document\.cookie|caches\.") == []
        kept = using(r"localStorage\.setItem")
        assert len(kept) == 1
        assert 'group.open ? "closed" : "open"' in kept[0]


class TestSignInForm:
    def test_hides_the_password_and_lets_managers_fill_it(self, client):
        page = client.get("/sign-in").text
        (field,) = re.findall(r"<input[^>]*name=\"password\"[^>]*>", page)
        assert 'type="password"' in field
        assert 'autocomplete="current-password"' in field
        assert "onpaste" not in page


class TestSignOut:
    def test_stands_on_every_page_of_the_menu(self, app, staff):
        browser = staff("admin")
        views = app.extensions["admin"][0]._views
        first = {view.section: view for view in reversed(views) if view.is_visible()}
        assert set(first) == set(SECTIONS)
        for view in first.values():
            assert 'action="/sign-out"' in browser.get(f"{(view.url or '').rstrip('/')}/").text, view.url


class TestTiming:
    """CPU time rather than the clock: the machine of the tests has other things to do."""

    def spent(self, client, typed: dict[str, str]) -> float:
        began = time.thread_time()
        assert client.post("/sign-in", data=typed).status_code in (401, 429)
        return time.thread_time() - began

    def test_of_a_refusal_tells_nobody_from_somebody_by_no_hash_left_out(self, client, session):
        locked = people.person("operator", state="disabled")
        asked = {"known": people.person("operator").code, "unknown": "nobody-at-all", "disabled": locked.code}
        taken: dict[str, list[float]] = {name: [] for name in asked}
        for _round in range(3):
            for name, login in asked.items():
                typed = {"login": login, "password": "not the password", "code": "000000"}
                taken[name].append(self.spent(client, typed))
        medians = [statistics.median(each) for each in taken.values()]
        assert max(medians) < 1.5 * min(medians), taken


class TestToken:
    @pytest.fixture
    def phone(self, app, session) -> Phone:
        return Phone(app).sign_in()

    @pytest.mark.parametrize("digest", [hashlib.sha1, hashlib.md5])
    def test_of_another_algorithm_opens_nothing(self, phone, digest):
        key = current_app.config["SECRET_KEY"]
        way = {"digest_method": digest, "key_derivation": "hmac"}
        known = URLSafeSerializer(
            key, salt="api-access", signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"}
        ).loads(phone.tokens["access_token"])
        forged = URLSafeSerializer(key, salt="api-access", signer_kwargs=way).dumps(known)
        assert phone.get("/me/export", headers={"Authorization": f"Bearer {forged}"}).status_code == 401

    def test_without_a_signature_opens_nothing(self, phone):
        plain = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.WzEsMSw5OTk5OTk5OTk5XQ."
        for token in (plain, phone.tokens["access_token"].rpartition(".")[0]):
            assert phone.get("/me/export", headers={"Authorization": f"Bearer {token}"}).status_code == 401


class TestAddresses:
    @pytest.mark.parametrize(
        "path", ["/.git/config", "/.git/HEAD", "/.env", "/setup.cfg", "/static/../setup.cfg", "/static/..%2fsetup.cfg"]
    )
    def test_of_files_of_the_repository_are_not_there(self, client, path):
        answer = client.get(path)
        assert answer.status_code in (303, 404)
        assert "repositoryformatversion" not in answer.text
        assert "install_requires" not in answer.text

    @pytest.mark.parametrize("path", ["/static/", "/static", "/exports/files/"])
    def test_of_folders_list_nothing(self, client, path):
        answer = client.get(path)
        assert answer.status_code in (303, 404)
        assert "console.css" not in answer.text.replace("/static/console.css", "")

    @pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND"])
    def test_answer_no_trace(self, staff, method):
        assert staff("admin").open("/", method=method).status_code == 405

    def test_tell_no_version(self, client):
        answer = client.get("/sign-in")
        told = " ".join(f"{name}: {value}" for name, value in answer.headers) + answer.text
        assert re.search(r"(werkzeug|flask|python|gunicorn|postgres\w*)/?\s*\d", told, re.IGNORECASE) is None
        assert "X-Powered-By" not in answer.headers


class TestSecrets:
    def test_stand_in_no_file_of_the_repository(self):
        kinds = r"-----BEGIN (?:RSA |EC )?PRIVATE KEY-----|AKIA[0-9A-Z]{16}|ghp_[A-Za-z0-9]{36}|pypi-[A-Za-z0-9_-]{50,}"
        found = [
            str(path.relative_to(ROOT))
            for folder in ("console", "jobs", "models", "reports", "static", "docs")
            for path in (ROOT / folder).rglob("*")
            if path.suffix in {".py", ".html", ".js", ".md", ".csv", ".cfg", ".toml", ".po"}
            and re.search(kinds, path.read_text(encoding="utf-8"))
        ]
        assert found == []

    def test_of_staff_are_told_by_no_page(self, staff, session):
        browser = staff("admin")
        secrets = [row for person in session.query(Staff) for row in (person.password_hash, person.totp_secret) if row]
        assert secrets
        for path in ("/staff/", f"/staff/{browser.person.id}", "/audit/", "/system-health/", "/sessions/"):
            page = browser.get(path).text
            assert [one for one in secrets if one in page] == [], path
