"""The product sheet of an order file: what each code stands for."""

from collections.abc import Iterable

from models.rules.importing import values
from models.rules.importing.codes import Codes
from models.rules.importing.columns import position
from models.rules.importing.layout import Cell, Cells, Field, Layout, Product

PRODUCTS_MAX = 200_000


def read_products(layout: Layout, columns: tuple[str, ...], rows: Iterable[Cells]) -> dict[str, Product]:
    """Product codes to names and categories; of a code that comes twice the first row counts."""
    sheet = layout.products
    if sheet is None:
        return {}
    read_code = Codes(layout.shapes.get(Field.PRODUCT_CODE))
    places = {field: position(name, columns) for field, name in sheet.columns.items()}
    found: dict[str, Product] = {}
    for cells in rows:
        code = read_code(_cell(cells, places, Field.PRODUCT_CODE)).value
        if code is None or code in found or len(found) >= PRODUCTS_MAX:
            continue
        found[code] = Product(
            values.name(_cell(cells, places, Field.PRODUCT_NAME)).value,
            values.label(_cell(cells, places, Field.CATEGORY)).value,
            values.label(_cell(cells, places, Field.CATEGORY_GROUP)).value,
        )
    return found


def _cell(cells: Cells, places: dict[Field, int], field: Field) -> Cell:
    place = places.get(field)
    return cells[place] if place is not None and place < len(cells) else None
