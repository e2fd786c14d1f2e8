"""The one way out: where it goes, what it tries again, what it never says."""

import httpx
import pytest
from structlog.testing import capture_logs

from jobs.gateways import http
from jobs.gateways.http import Call, Client, Kind, Misdirected, Refused, Reply, Retryable, Verdict
from tests.gateways.wire import Wire


class Plain:
    """A family that says everything by its status."""

    def headers(self, method, target, body):
        return {"X-Target": target}

    def read(self, reply: Reply) -> Verdict:
        kind = Kind.DONE if reply.status == 200 else Kind.AGAIN if reply.status >= 500 else Kind.REFUSED
        return Verdict(kind, str(reply.status), reply.content.decode()[:50], reply.headers.get("request-id", ""))


READ = Call(verb="read", method="GET", path="/x", query={"a": "1|2"}, is_safe=True)
WRITE = Call(verb="write", method="POST", path="/x", body=b"{}")


def client(wire, **passing) -> Client:
    passing = {"sleep": lambda _: None} | passing
    return Client(name="test", host="https://api.test", manner=Plain(), transport=wire, **passing)


def status(number: int, text: str = "", **headers) -> httpx.Response:
    return httpx.Response(number, text=text, headers=headers)


class TestRetries:
    def test_ask_three_times_for_what_is_safe(self):
        wire = Wire(httpx.ReadTimeout("slow"), status(500), status(200, "yes"))
        assert client(wire).send(READ).content == b"yes"
        assert len(wire.calls) == 3

    def test_give_up_after_the_third(self):
        wire = Wire(*[status(503, **{"Request-ID": "rid-9"}) for _ in range(3)])
        with pytest.raises(Retryable) as error:
            client(wire).send(READ)
        assert (error.value.code, error.value.status, error.value.request_id) == ("503", 503, "rid-9")

    def test_never_repeat_a_write(self):
        wire = Wire(httpx.ReadTimeout("slow"), status(200))
        with pytest.raises(Retryable) as error:
            client(wire).send(WRITE)
        assert error.value.is_sent
        assert len(wire.calls) == 1

    def test_never_repeat_a_refusal(self):
        wire = Wire(status(400, "no"), status(200))
        with pytest.raises(Refused) as error:
            client(wire).send(READ)
        assert str(error.value) == "no（400）"
        assert len(wire.calls) == 1

    def test_say_that_nothing_was_sent_where_nobody_listened(self):
        with pytest.raises(Retryable) as error:
            client(Wire(httpx.ConnectError("nobody"))).send(WRITE)
        assert not error.value.is_sent

    def test_wait_longer_each_time(self):
        waits = []
        with pytest.raises(Retryable):
            client(Wire(*[status(500) for _ in range(3)]), sleep=waits.append).send(READ)
        first, second = [wait for wait in waits if wait]
        assert 0.1 <= first <= 0.2
        assert 0.4 <= second <= 0.8


class TestDirection:
    def test_follows_no_redirect(self):
        wire = Wire(status(302, Location="https://elsewhere.test/"))
        with pytest.raises(Refused):
            client(wire).send(READ)
        assert [call.url.host for call in wire.calls] == ["api.test"]

    @pytest.mark.parametrize("path", ["@evil.test/x", ".evil.test/x"])
    def test_leaves_its_host_by_no_path(self, path):
        with pytest.raises(Misdirected):
            client(Wire(status(200))).send(Call(verb="read", method="GET", path=path))

    @pytest.mark.parametrize(
        "host", ["http://api.weixin.qq.com", "ftp://127.0.0.1", "https://", "https://a.test/path", "https://u@a.test"]
    )
    def test_takes_https_hosts_and_nothing_else(self, host):
        with pytest.raises(Misdirected):
            http.checked(host)

    @pytest.mark.parametrize(
        "host", ["http://127.0.0.1:8900", "http://[::1]:1", "http://localhost:2", "https://a.test"]
    )
    def test_takes_plain_http_on_this_machine(self, host):
        assert http.checked(host) == host

    def test_leaves_out_a_port_that_goes_without_saying(self):
        assert http.checked("https://A.test:443/") == "https://a.test"

    def test_signs_the_address_as_it_is_sent(self):
        wire = Wire(status(200))
        client(wire).send(READ)
        assert wire.calls[0].headers["X-Target"] == wire.calls[0].url.raw_path.decode() == "/x?a=1%7C2"


class TestBounds:
    def test_stop_a_reply_that_is_too_large(self):
        with pytest.raises(Retryable) as error:
            client(Wire(status(200, "x" * 101))).send(Call(verb="read", method="GET", path="/x", largest=100))
        assert error.value.code == "too_large"

    def test_stop_a_reply_that_trickles(self):
        moments = iter([0.0, 16.0, 16.0])
        with pytest.raises(Retryable) as error:
            client(Wire(status(200, "late")), clock=lambda: next(moments)).send(WRITE)
        assert (error.value.code, error.value.is_sent) == ("ReadTimeout", True)

    def test_take_turns_within_a_documented_limit(self):
        waits = []
        calls = client(Wire(*[status(200) for _ in range(3)]), sleep=waits.append, clock=lambda: 100.0)
        for _ in range(3):
            calls.send(Call(verb="bills", method="GET", path="/x", per_second=2))
        assert waits == [0.0, 0.5, 1.0]

    def test_refuse_to_queue_for_minutes(self):
        wire = Wire(*[status(200) for _ in range(9)])
        calls = client(wire, clock=lambda: 100.0)
        slow = Call(verb="slow", method="GET", path="/x", per_second=1)
        for _ in range(6):
            calls.send(slow)
        with pytest.raises(Retryable) as error:
            calls.send(slow)
        assert (error.value.code, error.value.is_sent, len(wire.calls)) == ("rate", False, 6)


class TestWords:
    def test_keep_persons_and_secrets_out_of_messages(self):
        said = http.cleaned("openid oABCDEFGHIJKLMNOPQRSTUVWXYZ12 of 13800138000 access_token=s3cret&x secret: abc")
        assert said == "openid *** of *** ***&x ***"

    def test_keep_a_message_short(self):
        assert len(http.cleaned("很" * 999)) == 200

    def test_log_the_verb_and_its_end_and_no_address(self):
        wire = Wire(status(400, "no", **{"Request-ID": "rid-7"}))
        with capture_logs() as lines, pytest.raises(Refused):
            client(wire).send(Call(verb="token.get", method="GET", path="/x", query={"secret": "s3cret"}))
        line = str(lines)
        assert "token.get" in line
        assert "rid-7" in line
        assert "s3cret" not in line
        assert "/x" not in line
