"""The 3-wide tree: preset shapes, who sponsors, where a newcomer goes, and the pointers that answer it in one read.

Every node knows ``best``, the first node of its own subtree that has a vacancy, and ``distance``, how far below it that
is. A change mends the pointers upwards and stops at the first ancestor that stays as it was, so that a join touches few
rows at any size of the tree. Among children of equal distance the lowest slot wins: shallowest, then left to right.
"""

from array import array
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from typing import NamedTuple

from models.errors import Conflict, Invalid
from models.rules.compliance import MATRIX_SIZE, WIDTH
from models.rules.standing import Showcase, Standing

NOBODY = -1


class SponsorCycle(Conflict):
    """Somebody would be above themselves."""


class Template(StrEnum):
    LINEAR = "linear"
    TRIPLE = "triple"


class NoVacancy(Conflict):
    """The whole network is full."""


class Taken(Conflict):
    """The slot has somebody in it, or does not exist."""


class Occupied(Conflict):
    """A node with somebody below cannot be freed or moved."""


class UnknownTemplate(Invalid):
    """A matrix has one of two shapes."""


class PresetPlace(NamedTuple):
    """Where a preset showcase hangs: its parent's position and slot (None for the root), and whether it may promote."""

    position: int
    parent: int | None
    slot: int | None
    promotes: bool


