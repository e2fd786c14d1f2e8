"""plotly.min.js from the installed package: always the version our figures were made with, compressed once."""

import gzip
from functools import cache
from importlib import resources

from flask import Flask, Response, abort, request, url_for
from plotly.offline import get_plotlyjs_version

from console.auth import public

AGE_SECONDS = 31_536_000

# Nobody is looked up for an endpoint of this ending, so that its answer may be kept.
ENDPOINT = "plotly_static"


@cache
def _script() -> tuple[bytes, bytes]:
    """The script as it is and compressed."""
    plain = resources.files("plotly").joinpath("package_data/plotly.min.js").read_bytes()
    return plain, gzip.compress(plain, 9, mtime=0)


@public
def script(version: str) -> Response:
    """The drawing library; its address names the version, so a browser keeps it for good."""
    if version != get_plotlyjs_version():
        abort(404)
    plain, small = _script()
    takes_gzip = request.accept_encodings.quality("gzip") > 0
    answer = Response(small if takes_gzip else plain, content_type="text/javascript; charset=utf-8")
    answer.headers["Cache-Control"] = f"public, max-age={AGE_SECONDS}, immutable"
    answer.headers["Vary"] = "Accept-Encoding"
    if takes_gzip:
        answer.headers["Content-Encoding"] = "gzip"
    return answer


def address() -> str:
    return url_for(ENDPOINT, version=get_plotlyjs_version())


def register(app: Flask) -> None:
    """Hang the script on the application."""
    app.add_url_rule("/assets/plotly-<version>.min.js", ENDPOINT, script)
    app.jinja_env.globals["plotly_address"] = address
