"""A matrix as it will stand in the tree: where each of its ten cards is drawn, and which slots are open."""

from collections.abc import Mapping
from dataclasses import dataclass

from models.rules import placement
from models.rules.compliance import WIDTH
from models.rules.placement import PresetPlace, Template

CARD, ROW, GAP = 92, 88, 6
MARGIN = 44


@dataclass(frozen=True)
class Slot:
    """One of the three places under a card: taken by a preset, a vacancy, or closed."""

    n: int
    state: str


@dataclass(frozen=True)
class Card:
    """One preset showcase: its place in the template and on the drawing (centre and top)."""

    place: PresetPlace
    depth: int
    x: int
    y: int
    slots: tuple[Slot, ...]

    @property
    def open_slots(self) -> list[int]:
        return [slot.n for slot in self.slots if slot.state == "open"]


@dataclass(frozen=True)
class Drawing:
    """The whole matrix: cards by position and the size of the picture."""

    kind: Template
    cards: Mapping[int, Card]
    width: int
    height: int

    @property
    def depths(self) -> list[tuple[int, int]]:
        """Each depth with the height at which its cards begin."""
        return sorted({(card.depth, card.y) for card in self.cards.values()})

    @property
    def lines(self) -> list[tuple[Card, Card]]:
        """Parent and child of every line."""
        return [(self.cards[card.place.parent], card) for card in self.cards.values() if card.place.parent]

    @property
    def vacancies(self) -> int:
        return sum(len(card.open_slots) for card in self.cards.values())


def drawing(kind: Template) -> Drawing:
    """Lay a template out: leaves side by side, every parent over the middle of its children."""
    places = placement.template(kind)
    children = {place.position: [one for one in places if one.parent == place.position] for place in places}
    cards: dict[int, Card] = {}
    column = 0

    def put(place: PresetPlace, depth: int) -> int:
        nonlocal column
        below = [put(child, depth + 1) for child in children[place.position]]
        if below:
            x = (below[0] + below[-1]) // 2
        else:
            x = MARGIN + column * (CARD + GAP) + CARD // 2
            column += 1
        cards[place.position] = Card(place, depth, x, depth * ROW, _slots(place, children[place.position]))
        return x

    put(places[0], 0)
    height = (max(card.depth for card in cards.values()) + 1) * ROW
    return Drawing(kind, dict(sorted(cards.items())), MARGIN + column * (CARD + GAP), height)


def _slots(place: PresetPlace, children: list[PresetPlace]) -> tuple[Slot, ...]:
    taken = {child.slot for child in children}
    free = "open" if place.promotes else "closed"
    return tuple(Slot(n, "taken" if n in taken else free) for n in range(1, WIDTH + 1))
