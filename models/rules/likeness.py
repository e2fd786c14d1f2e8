"""How alike two pictures look: a hash of 64 bits to find candidates by, an outline of 1,024 bits to tell by.

Both say, between neighbours of a small grey copy, where brightness rises to the right (a difference hash, dHash, after
N. Krawetz, "Kind of Like That", 2013). The outline only counts a clear rise, so that plain paper is no noise in it.
"""

BANDS = 4
BAND_BITS = 16
OUTLINE_BITS = 1_024
CANDIDATES_A_BAND = 200
ALIKE_BITS = 40
"""Outlines that differ in at most so many bits are of near-identical pictures; measured by ``tests.bench.proof``."""

_MASK = (1 << BAND_BITS) - 1


def bands(hash64: int) -> tuple[int, ...]:
    """The hash in four parts: two hashes that differ in three bits or fewer have a part in common."""
    return tuple(hash64 >> BAND_BITS * n & _MASK for n in range(BANDS))


def distance(one: bytes, other: bytes) -> int:
    """In how many bits two outlines differ."""
    return (int.from_bytes(one, "big") ^ int.from_bytes(other, "big")).bit_count()


def is_alike(one: bytes, other: bytes) -> bool:
    """Whether two outlines are of near-identical pictures (rules §3.3)."""
    return len(one) == len(other) and distance(one, other) <= ALIKE_BITS
