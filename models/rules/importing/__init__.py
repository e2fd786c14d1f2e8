"""Reading dirty order files: what a file means, and row by row what is certain."""

from models.rules.importing.cleaning import Cleaned, Cleaner, Finding, Line, Refused
from models.rules.importing.layout import (
    TITLES,
    BadLayout,
    Cell,
    Cells,
    DateOrder,
    Field,
    Grain,
    Layout,
    Paid,
    Product,
    ProductSheet,
    SheetInfo,
)
from models.rules.importing.products import read_products
from models.rules.importing.sniff import NothingRecognised, sniff
from models.rules.importing.validate import fit, validate
from models.rules.importing.values import Kind
from models.rules.importing.vocabulary import Mend, mend

__all__ = [
    "TITLES",
    "BadLayout",
    "Cell",
    "Cells",
    "Cleaned",
    "Cleaner",
    "DateOrder",
    "Field",
    "Finding",
    "Grain",
    "Kind",
    "Layout",
    "Line",
    "Mend",
    "NothingRecognised",
    "Paid",
    "Product",
    "ProductSheet",
    "Refused",
    "SheetInfo",
    "fit",
    "mend",
    "read_products",
    "sniff",
    "validate",
]
