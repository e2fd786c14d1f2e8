"""The domain: tables, rules, queries and operations. Knows no web, no queue and no clock."""

from models.base import Actor, acting, db, transaction
from models.tables.audit import Audit
from models.tables.history import HistoryLine, RawLine, StagedLine
from models.tables.importing import ImportIssue, ImportLayout, ImportRun
from models.tables.merchant import Merchant, Shop
from models.tables.region import Region

__all__ = [
    "Actor",
    "Audit",
    "HistoryLine",
    "ImportIssue",
    "ImportLayout",
    "ImportRun",
    "Merchant",
    "RawLine",
    "Region",
    "Shop",
    "StagedLine",
    "acting",
    "db",
    "transaction",
]
