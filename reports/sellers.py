"""What own orders are told apart by beyond goods and places: scene, level and rank of the seller, network."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from models.rules.order import Scene
from models.rules.standing import Rank
from reports import frames
from reports.board import Board
from reports.charts import Chart, code_of
from reports.frames import Key
from reports.numbers import Lang

SCENES = {
    Scene.SHORT_VIDEO: ("短视频", "Short video"),
    Scene.LIVE: ("直播", "Live stream"),
    Scene.SHARE_LINK: ("分享链接", "Share link"),
    Scene.SHOWCASE: ("橱窗", "Showcase"),
}
RANKS = {
    Rank.EXPERT: ("达人", "Expert"),
    Rank.LEADER: ("团长", "Leader"),
    Rank.FOUNDER: ("联创", "Co-founder"),
    Rank.CENTER: ("运营中心", "Operations centre"),
}


@dataclass(frozen=True)
class Dimension:
    """A way to tell own orders apart; ``name`` is its filter in the address, texts are (Chinese, English)."""

    name: str
    key: Key
    head: tuple[str, str]
    told: tuple[str, str]
    words: Callable[[Any], tuple[str, str]]

    def title(self, lang: Lang) -> str:
        return _in(self.head, lang)

    def word(self, value: Any, lang: Lang) -> str:
        return _in(self.words(value), lang)

    def narrow(self, row: Mapping[str, Any]) -> dict[str, str]:
        return {self.name: code_of(row[self.key])}


def level_words(value: Any) -> tuple[str, str]:
    """A depth as people say it: the root of a matrix is level 0."""
    return ("未排位", "No place") if value is None else (f"第 {value} 层", f"Level {value}")


def _scene(value: Any) -> tuple[str, str]:
    return SCENES[Scene(value)]


def rank_words(value: Any) -> tuple[str, str]:
    """A rank; who has none says so."""
    return ("无职级", "No rank") if value is None else RANKS[Rank(value)]


SCENE = Dimension("scene", Key.SCENE, ("场景", "Scene"), ("订单的成交场景。", "Where the order was made."), _scene)
LEVEL = Dimension(
    "level", Key.LEVEL, ("层级", "Level"),
    ("卖家在排位树中的层：矩阵的根为第 0 层。", "How deep the seller sits below the root of its matrix: level 0."),
    level_words,
)  # fmt: skip
RANK = Dimension(
    "rank", Key.RANK, ("职级", "Rank"),
    ("卖家现在的职级，不是下单时的。", "The seller's rank of now, not of then."), rank_words,
)  # fmt: skip
NETWORK = Dimension(
    "network", Key.NETWORK, ("网络", "Network"), ("卖家所在的橱窗矩阵。", "The matrix the seller belongs to."),
    lambda value: (str(value), str(value)),
)  # fmt: skip
DIMENSIONS = (SCENE, LEVEL, RANK, NETWORK)


def ranked(board: Board, dimension: Dimension, frame: pd.DataFrame) -> Chart:
    """GMV by the dimension, the largest first."""
    lang = board.view.lang
    names = frames.networks(board.view.part.scope) if dimension is NETWORK else {}
    head = dimension.title(lang)
    return board.ranked(
        dimension.name,
        board.say(f"各{head}支付 GMV", f"GMV by {head.lower()}"),
        _in(dimension.told, lang),
        frame,
        heading=head,
        name=lambda row: names.get(row[dimension.key]) or dimension.word(row[dimension.key], lang),
        narrow=dimension.narrow,
    )


def _in(words: tuple[str, str], lang: Lang) -> str:
    return words[0 if lang is Lang.ZH else 1]
