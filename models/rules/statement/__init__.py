"""Statements of payment channels: which layout a file has, what each of its lines says, what its summary claims."""

from models.rules.statement.layout import (
    Account,
    Claims,
    Layout,
    Recognised,
    UnknownLayout,
    claims_of,
    recognise,
)
from models.rules.statement.line import Business, Entry, Reader, Refused, Way

__all__ = [
    "Account",
    "Business",
    "Claims",
    "Entry",
    "Layout",
    "Reader",
    "Recognised",
    "Refused",
    "UnknownLayout",
    "Way",
    "claims_of",
    "recognise",
]
