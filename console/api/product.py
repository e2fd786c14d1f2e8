"""The selection centre: what may be sold, and what one sale might bring."""

from typing import Annotated, Any, Literal

from pydantic import Field

from console.api import cursor
from console.api.route import Call, route
from console.api.schema import Answer, Count, Fen, Paged, Projected
from console.api.shown import not_there
from models.money import share
from models.operations import window
from models.queries import policy as policies
from models.queries import portal
from models.rules.compliance import DISCLAIMERS
from models.rules.policy import Policy

ONE = {
    "id": 1, "code": "P00001", "title": "补水面膜", "category": "面膜", "price_fen": 9900, "stock": 100,
    "commission_fen": 2000, "repurchase_bps": 1200, "deposit_fen": 0,
    "disclaimer": {"id": "D-01", "text": DISCLAIMERS["D-01"]},
}  # fmt: skip


class ProductAnswer(Projected):
    """A product on today's terms; ``commission_fen`` is what its seller would get of one sale."""

    id: int
    code: str
    title: str
    category: str
    price_fen: Fen
    deposit_fen: Fen
    stock: Count
    commission_fen: Fen
    repurchase_bps: Count


class Products(Answer):
    items: list[ProductAnswer]
    next: str | None


class Choosing(Paged):
    sort: Literal["commission", "repurchase"] = "commission"
    category: Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[^\x00]+$")] | None = None


@route(
    "GET", "/products", "products.list", "选品中心", query=Choosing, answer=Products,
    gives={"items": [ONE], "next": None},
)  # fmt: skip
def list_(call: Call) -> Products:
    """The highest first."""
    asked: Choosing = call.query
    scope = ("products", call.member_id, asked.sort, asked.category)
    before = cursor.after(asked.cursor, scope=scope)
    found = portal.products(
        member_id=call.member_id, sort=asked.sort, category=asked.category, before=before, limit=asked.limit + 1
    )  # fmt: skip

    def place(row: Any) -> list[int]:
        by = row.Product.commission_fen if asked.sort == "commission" else row.repurchase_bps
        return [by, row.Product.id]

    rows, following = cursor.page(found, asked.limit, place=place, scope=scope)
    _, policy = policies.in_force(call.at)
    return Products(items=[_product(row, policy) for row in rows], next=following)


@route("GET", "/products/<number:product_id>", "products.read", "商品", answer=ProductAnswer, gives=ONE)
def read(call: Call, product_id: int) -> ProductAnswer:
    found = portal.product(member_id=call.member_id, product_id=product_id)
    if found is None:
        raise not_there()
    _, policy = policies.in_force(call.at)
    return _product(found, policy)


def _product(row: Any, policy: Policy) -> ProductAnswer:
    one = row.Product
    return ProductAnswer(
        id=one.id, code=one.code, title=one.title, category=one.category, price_fen=one.price_fen,
        deposit_fen=one.deposit_fen, stock=one.stock, commission_fen=share(one.commission_fen, policy.split_bps[0]),
        repurchase_bps=row.repurchase_bps,
    )  # fmt: skip


class ListingAnswer(Answer):
    """A product in one's window: asked for, there, refused or gone."""

    product_id: int
    state: str
    error: str


LISTED = {"product_id": 1, "state": "asked", "error": ""}


@route(
    "PUT", "/me/listings/<number:product_id>", "listings.put", "上架到我的橱窗", answer=ListingAnswer,
    gives=LISTED,
)  # fmt: skip
def put(call: Call, product_id: int) -> ListingAnswer:
    """Asked for at once, carried out within moments; again changes nothing."""
    if portal.product(member_id=call.member_id, product_id=product_id) is None:
        raise not_there()
    found = window.put(product_id=product_id, member_id=call.member_id, at=call.at)
    return ListingAnswer(product_id=product_id, state=found.state, error=found.error)


@route(
    "DELETE", "/me/listings/<number:product_id>", "listings.remove", "从我的橱窗移出",
    answer=ListingAnswer, gives=LISTED,
)  # fmt: skip
def remove(call: Call, product_id: int) -> ListingAnswer:
    """Of one's own window alone."""
    if not portal.is_listed(member_id=call.member_id, product_id=product_id):
        raise not_there()
    found = window.take_out(product_id=product_id, member_id=call.member_id, at=call.at)
    return ListingAnswer(product_id=product_id, state=found.state, error=found.error)
