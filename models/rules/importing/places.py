"""The region of a row: province, city and district columns, or one address column."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from models.rules import region
from models.rules.importing import text
from models.rules.importing.columns import Finding, position
from models.rules.importing.layout import TITLES, Cell, Cells, Field, Layout
from models.rules.importing.values import Kind, formula, shown

_CACHE_MAX = 50_000
_PARTS = (Field.PROVINCE, Field.CITY, Field.DISTRICT)
_REMEMBERED_LENGTH_MAX = 200
_REASONS = {
    region.How.SHORT: "简称已补全为现行全称",
    region.How.OLD: "旧名称已换成现行区划",
    region.How.PSEUDO: "“省直辖”不是城市，已归到省级",
    region.How.FILLED: "空白的省份由城市补上",
}


class Place(NamedTuple):
    """Codes of a row's region, as deep as it is known, and the text it came from."""

    region_code: str | None
    province_code: str | None
    city_code: str | None
    text: str | None


NOWHERE = Place(None, None, None, None)


class Places:
    """Reads the region columns of one sheet; each distinct combination is resolved once."""

    def __init__(self, layout: Layout, columns: tuple[str, ...]) -> None:
        fields = layout.columns
        kept = (Field.ADDRESS,) if Field.ADDRESS in fields else _PARTS
        self._names = {field: fields[field] for field in kept if field in fields}
        self._required = [field for field in self._names if field in layout.required]
        self._spots = tuple(position(name, columns) for name in self._names.values())
        self._known: dict[tuple[Cell, ...], tuple[Place, tuple[Finding, ...]]] = {}

    def __call__(self, cells: Cells, found: list[Finding]) -> Place:
        """The region of a row; what was mended or not understood is added to ``found``."""
        if not self._spots:
            return NOWHERE
        key = tuple([cells[spot] for spot in self._spots])
        known = self._known.get(key)
        if known is None:
            known = self._resolve(key)
            if len(self._known) >= _CACHE_MAX:
                self._known.clear()
            if all(isinstance(cell, str | None) and len(cell or "") <= _REMEMBERED_LENGTH_MAX for cell in key):
                self._known[key] = known
        if known[1]:
            found.extend(known[1])
        return known[0]

    def _resolve(self, raw: tuple[Cell, ...]) -> tuple[Place, tuple[Finding, ...]]:
        written = {field: _written(cell) for field, cell in zip(self._names, raw, strict=True)}
        for field, words in written.items():
            if refusal := formula(words):
                return NOWHERE, (self._refused(field, words, refusal.code, refusal.reason),)
        if Field.ADDRESS in written:
            match = region.resolve_address(written[Field.ADDRESS])
        else:
            match = region.resolve(*(written.get(field, "") for field in _PARTS))
        place = Place(match.code, match.province_code, match.city_code, match.text or None)
        said = [self._said(step) for step in match.steps if step.how is not region.How.EXACT]
        return place, (*said, *self._missing(written, place))

    def _missing(self, written: Mapping[Field, str], place: Place) -> Iterator[Finding]:
        for field in self._required:
            filled = field is Field.PROVINCE and place.province_code is not None
            if not written[field] and not filled:
                yield self._refused(field, "", "missing", f"缺少{TITLES[field]}，请补全后重新上传")

    def _refused(self, field: Field, value: str, code: str, reason: str) -> Finding:
        return Finding(self._names[field], value, None, Kind.REFUSED, code, reason)

    def _said(self, step: region.Step) -> Finding:
        field = Field.ADDRESS if Field.ADDRESS in self._names else Field(step.level)
        column = self._names.get(field) or next(iter(self._names.values()))
        if step.how in _REASONS:
            return Finding(column, step.text, step.name, Kind.REPAIRED, f"region_{step.how}", _REASONS[step.how])
        return Finding(column, step.text, None, Kind.NOTED, f"region_{step.how}", step.reason)


def _written(cell: Cell) -> str:
    folded = text.close_up(shown(cell))
    return "" if text.is_blank(folded) else folded
