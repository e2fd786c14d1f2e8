"""One JSON line an event, with the ids of the request and the job, and without anybody's personal data.

Whatever part of the program speaks (structlog, the standard logging, RQ, gunicorn), its line passes ``redact`` last.
"""

import json
import logging
import re
import sys
import time
import traceback
import uuid
from functools import lru_cache
from typing import Any, TextIO

import structlog
from flask import Flask, Response, g, request
from sqlalchemy.exc import DBAPIError
from structlog.typing import EventDict, ExcInfo, WrappedLogger

REQUEST_ID = "qianxing.request_id"
HIDDEN = "***"
# RQ's loggers do not propagate since 3.0; gunicorn brings handlers of its own.
APART = ("rq", "rq.worker", "rq.scheduler", "rq.cron", "rq.job", "rq.registry", "gunicorn.error", "gunicorn.access")
QUIET = {"werkzeug": logging.ERROR, "alembic": logging.WARNING, "gunicorn.access": logging.CRITICAL}
LINE_MAX = 16_384
SHORT = 80
# Whole numbers of fewer figures than any telephone, card or account has are nobody's.
LONG = 10**9

_SECRET_KEY = re.compile(
    r"phone|mobile|tele|(^|_)tel($|_)|address|addr$|openid|unionid|password|passwd|token|secret|cookie|authorization"
    r"|totp|otp$|api_key|real_name|full_name|(^|_)(nick|buyer|member|receiver|consignee|contact|payee|user|staff|person"
    r")_?name|^name$|^buyer$|^receiver$|^consignee$|id_?card|id_number|identity|bank|card_no|e?mail$|(^|_)ip$|file_name"
    r"|手机|电话|地址|姓名|收货人|收件人|密码|身份证|昵称|买家|银行卡",
    re.IGNORECASE,
)
_PERSONAL = (
    re.compile(r"(?<!\d)(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?!\d)"),  # a mobile number
    re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)"),  # an identity card
    re.compile(r"(?<![\d.])\d{16,19}(?![\d.])"),  # a bank card
    re.compile(r"(?<![\w-])o[\w-]{27}(?![\w-])"),  # an openid
    re.compile(r"(?i)\b(?:bearer|basic)\s+[\w.~+/=-]+"),  # a credential in a header
    re.compile(r"(?<=://)[^/\s:@]*:[^/\s@]+(?=@)"),  # a credential in an address
    # Anchored and bounded: an address is tried once a word, or a long line would cost its length squared.
    re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}\.[\w.-]{1,190}"),  # an e-mail address
    re.compile(r"(?i)(?<=[?&])(?:q|search|phone|name|token|code|secret|password)=[^&\s\"']+"),
    re.compile(
        r"[\u4e00-\u9fff]{2,12}(?:省|自治区|市|区|县)[\u4e00-\u9fff\d]{0,24}?(?:路|街|道|巷|村|号|室|弄|小区|苑)[\u4e00-\u9fff\d-]*"
    ),
)
_FIGURE = re.compile(r"\d")
_QUOTED = re.compile(r"(?P<mark>['\"“‘])(?P<inside>[^'\"”’]*[\u4e00-\u9fff\d][^'\"”’]*)['\"”’]")
_DETAIL = re.compile(r"\s*(?:DETAIL:|CONTEXT:|\[SQL:|\[parameters:).*", re.DOTALL)


def scrub(text: str) -> str:
    """The text without what looks like a person's number, address or secret, whoever wrote it."""
    for pattern in _PERSONAL:
        text = pattern.sub(HIDDEN, text)
    return text


@lru_cache(maxsize=2_048)
def _is_secret(key: str) -> bool:
    return _SECRET_KEY.search(key) is not None


# Routes, levels and events come again with every line; what holds a figure seldom does.
_known = lru_cache(maxsize=2_048)(scrub)


def _scrubbed(text: str) -> str:
    return _known(text) if len(text) <= SHORT and not _FIGURE.search(text) else scrub(text)


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """The last processor: hides values by the name of their key and by their looks, at any depth."""
    return {key: _clean(key, value) for key, value in event.items()}


