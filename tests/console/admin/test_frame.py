"""The frame: who comes in, what every answer carries, what an error says, what the menu shows."""

import re

import pytest
import sqlalchemy as sa
from flask import Flask, abort, request
from flask_admin import BaseView, expose
from flask_admin.contrib.sqla import ModelView
from flask_babel import force_locale

from console import auth, formatting
from console.admin import base
from console.admin.base import ReadView, SecureView
from console.auth import Undeclared, permits, public
from console.web import sentence_for
from models import SavedView, db
from models.errors import Conflict, Forbidden, Invalid, Missing
from tests.console.admin.probe import application

LATIN = re.compile(r">\s*([A-Za-z][A-Za-z ,.']{2,})\s*<")


def drop(*, name: str) -> str:
    """An operation for tests: refuses `x`."""
    if name == "x":
        raise Conflict("这个不行：请换一个名字")
    return name


class BrokenView(SecureView):
    """A page whose parts go wrong in every way."""

    title = "Broken"
    slug = "broken"
    section = "system"
    permission = "home.view"

    @expose("/")
    @permits("home.view")
    def index_view(self):
        return self.render("console/nothing.html")

    @expose("/raise/<word>")
    @permits("home.view")
    def raising(self, word):
        kinds = {"invalid": Invalid, "missing": Missing, "conflict": Conflict, "forbidden": Forbidden}
        if word in kinds:
            raise kinds[word]("这一句要让人看到")
        if word == "slow":
            db.session.execute(sa.text("SET LOCAL statement_timeout = '1ms'"))
            db.session.execute(sa.text("SELECT pg_sleep(1)"))
        if word == "bug":
            raise ZeroDivisionError
        return abort(int(word))

    @expose("/limit")
    @permits("home.view")
    def limit(self):
        return str(db.session.scalar(sa.text("SHOW statement_timeout")))

    @expose("/do", methods=("POST",))
    @permits("view.save")
    def do(self):
        return self.perform(drop, name=request.form["name"], done="好了", to=lambda result: f"/broken/?{result}")

    @expose("/because", methods=("POST",))
    @permits("view.save")
    def because(self):
        return self.perform(drop, name="y", reason=self.reason("pii.reveal"), done=self.reason("pii.reveal"))


@pytest.fixture(scope="module")
def app(settings):
    """The console with a page that goes wrong."""
    application_ = application(settings, BrokenView)
    application_.config["PROPAGATE_EXCEPTIONS"] = False
    yield application_
    with application_.app_context():
        db.engine.dispose()


class TestStart:
    def start(self, app_settings, view):
        return application(app_settings, view)

    def test_is_refused_to_a_view_on_another_base(self, settings):
        class Stranger(BaseView):
            @expose("/")
            @permits("home.view")
            def index(self):
                return ""

        with pytest.raises(Undeclared, match="Stranger"):
            self.start(settings, Stranger)

    def test_is_refused_to_flask_admins_own_model_view(self, settings):
        class Scaffolded(ModelView):
            def __init__(self):
                super().__init__(SavedView, db)

        with pytest.raises(Undeclared, match="Scaffolded"):
            self.start(settings, Scaffolded)

    def test_is_refused_to_a_view_without_a_permission(self, settings):
        class Nameless(SecureView):
            title, slug, section = "x", "nameless", "system"

            @expose("/")
            def index(self):
                return ""

        with pytest.raises(Undeclared, match="Nameless"):
            self.start(settings, Nameless)

    def test_is_refused_to_a_list_without_a_permission(self, settings):
        class Bare(ReadView):
            model, title, slug, section = SavedView, "x", "bare", "system"

        with pytest.raises(Undeclared, match="Bare"):
            self.start(settings, Bare)

    def test_is_refused_to_a_plain_route_that_declares_nothing(self):
        app = Flask("x", static_folder=None)
        app.add_url_rule("/open", "open", lambda: "")
        with pytest.raises(Undeclared, match="open"):
            auth.check_declared(app)
        app = Flask("x", static_folder=None)
        app.add_url_rule("/open", "open", public(lambda: ""))
        auth.check_declared(app)

    def test_leaves_nothing_of_flask_admins_own_files_reachable(self, app, staff):
        assert [rule.rule for rule in app.url_map.iter_rules() if rule.endpoint.endswith(".static")] == []
        assert staff("admin").get("/static/admin/vendor/jquery.min.js").status_code == 404


class TestReason:
    def asked(self, browser, **form):
        browser.post("/broken/because", data=form)
        return browser.get("/").text

    def test_is_read_from_the_form(self, staff):
        assert "contact: 回访" in self.asked(staff("operator"), reason_code="contact", reason_note="回访")

    def test_is_asked_for_where_the_form_has_none(self, staff):
        assert "请选择原因后再提交" in self.asked(staff("operator"))
        assert "请在说明中写明原因" in self.asked(staff("operator"), reason_code="other")


