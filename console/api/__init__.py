"""The mini-program's API: routes declared in the modules beside this one, hung under /api/v1."""

from typing import Any

from flask import Blueprint, Flask, Response, render_template
from werkzeug.routing import IntegerConverter

from console import auth, problem
from console.api import (
    admission,
    agency,
    agreement,
    appeal,
    board,
    complaint,
    earning,
    export,
    growth,
    me,
    money,
    notice,
    openapi,
    order,
    product,
    session,
    showcase,
    simulation,
    toolkit,
)
from console.api.route import Guard, Route, route, serve, told
from console.problem import Problem
from jobs.pace import Pace
from models import db
from models.errors import DomainError

BASE = "/api/v1"
RESOURCES = (
    session, agreement, me, export, showcase, admission, growth, money, earning, product, order, agency, simulation,
    complaint, toolkit, board, notice, appeal,
)  # fmt: skip


class Number(IntegerConverter):
    """The number of a row; one with more digits is no address of any method, so that the answer is 404 and not 405."""

    regex = r"\d{1,12}"


def register(app: Flask) -> None:
    """Hang every declared route on the application; none of them reads a cookie."""
    app.url_map.converters["number"] = Number
    blueprint = Blueprint("api", __name__, url_prefix=BASE)
    for one in route.routes:
        blueprint.add_url_rule(one.path, one.name.replace(".", "_"), _guarded(one), methods=[one.method])
    blueprint.add_url_rule("/openapi.json", "openapi", auth.public(_file))
    if not app.config["SETTINGS"].is_production:
        blueprint.add_url_rule("/docs", "docs", auth.public(_page))
    blueprint.register_error_handler(Problem, _problem)
    blueprint.register_error_handler(DomainError, _refused)
    app.register_error_handler(Problem, _problem)
    app.register_blueprint(blueprint)
    auth.csrf.exempt(blueprint)
    app.extensions["pace"] = Pace(app.extensions["bell"].redis)


def _guarded(one: Route) -> Any:
    """The view of a route, which says by whom it is opened."""

    def view(**path: Any) -> Response:
        return serve(one, **path)

    declare = auth.public if one.guard is Guard.PUBLIC else auth.bearer
    return declare(view)


def _problem(found: Problem) -> Response:
    db.session.rollback()
    return problem.answer(found)


def _refused(refusal: DomainError) -> Response:
    db.session.rollback()
    return problem.answer(told(refusal))


def _file() -> dict[str, Any]:
    return openapi.document()


def _page() -> str:
    return render_template("api/docs.html", document=openapi.document())
