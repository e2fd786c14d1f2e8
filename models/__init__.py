"""The domain: tables, rules, queries and operations. Knows no web, no queue and no clock."""

from models.base import Actor, acting, db, transaction
from models.tables.audit import Audit

__all__ = ["Actor", "Audit", "acting", "db", "transaction"]