class TestHeaders:
    def test_stand_on_every_answer(self, staff, client):
        for browser, path in ((staff("operator"), "/"), (client, "/nothing"), (client, "/static/console.css")):
            with browser.get(path) as answer:
                headers = answer.headers
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["X-Frame-Options"] == "DENY"
            assert headers["Referrer-Policy"] == "same-origin"
            assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
            assert re.fullmatch(r"[A-Za-z0-9-]{8,64}", headers["X-Request-ID"])

    def test_allow_no_script_that_is_not_ours(self, staff):
        policy = dict(
            part.split(" ", 1) for part in staff("operator").get("/").headers["Content-Security-Policy"].split("; ")
        )
        assert re.fullmatch(r"'self' 'nonce-[\w-]{20,}'", policy["script-src"])
        assert policy["frame-ancestors"] == policy["object-src"] == policy["base-uri"] == "'none'"
        assert policy["default-src"] == policy["form-action"] == policy["connect-src"] == "'self'"

    def test_carry_a_new_nonce_each_time(self, staff):
        browser = staff("operator")
        first, second = (browser.get("/").headers["Content-Security-Policy"] for _ in range(2))
        assert first != second

    def test_keep_pages_out_of_caches_and_files_in(self, staff):
        browser = staff("operator")
        assert browser.get("/").headers["Cache-Control"] == "no-store"
        with browser.get("/static/console.css") as answer:
            assert "no-store" not in answer.headers["Cache-Control"]

    def test_ask_for_https_where_there_is_https(self, staff):
        browser = staff("operator")
        assert "Strict-Transport-Security" not in browser.get("/").headers
        assert (
            "max-age=31536000"
            in browser.get("/nothing", base_url="https://localhost").headers["Strict-Transport-Security"]
        )


class TestErrors:
    @pytest.mark.parametrize(
        ("word", "status"), [("invalid", 400), ("forbidden", 403), ("missing", 404), ("conflict", 409)]
    )
    def test_show_the_sentence_of_a_refusal(self, staff, word, status):
        answer = staff("operator").get(f"/broken/raise/{word}")
        assert answer.status_code == status
        assert "这一句要让人看到" in answer.text

    @pytest.mark.parametrize("status", [400, 403, 404, 413, 429])
    def test_are_written_in_chinese_with_the_request_number(self, staff, status):
        answer = staff("operator").get(f"/broken/raise/{status}")
        assert answer.status_code == status
        assert answer.headers["X-Request-ID"] in answer.text
        assert LATIN.findall(answer.text.split("</head>")[1].replace("English", "")) == []

    def test_tell_nothing_of_a_bug(self, staff):
        answer = staff("operator").get("/broken/raise/bug")
        assert answer.status_code == 500
        assert "ZeroDivision" not in answer.text
        assert "系统出了问题" in answer.text

    def test_stop_a_query_that_takes_too_long(self, staff):
        browser = staff("operator")
        assert browser.get("/broken/limit").text == "5s"
        answer = browser.get("/broken/raise/slow")
        assert answer.status_code == 503
        assert "缩小筛选范围" in answer.text

    def test_are_json_for_who_asks_for_json(self, client):
        answer = client.get("/nothing", headers={"Accept": "application/json"})
        assert answer.status_code == 404
        assert answer.json["error"] == "Not Found"
        assert answer.json["request_id"] == answer.headers["X-Request-ID"]

    def test_keep_the_methods_that_are_allowed(self, staff):
        answer = staff("operator").get("/broken/do")
        assert answer.status_code == 405
        assert "POST" in answer.headers["Allow"]

    def test_speak_of_every_status_in_its_own_words(self, app):
        with app.test_request_context():
            assert len({sentence_for(status) for status in (400, 401, 403, 404, 405, 409, 413, 429, 503, 500)}) == 10


class TestPerform:
    def test_says_thanks_and_goes_on(self, staff):
        browser = staff("operator")
        answer = browser.post("/broken/do", data={"name": "y"})
        assert answer.location == "/broken/?y"
        assert "好了" in browser.get("/saved-views/").text

    def test_shows_a_refusal_where_the_person_came_from(self, staff):
        browser = staff("operator")
        answer = browser.post("/broken/do", data={"name": "x"}, headers={"Referer": "http://localhost/exports/?a=1"})
        assert answer.location == "/exports/?a=1"
        assert "这个不行：请换一个名字" in browser.get("/saved-views/").text

    @pytest.mark.parametrize(
        "elsewhere", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:x"]
    )
    def test_sends_nobody_elsewhere(self, staff, elsewhere):
        answer = staff("operator").post(
            "/broken/do", data={"name": "x", "back": elsewhere}, headers={"Referer": elsewhere}
        )
        assert answer.location in ("/", "/broken/")

    def test_asks_for_the_token_of_the_form(self, staff):
        answer = staff("operator").post("/broken/do", data={"name": "y"}, csrf=False)
        assert answer.status_code == 400
        assert "表单已过期" in answer.text


