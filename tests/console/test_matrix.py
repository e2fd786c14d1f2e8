"""Every role on every route by every method, made from the URL map: a new route is covered the moment it exists."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from werkzeug.routing import AnyConverter, BaseConverter, IntegerConverter

from console import auth
from models import (
    AfterSale,
    Delisting,
    DelistingWindow,
    Errand,
    Export,
    HistoryLine,
    Listing,
    Matrix,
    Member,
    Merchant,
    Move,
    Order,
    Parcel,
    Product,
    SavedView,
    Seat,
    SeedCandidate,
    ShopCase,
    SyncLog,
    db,
)
from models.operations import parcel
from models.rules.after_sale import Kind
from models.rules.permission import PERMISSIONS, ROLES, Role
from tests import factories
from tests.console.admin import orders
from tests.operations import world
from tests.people import Browser, person

NOWHERE = 999_999_999
WRITES = {"POST", "PUT", "PATCH", "DELETE"}


@dataclass(frozen=True)
class Route:
    """One method of one address that is not open to all."""

    endpoint: str
    method: str
    path: str
    permissions: frozenset[str]
    model: Any
    takes_id: bool

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def routes(app: Flask, row_id: int = NOWHERE) -> Iterator[Route]:
    adapter = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        function = app.view_functions[rule.endpoint]
        if auth.is_public(rule.endpoint, function) or auth.takes_bearer(function):
            continue
        takes_id = any(isinstance(converter, IntegerConverter) for converter in rule._converters.values())
        values = {name: value_for(converter, row_id) for name, converter in rule._converters.items()}
        path = adapter.build(rule.endpoint, values, method=next(iter(rule.methods or ()), None))
        model = getattr(getattr(function, "__self__", None), "model", None)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield Route(rule.endpoint, method, path, frozenset(auth.permissions_of(function)), model, takes_id)


def value_for(converter: BaseConverter, row_id: int) -> Any:
    if isinstance(converter, AnyConverter):
        return min(converter.items)
    if isinstance(converter, IntegerConverter):
        return row_id if converter.max is None else min(row_id, converter.max)
    return "x"


def asked(browser: Browser, route: Route, **kwargs: Any) -> int:
    return browser.open(route.path, method=route.method, **kwargs).status_code


def is_towards_sign_in(browser: Browser, route: Route) -> bool:
    answer = browser.open(route.path, method=route.method)
    return answer.status_code == 401 or (answer.status_code == 303 and answer.location.startswith("/sign-in"))


def of_another_merchant() -> HistoryLine:
    return factories.history_line()


def of_another_person() -> Export:
    row = Export(
        staff_id=person("admin").id, page="staff", title="x", format="csv", query="", columns=["id"], is_masked=True,
        language="en", created_at=datetime.now(UTC),
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    return row


def kept_by_another() -> SavedView:
    row = SavedView(staff_id=person("admin").id, page="staff", name="x", query="", created_at=datetime.now(UTC))
    db.session.add(row)
    db.session.flush()
    return row


def network_of_another() -> Matrix:
    there = db.session.query(Matrix).filter_by(code="M").one_or_none()
    return there or world.network()


def member_of_another() -> Member:
    return db.session.query(Member).filter_by(matrix_id=network_of_another().id, position=10).one()


def seat_of_another() -> Seat:
    return db.session.query(Seat).filter_by(member_id=member_of_another().id).one()


def move_of_another() -> Move:
    return db.session.query(Move).filter_by(member_id=member_of_another().id).first()


def proposed_to_another() -> SeedCandidate:
    at = datetime(2026, 1, 8, tzinfo=UTC)
    row = SeedCandidate(
        member_id=member_of_another().id, since=at - timedelta(days=7), until=at, orders=35, sales_fen=1,
        state="dropped", tagged_at=at, merchant_id=factories.merchant().id, answer="", ended_at=at,
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    return row


def listed_by_another() -> Listing:
    return factories.listing(product_id=factories.product().id, member_id=member_of_another().id)


def delisted_by_another() -> Delisting:
    return factories.delisting(product_id=factories.product().id)


def window_of_another() -> DelistingWindow:
    row = DelistingWindow(delisting_id=delisted_by_another().id, listing_id=listed_by_another().id, error="", tries=0)
    db.session.add(row)
    db.session.flush()
    return row


def logged_of_another() -> SyncLog:
    row = SyncLog(
        at=datetime.now(UTC), member_id=member_of_another().id, product_id=factories.product().id, kind="listed",
        before="", after="agency", note="",
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    return row


def numbered() -> str:
    """An order number nobody has, in the network of another."""
    network_of_another()
    return f"F-{db.session.query(Order).count()}"


def ordered_from_another() -> Order:
    return orders.paid(numbered())


def sent_by_another() -> Parcel:
    number = ordered_from_another().number
    return parcel.send(number=number, carrier="中通快递", waybill=f"ZT{number}", at=datetime.now(UTC))


def complained_to_another() -> AfterSale:
    return orders.opened(numbered(), Kind.QUALITY)


def owed_about_another() -> Errand:
    row = Errand(
        kind="parcel", subject=f"parcel:{numbered()}", order_id=ordered_from_another().id, state="due",
        asked_at=datetime.now(UTC),
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    return row


def told_by_the_shop_of_another() -> ShopCase:
    case = ShopCase(
        number=f"A-{numbered()}", order_id=ordered_from_another().id, status="MERCHANT_PROCESSING", amount_fen=100,
        told_at=datetime.now(UTC),
    )  # fmt: skip
    db.session.add(case)
    db.session.flush()
    return case


# A row that is not a new merchant's, for every table of which a merchant may open a row.
FOREIGN: dict[Any, Callable[[], Any]] = {
    HistoryLine: of_another_merchant,
    Export: of_another_person,
    SavedView: kept_by_another,
    SeedCandidate: proposed_to_another,
    Product: factories.product,
    Listing: listed_by_another,
    Delisting: delisted_by_another,
    DelistingWindow: window_of_another,
    SyncLog: logged_of_another,
    Merchant: factories.merchant,
    Matrix: network_of_another,
    Order: ordered_from_another,
    Parcel: sent_by_another,
    AfterSale: complained_to_another,
    ShopCase: told_by_the_shop_of_another,
    Errand: owed_about_another,
    Member: member_of_another,
    Seat: seat_of_another,
    Move: move_of_another,
}


class TestAnonymous:
    def test_meets_the_sign_in_everywhere(self, app, client):
        passed = [str(route) for route in routes(app) if not is_towards_sign_in(client, route)]
        assert passed == []


@pytest.mark.parametrize("role", list(Role))
class TestRole:
    def test_is_refused_what_it_does_not_hold(self, app, staff, role):
        browser = staff(role)
        barred = [route for route in routes(app) if not route.permissions <= ROLES[role]]
        assert barred or role is Role.ADMIN
        assert [str(route) for route in barred if asked(browser, route) != 403] == []

    def test_passes_where_it_holds_the_permission_and_breaks_nothing(self, app, staff, role):
        browser = staff(role)
        wrong = []
        for route in routes(app):
            if route.permissions <= ROLES[role]:
                status = asked(browser, route)
                if status in (401, 403) or status >= 500 or (route.takes_id and status == 200):
                    wrong.append(f"{route}: {status}")
        assert wrong == []

    def test_writes_nothing_without_the_forms_token(self, app, staff, role):
        browser = staff(role)
        writing = [route for route in routes(app) if route.method in WRITES]
        assert len(writing) > 5
        assert [str(route) for route in writing if asked(browser, route, csrf=False) != 400] == []


class TestMerchant:
    def test_finds_nothing_of_others(self, app, staff):
        browser = staff(Role.MERCHANT)
        found, unknown = [], set()
        for route in routes(app):
            if not route.permissions <= ROLES[Role.MERCHANT] or not route.takes_id:
                continue
            if route.model not in FOREIGN:
                unknown.add(route.endpoint)
                continue
            path = route.path.replace(str(NOWHERE), str(FOREIGN[route.model]().id))
            status = browser.open(path, method=route.method).status_code
            if status != 404:
                found.append(f"{route.method} {path}: {status}")
        assert found == []
        assert unknown == set(), "say in FOREIGN whose rows these are"


class TestBearer:
    def test_routes_open_to_no_cookie_of_staff_and_to_nobody(self, app, client, staff):
        adapter = app.url_map.bind("localhost")
        guarded = [rule for rule in app.url_map.iter_rules() if auth.takes_bearer(app.view_functions[rule.endpoint])]
        passed = []
        for rule in guarded:
            path = adapter.build(rule.endpoint, {n: value_for(c, NOWHERE) for n, c in rule._converters.items()})
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                answers = [browser.open(path, method=method) for browser in (client, staff(Role.ADMIN))]
                if [answer.status_code for answer in answers] != [401, 401]:
                    passed.append(f"{method} {path}")
        assert guarded
        assert passed == []

    def test_routes_all_stand_under_the_api(self, app):
        rules = app.url_map.iter_rules()
        outside = [rule.rule for rule in rules if auth.takes_bearer(app.view_functions[rule.endpoint])]
        assert [rule for rule in outside if not rule.startswith("/api/v1/")] == []


class TestRoutes:
    def test_each_declare_a_permission_or_are_named_here(self, app):
        undeclared = {
            rule.endpoint
            for rule in app.url_map.iter_rules()
            if auth.is_public(rule.endpoint, app.view_functions[rule.endpoint])
        }
        assert undeclared == {
            "static", "plotly_static", "health.live", "health.ready", "health.metrics", "signin.sign_in",
            "signin.sign_out", "signin.link", "api.openapi", "api.docs", "api.session_open", "api.session_refresh",
            "api.agreement_current", "api.simulations_run", "webhooks.pay", "webhooks.shop", "webhooks.shop_address",
        }  # fmt: skip

    def test_never_write_under_a_reading_permission(self, app):
        reading = {name for name, permission in PERMISSIONS.items() if permission.is_read}
        assert [str(route) for route in routes(app) if route.method in WRITES and route.permissions <= reading] == []

    def test_stop_the_start_when_one_declares_nothing(self, settings):
        for rule, function, says in (
            ("/bare", lambda: "", "declares no permission"),
            ("/wrong", auth.permits("home.view")(lambda: ""), "writes under home.view"),
        ):
            app = Flask("test")
            app.add_url_rule(rule, "bare", function, methods=["POST"])
            with pytest.raises(auth.Undeclared, match=says):
                auth.check_declared(app)

    def test_name_no_permission_that_does_not_exist(self):
        with pytest.raises(auth.Undeclared):
            auth.permits("everything.do")