def template(kind: Template) -> list[PresetPlace]:
    """The ten presets of a matrix in order of position (rules 2.1)."""
    root = PresetPlace(1, None, None, promotes=False)
    positions = range(2, MATRIX_SIZE + 1)
    if kind is Template.LINEAR:
        return [root, *(PresetPlace(k, k - 1, 1, promotes=k == MATRIX_SIZE) for k in positions)]
    return [root, *(PresetPlace(k, (k + 1) // WIDTH, (k - 2) % WIDTH + 1, promotes=True) for k in positions)]


def promotes(kind: str | None, position: int | None) -> bool:
    """Whether a preset showcase may promote, as its matrix's template says (rules 2.1)."""
    return position is not None and kind is not None and template(Template(kind))[position - 1].promotes


def is_open(*, preset: bool, promotes: bool, standing: Standing, showcase: Showcase) -> bool:
    """Whether an owner's empty slots are vacancies (rules 2.3)."""
    if preset:
        return promotes
    return standing in (Standing.CANDIDATE, Standing.ACTIVE, Standing.FROZEN) and showcase is not Showcase.CLOSED


class Sponsor(NamedTuple):
    """What the choice of a sponsor looks at."""

    code: str
    sponsor: str | None
    qualified: bool
    open: bool


def may_sponsor(person: Sponsor) -> bool:
    """Qualified and open (rules 2.3)."""
    return person.qualified and person.open


def sponsor_of(inviter: str | None, look: Callable[[str], Sponsor]) -> str | None:
    """The inviter if qualified and open, else the nearest such member up the sponsor chain, else nobody (rules 2.3)."""
    code, seen = inviter, set[str]()
    while code is not None:
        if code in seen:
            raise SponsorCycle(f"规则 2.3：{inviter} 的直推上级成环（又回到 {code}），请先由工作人员更正直推关系。")
        seen.add(code)
        person = look(code)
        if may_sponsor(person):
            return code
        code = person.sponsor
    return None


class Place(NamedTuple):
    """A newcomer's node, its parent and its slot 1..3."""

    node: int
    parent: int
    slot: int


class Tree:
    """Many networks in flat arrays: 27 bytes a node. Nodes are numbered in the order of their making."""

    def __init__(self) -> None:
        self.parent = array("i")
        self.slot = array("b")
        self.children = array("i")
        self.best = array("i")
        self.distance = array("i")
        self.open = bytearray()
        self.touched = 0
        """Pointers looked at by the last change."""

    def __len__(self) -> int:
        return len(self.parent)

    def add(self, parent: int = NOBODY, slot: int = 0, *, is_open: bool = True) -> int:
        """Make a node: a root, or in a given free slot of a parent."""
        if parent != NOBODY and not (1 <= slot <= WIDTH and self.children[parent * WIDTH + slot - 1] == NOBODY):
            raise Taken(f"规则 2.4：节点 {parent} 的第 {slot} 位不存在或已有人，请换一个位置。")
        node = len(self.parent)
        self.parent.append(parent)
        self.slot.append(slot)
        self.children.extend((NOBODY,) * WIDTH)
        self.open.append(is_open)
        self.best.append(node if is_open else NOBODY)
        self.distance.append(0)
        self.touched = 0
        if parent != NOBODY:
            self.children[parent * WIDTH + slot - 1] = node
            if not (self.open[parent] and self.children[parent * WIDTH + WIDTH - 1] == NOBODY):
                self._mend(parent)  # else the parent keeps a vacancy, and no pointer changes
        return node

    def first_vacancy(self, node: int) -> int | None:
        """The owner of the first vacancy in a node's subtree, its own slots first; None if there is none."""
        owner = self.best[node]
        return None if owner == NOBODY else owner

    def place(self, root: int, sponsor: int | None = None) -> Place:
        """Put a newcomer where rules 2.3 says: below the sponsor, else anywhere in the network, else nowhere."""
        owner = NOBODY if sponsor is None else self.best[sponsor]
        if owner == NOBODY:
            owner = self.best[root]
        if owner == NOBODY:
            raise NoVacancy("规则 2.3：整个网络已没有空位，暂时不能登记新成员。")
        slot = self.free_slot(owner)
        return Place(self.add(owner, slot), owner, slot)

    def free_slot(self, node: int) -> int:
        """The lowest empty slot 1..3 of a node, 0 if it is full."""
        first = node * WIDTH
        for slot in range(WIDTH):
            if self.children[first + slot] == NOBODY:
                return slot + 1
        return 0

    def set_open(self, node: int, is_open: bool) -> None:
        """Open or close the empty slots of a node."""
        if bool(self.open[node]) != is_open:
            self.open[node] = is_open
            self._mend(node)

    def free(self, node: int) -> None:
        """Take a childless node out of the tree; its slot is empty again."""
        if any(True for _ in self.below(node)):
            raise Occupied("规则 2.5：该节点下方还有人，只能关闭，不能释放。")
        parent, slot = self.parent[node], self.slot[node]
        self.parent[node], self.slot[node] = NOBODY, 0
        if parent != NOBODY:
            self.children[parent * WIDTH + slot - 1] = NOBODY
            self._mend(parent)

    def move(self, node: int, parent: int, slot: int) -> None:
        """Hang a leaf elsewhere (rules 2.8)."""
        if node == parent or not (1 <= slot <= WIDTH) or self.children[parent * WIDTH + slot - 1] != NOBODY:
            raise Taken(f"规则 2.8：节点 {parent} 的第 {slot} 位不存在或已有人，请换一个位置。")
        self.free(node)
        self.parent[node], self.slot[node] = parent, slot
        self.children[parent * WIDTH + slot - 1] = node
        self._mend(parent)

    def below(self, node: int) -> Iterator[int]:
        """The children of a node in slot order."""
        first = node * WIDTH
        return (child for child in self.children[first : first + WIDTH] if child != NOBODY)

    def ancestors(self, node: int) -> Iterator[int]:
        """The parent, its parent, and so on up to the root."""
        node = self.parent[node]
        while node != NOBODY:
            yield node
            node = self.parent[node]

    def depth(self, node: int) -> int:
        """Levels below the root, which is 0."""
        return sum(1 for _ in self.ancestors(node))

    def within(self, node: int, levels: int) -> Iterator[tuple[int, int]]:
        """Nodes of a subtree with their distance, the node itself first, level by level, left to right."""
        layer = [node]
        for distance in range(levels + 1):
            yield from ((one, distance) for one in layer)
            layer = [child for one in layer for child in self.below(one)]

    def level_counts(self, node: int, levels: int) -> list[int]:
        """How many nodes stand 1, 2, … levels below a node."""
        counts = [0] * (levels + 1)
        for _, distance in self.within(node, levels):
            counts[distance] += 1
        return counts[1:]

    def vacancies(self, node: int, limit: int) -> list[tuple[int, int]]:
        """The first vacancies (owner, slot) of a subtree in the order in which newcomers would take them."""
        found: list[tuple[int, int]] = []
        layer = [node] if self.best[node] != NOBODY else []
        while layer and len(found) < limit:
            for one in layer:
                if self.open[one]:
                    slots = self.children[one * WIDTH : one * WIDTH + WIDTH]
                    found.extend((one, slot) for slot, child in enumerate(slots, 1) if child == NOBODY)
            layer = [child for one in layer for child in self.below(one) if self.best[child] != NOBODY]
        return found[:limit]

    def _mend(self, node: int) -> None:
        self.touched = 0
        while node != NOBODY:
            self.touched += 1
            best, distance = self.pointer(node)
            if best == self.best[node] and distance == self.distance[node]:
                return
            self.best[node], self.distance[node] = best, distance
            node = self.parent[node]

    def pointer(self, node: int) -> tuple[int, int]:
        """What ``best`` and ``distance`` of a node must be, from itself and its children."""
        first = node * WIDTH
        slots = self.children[first : first + WIDTH]
        if self.open[node] and NOBODY in slots:
            return node, 0
        best, distance = NOBODY, 0
        for child in slots:
            if (
                child != NOBODY
                and self.best[child] != NOBODY
                and (best == NOBODY or self.distance[child] + 1 < distance)
            ):
                best, distance = self.best[child], self.distance[child] + 1
        return best, distance


def preset_tree(tree: Tree, kind: Template) -> list[int]:
    """Add the ten presets of a matrix to a tree; the nodes in order of position."""
    nodes: list[int] = []
    for place in template(kind):
        parent = NOBODY if place.parent is None else nodes[place.parent - 1]
        nodes.append(tree.add(parent, place.slot or 0, is_open=place.promotes))
    return nodes


def place_all(tree: Tree, root: int, sponsors: Iterable[int | None]) -> Iterator[Place]:
    """Place newcomers strictly in order; a sponsor is a node of the tree, those just placed included, or nobody."""
    for sponsor in sponsors:
        yield tree.place(root, sponsor)


def rebuild(rows: Iterable[tuple[int, int, bool]]) -> Tree:
    """A tree from rows (parent or -1, slot or 0, open) in order of making, pointers made from the leaves up."""
    tree = Tree()
    hung: list[tuple[int, int, int]] = []
    for node, (parent, slot, opened) in enumerate(rows):
        tree.parent.append(parent)
        tree.slot.append(slot)
        tree.children.extend((NOBODY,) * WIDTH)
        tree.open.append(opened)
        tree.best.append(NOBODY)
        tree.distance.append(0)
        if parent != NOBODY:
            hung.append((parent, slot, node))
    for parent, slot, node in hung:
        tree.children[parent * WIDTH + slot - 1] = node
    order = [node for node in range(len(tree)) if tree.parent[node] == NOBODY]
    for node in order:  # grows while it is walked: parents always before their children
        order.extend(tree.below(node))
    for node in reversed(order):
        tree.best[node], tree.distance[node] = tree.pointer(node)
    return tree