def _clean(key: str, value: Any) -> Any:
    if _is_secret(key) and value not in (None, "", True, False):
        return HIDDEN
    if isinstance(value, dict):
        return {str(inner): _clean(str(inner), inside) for inner, inside in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_clean("", inside) for inside in value]
    if value is None or isinstance(value, (bool, float)):
        return value
    if isinstance(value, int):
        return value if -LONG < value < LONG or scrub(str(value)) == str(value) else HIDDEN
    return _scrubbed(str(value))


def explain(exc_info: ExcInfo) -> str:
    """Type, frames and message of an error. A message quotes what it choked on, so quoted words and a database's
    detail (`Key (phone)=(…)`) are left out; the frames hold code, never values."""
    kind, error, trace = exc_info
    frames = "".join(
        f"{frame.filename}:{frame.lineno} {frame.name}\n" for frame in traceback.extract_tb(trace, limit=-20)
    )
    lines = [f"{kind.__name__}: {_message(error)}"]
    cause = error.__cause__ or error.__context__
    while cause is not None and len(lines) < 5:
        lines.append(f"from {type(cause).__name__}: {_message(cause)}")
        cause = cause.__cause__ or cause.__context__
    return frames + "\n".join(lines)


def _message(error: BaseException) -> str:
    if isinstance(error, DBAPIError):
        error = error.orig or error
    message = _DETAIL.sub("", str(error))
    return _QUOTED.sub(lambda found: f"{found['mark']}{HIDDEN}{found['mark']}", message)[:2000]


def _errors(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    exc_info = event.pop("exc_info", None)
    if exc_info is True:
        exc_info = sys.exc_info()
    if isinstance(exc_info, BaseException):
        exc_info = (type(exc_info), exc_info, exc_info.__traceback__)
    if exc_info and exc_info[0] is not None:
        event["error"] = explain(exc_info)
    return event


def _line(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    """JSON keeps every line break inside a string escaped: one event can never look like two."""
    line = json.dumps(event, ensure_ascii=False, default=str)
    for separator in ("\u2028", "\u2029", "\x85"):
        line = line.replace(separator, " ")
    if len(line) <= LINE_MAX:
        return line
    kept = {key: event[key] for key in ("at", "level", "logger", "request_id", "job_id") if key in event}
    return json.dumps(kept | {"event": "log.too_long", "length": len(line), "start": line[:2000]}, ensure_ascii=False)


_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.stdlib.PositionalArgumentsFormatter(),
    structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
]


def configure(stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """Send every logger of this process through one handler; called once by each entry point."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*_SHARED, structlog.stdlib.ExtraAdder()],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _errors, redact, _line],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in APART:
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
    for name, lowest in QUIET.items():
        logging.getLogger(name).setLevel(lowest)
    logging.captureWarnings(True)
    # Nothing of this stands in a line: neither thread nor process is asked for it.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def register(app: Flask) -> None:
    """Give every request an id and one line in the log, which names the route and never the words searched for."""
    access = structlog.stdlib.get_logger("console.access")

    def begin() -> None:
        given = request.headers.get("X-Request-ID", "") if app.config["SETTINGS"].proxies else ""
        request_id = given if re.fullmatch(r"[A-Za-z0-9-]{8,64}", given) else uuid.uuid4().hex
        request.environ[REQUEST_ID] = request_id
        g.began = time.perf_counter()
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)

    def end(response: Response) -> Response:
        response.headers["X-Request-ID"] = request.environ.get(REQUEST_ID, "")
        access.info(
            "request",
            method=request.method,
            route=request.url_rule.rule if request.url_rule else None,
            endpoint=request.endpoint,
            status=response.status_code,
            ms=round((time.perf_counter() - g.began) * 1000, 1) if "began" in g else None,
            bytes=response.content_length,
        )
        return response

    app.before_request_funcs.setdefault(None, []).insert(0, begin)
    app.after_request(end)
