"""A product's life: taken in, changed, put on sale, retired. What was ordered before keeps the terms of its day."""

from dataclasses import asdict, dataclass
from datetime import datetime

import sqlalchemy as sa

from models.base import db
from models.errors import Conflict, Missing
from models.operations import outbox
from models.queries import policy as policies
from models.queries import product as products
from models.rules import product as rules
from models.rules.product import ProductState, Terms, Words
from models.tables.merchant import Merchant
from models.tables.product import Product


class NoProduct(Missing):
    """There is no such product, or not for this person."""


class CodeTaken(Conflict):
    """The merchant has another product under this code."""


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What somebody says of a product: whose it is, how it is called, on which terms, how many there are."""

    merchant_id: int
    words: Words
    terms: Terms
    stock: int


def create(*, draft: Draft, at: datetime, by: str) -> Product:
    """Take a product in, not yet on sale; a code stands once with its merchant."""
    words = _checked(draft, at)
    if db.session.get(Merchant, draft.merchant_id) is None:
        raise NoProduct("没有这个商家，请从列表中选择。")
    if db.session.scalar(
        sa.select(Product.id).where(Product.merchant_id == draft.merchant_id, Product.code == words.code)
    ):
        raise CodeTaken(f"该商家已有编码为“{words.code}”的商品，请换一个编码，或直接修改原商品。")
    product = Product(
        merchant_id=draft.merchant_id, **asdict(words), **asdict(draft.terms), stock=draft.stock,
        state=ProductState.DRAFT, created_at=at, created_by=by, updated_at=at,
    )  # fmt: skip
    db.session.add(product)
    db.session.flush()
    return product


def edit(*, product_id: int, draft: Draft, at: datetime) -> Product:
    """Other words, terms or stock from now on; merchant and code stay."""
    words = _checked(draft, at)
    product = locked(product_id)
    before = products.terms_of(product)
    product.title, product.category, product.stock = words.title, words.category, draft.stock
    for name, value in asdict(draft.terms).items():
        setattr(product, name, value)
    product.updated_at = at
    if before != draft.terms:
        outbox.emit("product.repriced", subject=subject(product), product_id=product.id)
    db.session.flush()
    return product


def put_on_sale(*, product_id: int, at: datetime) -> Product:
    """A draft or a retired product goes on sale, on terms that lose nothing under the policy of now (rules 5.2)."""
    product = locked(product_id)
    if product.state == ProductState.LISTED:
        raise rules.OutOfLife("商品已在售，不必重复上架。")
    _, policy = policies.in_force(at)
    rules.check_terms(products.terms_of(product), policy)
    product.state, product.updated_at = ProductState.LISTED, at
    outbox.emit("product.listed", subject=subject(product), product_id=product.id)
    return product


def retire(*, product_id: int, at: datetime) -> Product:
    """The product is no longer sold; where it still stands in windows, delisting takes it down."""
    product = locked(product_id)
    if product.state == ProductState.RETIRED:
        raise rules.OutOfLife("商品已下架，不必重复操作。")
    product.state, product.updated_at = ProductState.RETIRED, at
    outbox.emit("product.retired", subject=subject(product), product_id=product.id)
    return product


def locked(product_id: int) -> Product:
    """The product under its row lock."""
    chosen = sa.select(Product).where(Product.id == product_id).with_for_update()
    product = db.session.scalars(chosen.execution_options(populate_existing=True)).one_or_none()
    if product is None:
        raise NoProduct("没有这个商品，请从列表中选择。")
    return product


def subject(product: Product) -> str:
    """How events and jobs name a product."""
    return f"product:{product.id}"


def _checked(draft: Draft, at: datetime) -> Words:
    words = rules.cleaned(draft.words)
    if draft.stock < 0:
        raise rules.BadProduct("库存不能是负数，请填 0 或更大的整数。")
    _, policy = policies.in_force(at)
    rules.check_terms(draft.terms, policy)
    return words
