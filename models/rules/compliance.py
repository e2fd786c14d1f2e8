"""The hard limits no setting can lift, and the sentences that must stand beside every projected figure."""

from collections.abc import Iterable

from models import money
from models.errors import Invalid

LEVELS_MAX = 3
"""Levels of a downline that may ever earn (rules 5.3). The database repeats it as a CHECK."""

WIDTH = 3
"""Slots under one node of the placement tree (rules 10)."""

LEVELS_SHOWN = 10
"""Levels that the tree shows and counts (rules 2.7)."""

MATRIX_SIZE = 10
"""Preset showcases of a matrix (rules 2.1)."""

AMOUNT_MAX_FEN = 10**12
"""No single amount may be larger; a slip of the hand, not a sale."""

DISCLAIMERS = {
    "D-01": (
        "以上金额由公式推算得出，不代表任何人实际能够获得。收入取决于真实的商品销售与复购，没有保证，可能为零；"
        "超出计酬层数的部分一律不付。"
    ),
    "D-02": "推算数字，不承诺收益",
    "D-03": "成为推广者不保证有收入。佣金只产生于消费者已完成并过了退货期的商品订单。",
    "D-04": (
        "近 {days} 天全部 {people} 名推广者（含没有成交的）中，{zero} 没有佣金，中位数为 {median}，"
        "九成的人不超过 {p90}（统计至 {day}）。"
    ),
    "D-05": "除法律另有规定且您在购买时单独确认的商品外，签收后七日内均可无理由退货。",
    "D-07": "当前最多对 {levels} 层计酬，系统上限固定为 3 层；有上限不等于经营方式已被主管机关认可。",
    "D-10": "此结论由系统初步作出，您可以要求人工复核和说明理由，我们在 24 小时内由专人答复。",
    "D-11": (
        "对合规有疑问、要投诉，请在此提交，24 小时内由专人答复；您也可以拨打 12315。"
        "遇到借本平台名义收费的人，请立即告诉我们。"
    ),
}
"""Mandatory texts by their id; counsel owns the wording."""

PROJECTION = ("D-01", "D-02")
"""What every projected income figure carries (rules 8.4, 9)."""


class TooDeep(Invalid):
    """A paid level below the cap was asked for."""


class Unlabelled(Invalid):
    """A projected figure without its disclaimers."""


class BadAmount(Invalid):
    """An amount outside what the ledger takes."""


def check_level(level: int) -> int:
    """A level that may earn, or a refusal (rules 5.3)."""
    if not 1 <= level <= LEVELS_MAX:
        raise TooDeep(f"规则 5.3：只有第 1 至 {LEVELS_MAX} 层可以计酬，第 {level} 层永远不计付。")
    return level


def check_amount(amount_fen: int, name: str, *, least_fen: int = 0) -> int:
    """An amount of fen within the bounds that every entry shares."""
    if not least_fen <= amount_fen <= AMOUNT_MAX_FEN:
        bounds = f"{money.yuan(least_fen)} 到 {money.yuan(AMOUNT_MAX_FEN)}"
        raise BadAmount(f"{name}为 {money.yuan(amount_fen)}，应在 {bounds} 之间，请核对后重填。")
    return amount_fen


def check_labelled(shown: Iterable[str]) -> None:
    """Refuse to hand out a projection that does not show every mandatory text."""
    missing = [name for name in PROJECTION if name not in set(shown)]
    if missing:
        raise Unlabelled(f"规则 9：测算结果必须同时展示声明 {'、'.join(missing)}，补上后才能导出。")