class TestMenu:
    def test_shows_what_the_person_may_open_and_no_more(self, staff):
        text = staff("merchant").get("/").text
        assert "我的导出" in text
        for hidden in ("/staff/", "/audit/", "/sessions/"):
            assert f'href="{hidden}"' not in text
        assert 'href="/staff/"' in staff("admin").get("/").text

    def test_marks_where_one_is(self, staff):
        text = staff("operator").get("/exports/").text
        assert re.search(r'class="here" href="/exports/" aria-current=page', text)

    def test_asks_strangers_to_sign_in(self, client):
        answer = client.get("/exports/?a=1")
        assert answer.status_code == 303
        assert "next=" in answer.location


class TestLanguage:
    def test_is_chinese_until_asked_and_then_stays(self, staff):
        browser = staff("operator")
        assert 'lang="zh-CN"' in browser.get("/exports/").text
        assert "My exports" in browser.get("/exports/?lang=en").text
        assert "My exports" in browser.get("/exports/").text
        assert "我的导出" in browser.get("/exports/?lang=zh_Hans_CN").text

    def test_is_never_one_we_do_not_speak(self, staff):
        assert "我的导出" in staff("operator").get("/exports/?lang=../../etc").text


class TestHome:
    @pytest.mark.parametrize(
        "role", ["admin", "operator", "finance", "reviewer", "compliance", "support", "auditor", "merchant"]
    )
    def test_opens_for_everybody(self, staff, role):
        assert staff(role).get("/").status_code == 200

    def test_shows_each_part_to_those_who_may_see_it(self, staff):
        assert "系统健康" in staff("admin").get("/").text
        text = staff("merchant").get("/").text
        for part in ("系统健康", "近 7 天告警", "最近导入"):
            assert part not in text


class TestFormatting:
    @pytest.mark.parametrize(
        ("fen", "text"),
        [(0, "¥0.00"), (5, "¥0.05"), (123_456, "¥1,234.56"), (-5, "-¥0.05"), (-123_400, "-¥1,234.00"), (None, "–")],
    )
    def test_shows_fen_as_yuan(self, fen, text):
        assert formatting.yuan(fen) == text

    @pytest.mark.parametrize(
        ("text", "fen"),
        [("1,234.56", 123_456), ("¥86", 8600), (" 0.05 ", 5), ("-3", -300), ("1.234", None), ("x", None), ("", None)],
    )
    def test_reads_yuan_as_fen(self, text, fen):
        assert formatting.to_fen(text) == fen

    def test_masks_people(self):
        assert formatting.mask_phone("13812345678") == "138****5678"
        assert formatting.mask_phone("123") == "***"
        assert formatting.mask_name("王小明") == "王**"
        assert formatting.mask_name("王") == "王*"

    @pytest.mark.parametrize(
        ("seconds", "english", "chinese"),
        [
            (3.14, "3.1 s", "3.1 秒"),
            (75, "1 min 15 s", "1 分钟 15 秒"),
            (3_900, "1 h 5 min", "1 小时 5 分钟"),
            (3_600, "1 h", "1 小时"),
            (0, "0 s", "0 秒"),
            (2_754_000, "31 d 21 h", "31 天 21 小时"),
            (None, "–", "–"),
        ],
    )
    def test_says_how_long_in_the_readers_language(self, app, seconds, english, chinese):
        with app.test_request_context():
            for language, text in (("en", english), ("zh_Hans_CN", chinese)):
                with force_locale(language):
                    assert formatting.duration(seconds) == text

    def test_says_how_far_and_how_large(self):
        assert formatting.size(512) == "512 B"
        assert formatting.size(4_200_000) == "4.0 MB"
        assert formatting.change(110, 100) == "+10.0%"
        assert formatting.change(110, 0) == "–"
        assert formatting.bps(1250) == "12.50%"
        assert formatting.percent(0.1234) == "12.3%"


class TestBack:
    def test_keeps_to_this_console(self, app):
        with app.test_request_context("/x", method="POST", data={"back": "/exports/?a=1"}):
            assert base.back() == "/exports/?a=1"
        with app.test_request_context("/x", headers={"Referer": "http://other.example/exports/"}):
            assert base.back("/y") == "/y"
