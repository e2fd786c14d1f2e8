"""Labelled samples: what an order is, what a picture of it shows, and whether it may pass."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random

from tests.judge import camera
from tests.judge import page as pages
from tests.judge.page import Facts
from tests.judge.studio import Studio, painted

FORGERIES = (
    "改金额", "改订单号", "改时间", "改店铺", "重复使用", "裁剪后重复使用", "他人订单",
)  # fmt: skip
FIELDS = {"改金额": "paid_fen", "改订单号": "number", "改时间": "time", "改店铺": "shop"}
WAYS = {"clean": "原图", "jpeg": "压缩", "cropped": "裁剪", "messenger": "转发", "photo": "翻拍屏幕"}
FORGED_SHARE = 0.45


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One picture that is sent. ``true`` is the order of record of its sender's task."""

    kind: str
    is_genuine: bool
    true: Facts
    raw: bytes


def samples(studio: Studio, count: int, shops: list[str], seed: int) -> Iterator[Sample]:
    """So many samples; those that reuse a picture come after the genuine one they take."""
    chance, genuine = Random(seed), []
    for n in range(count):
        true = replace(pages.facts(chance), shop=shops[n % len(shops)])
        if genuine and chance.random() < FORGED_SHARE:
            yield _forged(studio, chance.choice(FORGERIES), true, chance.choice(genuine), chance)
        else:
            way = camera.WAYS[n % len(camera.WAYS)]
            made = Sample(kind=f"真实·{WAYS[way]}", is_genuine=True, true=true, raw=_seen(studio, true, way, chance))
            genuine = [*genuine[-49:], made]
            yield made


def _seen(studio: Studio, told: Facts, way: str, chance: Random) -> bytes:
    return camera.sent(studio.shot(told, pages.look(chance)).picture, way, chance)


def _forged(studio: Studio, kind: str, true: Facts, victim: Sample, chance: Random) -> Sample:
    if kind in FIELDS:
        raw = _edited(studio, FIELDS[kind], true, chance)
    elif kind == "他人订单":
        raw = _seen(studio, victim.true, chance.choice(camera.WAYS), chance)
    elif kind == "重复使用":
        raw = victim.raw
    else:
        raw = camera.again(victim.raw, chance)
    return Sample(kind=kind, is_genuine=False, true=true, raw=raw)


def _edited(studio: Studio, field: str, true: Facts, chance: Random) -> bytes:
    """Half rendered anew, as whoever edits the page does; half painted over, as whoever edits the picture does."""
    told, seen = pages.edited(true, field, chance), pages.look(chance)
    if chance.random() < 0.5:
        picture = studio.shot(told, seen).picture
    else:
        before, after = pages.fields(true), pages.fields(told)
        changes = {name: after[name] for name in after if after[name] != before[name]}
        picture = painted(studio.shot(true, seen), changes, chance)
    return camera.sent(picture, chance.choice(camera.WAYS[:4]), chance)
