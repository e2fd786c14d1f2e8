"""The placement rule by brute force: every vacancy of a subtree is written down as a path; the first is taken."""

from models.rules.placement import NOBODY, Tree


class Oracle:
    """Parents, slots and open marks, and nothing that remembers an answer."""

    def __init__(self) -> None:
        self.parent: list[int] = []
        self.slot: list[int] = []
        self.open: list[bool] = []

    def add(self, parent: int, slot: int, is_open: bool) -> int:
        self.parent.append(parent)
        self.slot.append(slot)
        self.open.append(is_open)
        return len(self.parent) - 1

    def children(self) -> dict[int, list[int]]:
        found: dict[int, list[int]] = {}
        for node, parent in enumerate(self.parent):
            if parent != NOBODY:
                found.setdefault(parent, []).append(node)
        return found

    def first_vacancy(self, root: int) -> tuple[int, int] | None:
        """(owner, slot) with the shortest path below ``root``, ties by the text of the path."""
        children = self.children()
        vacancies: list[tuple[int, str, int]] = []
        stack = [(root, "")]
        while stack:
            node, path = stack.pop()
            taken = {self.slot[child] for child in children.get(node, [])}
            if self.open[node]:
                vacancies.extend((len(path), path + str(slot), node) for slot in (1, 2, 3) if slot not in taken)
            stack.extend((child, path + str(self.slot[child])) for child in children.get(node, []))
        if not vacancies:
            return None
        _, path, node = min(vacancies)
        return node, int(path[-1])

    def place(self, root: int, sponsor: int | None) -> tuple[int, int] | None:
        found = None if sponsor is None else self.first_vacancy(sponsor)
        return found or self.first_vacancy(root)

    def agrees(self, tree: Tree, node: int) -> bool:
        """Whether the tree's pointer of a node is what brute force finds."""
        found = self.first_vacancy(node)
        owner = tree.first_vacancy(node)
        if found is None or owner is None:
            return found is None and owner is None
        return found == (owner, tree.free_slot(owner))
