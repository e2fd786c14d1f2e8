"""Whether a sentence forbids or denies what it names: 「严禁宣传躺赚」 and 「不收取入门费」 are not advertising.

Only wording that governs the phrase within its own clause counts. A denial that is the usual disguise
(「这不是拉人头」, 「别说是分销」) does not: authorities read it as knowing evasion.
"""

import re

BAN_REACH = 16
DENIAL_REACH = 8
AFTER_REACH = 14

_BANS = re.compile(
    "严禁|禁止|不得|不许|不准|不允许|切勿|请勿|勿|举报|打击|杜绝|抵制|谨防|警惕|远离|拒绝|反对|处罚|查处|严查|整治|不要相信|不轻信|宣称|以本平台名义"
)
_STRONG_AFTER = re.compile(
    "[^,。;!?\n]{0,8}?(?:一律|均|都)?(?:禁止|违法|违规|不得|不允许|处罚|骗局|骗人|不可信|请举报|立即举报|虚假宣传|是诈骗)"
)
_DENIALS = re.compile(
    "不承诺|不保证|没有|无需|无须|不需要|不必|不收取|不收|不设置|不设|不存在|不涉及|不支付|不计付|不参与|不要求|不构成|不具有|不具备|从不|绝不|并非|并不|不会|不能|不可|不以|不要|不是|非|免|不|无"
)
# Between a denial and what it denies stand only words of this kind; anything else is another statement.
_FILLER = re.compile(
    "(?:任何|所谓的?|什么|各种|任意|一切|其他|其它|有|出现|使用|宣传|宣称|承诺|保证|收取|设置|提供|包含|以|靠|为|是|要求|固定|长期|的|您|你|会|因此|而|对应|和|或|及|与|"
    "本金|费用|报酬|收入|手续费|押金|保底)*"
)
_DISGUISE = re.compile("(?:这|那|可|又|并|绝对|根本)?(?:不是|不叫|不算|别说是|别叫)$")
_TURN = re.compile("只有|就是|而是|却|照样|反而|才能|都能|也能|一样")
_CLAUSE = re.compile("[,。;!?\n\x1e]")


def _before(text: str, start: int, reach: int) -> str:
    """What stands before a phrase, back to the last sign that parts it off."""
    return _CLAUSE.split(text[max(0, start - reach) : start])[-1]


def _is_banned(text: str, start: int, end: int) -> bool:
    before = _before(text, start, BAN_REACH)
    found = list(_BANS.finditer(before))
    if found and not _TURN.search(before, found[-1].end()):
        return True
    return _STRONG_AFTER.match(text[end : end + AFTER_REACH + 8]) is not None


def _is_denied(text: str, start: int) -> bool:
    before = _before(text, start, DENIAL_REACH)
    if _DISGUISE.search(before):
        return False
    return any(_FILLER.fullmatch(before, found.end()) for found in _DENIALS.finditer(before))


def _is_listed(text: str, start: int) -> bool:
    """In an enumeration (「严禁躺赚、稳赚」) the ban or denial that opened it holds for every member."""
    before = _before(text, start, BAN_REACH + DENIAL_REACH)
    head, parted, _ = before.rpartition("、")
    if not parted:
        return False
    first = head.split("、")[0]
    return bool(_BANS.search(first) or _DENIALS.match(first[-DENIAL_REACH:])) or _opens_with_denial(first)


def _opens_with_denial(first: str) -> bool:
    return any(len(first) - found.end() <= DENIAL_REACH for found in _DENIALS.finditer(first) if len(found.group()) > 1)


_INNER = re.compile("不是(?!梦)|不会|不影响|无关|无需|不需要|不要求|不必|不得|不再|不因|没有|并不|未被|不能作为|不作为")


def holds_denial(matched: str) -> bool:
    """Whether a pattern's own match says no (「购买不是开通橱窗的条件」)."""
    return _INNER.search(matched) is not None


def is_denied(text: str, start: int, end: int) -> bool:
    """Whether the clause around this part of a folded text forbids or denies it."""
    return _is_banned(text, start, end) or _is_denied(text, start) or _is_listed(text, start)
