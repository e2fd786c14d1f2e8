"""Merchants and the shops they sell in."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Merchant(Base):
    """A company whose shops we look after; its own staff see its rows and nobody else's."""

    __tablename__ = "merchant"

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())


class Shop(Base):
    """One shop of a merchant on one platform: what an order file belongs to."""

    __tablename__ = "shop"
    __table_args__ = (sa.UniqueConstraint("merchant_id", "name"),)

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    merchant_id: Mapped[int] = mapped_column(sa.ForeignKey("merchant.id"))
    name: Mapped[str]
    platform: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
