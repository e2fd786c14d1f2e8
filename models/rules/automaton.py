"""Every occurrence of many words in one pass over a text (Aho and Corasick, CACM 18(6), 1975)."""

from collections import deque
from collections.abc import Iterable, Iterator


class Automaton:
    """Built once from the words; `find` costs one step a sign and one a hit, however many words there are."""

    def __init__(self, words: Iterable[str]) -> None:
        self._next: list[dict[str, int]] = [{}]
        self._fail: list[int] = [0]
        self._words: list[tuple[str, ...]] = [()]
        for word in words:
            self._add(word)
        self._link()

    def _add(self, word: str) -> None:
        state = 0
        for sign in word:
            if sign not in self._next[state]:
                self._next[state][sign] = len(self._next)
                self._next.append({})
                self._fail.append(0)
                self._words.append(())
            state = self._next[state][sign]
        if word not in self._words[state]:
            self._words[state] += (word,)

    def _link(self) -> None:
        queue = deque(self._next[0].values())
        while queue:
            state = queue.popleft()
            for sign, child in self._next[state].items():
                self._fail[child] = self._step(self._fail[state], sign)
                self._words[child] += self._words[self._fail[child]]
                queue.append(child)

    def _step(self, state: int, sign: str) -> int:
        while state and sign not in self._next[state]:
            state = self._fail[state]
        return self._next[state].get(sign, 0)

    def find(self, text: str) -> Iterator[tuple[str, int, int]]:
        """Each word found, with where it begins and ends."""
        state = 0
        for place, sign in enumerate(text, 1):
            state = self._step(state, sign)
            for word in self._words[state]:
                yield word, place - len(word), place
