"""By what a member's own showcase is known: the finder id that the video channel's assistant shows."""

import re
from enum import StrEnum

from models.errors import Conflict, Invalid
from models.rules.standing import Showcase, Standing

FINDER = re.compile(r"sph[A-Za-z0-9_-]{1,61}")
"""A finder id (视频号 ID) as `wx.openChannelsUserProfile` takes it: it begins with sph; its length is not written down,
so nothing but what no id can hold is refused [facts/wechat §6.3, M]."""

GUIDES = {
    (Showcase.NONE, False): "请提交您的视频号 ID（以 sph 开头，在视频号助手的“设置”里查看），以便核对橱窗；"
    "完成准入任务并通过实名认证后，橱窗即可开通。",
    (Showcase.NONE, True): "橱窗账号已绑定，请完成准入任务与实名认证，橱窗即可开通。",
    (Showcase.PENDING, False): "视频号 ID 已提交，正在核对；请在视频号里完成实名认证。",
    (Showcase.PENDING, True): "橱窗账号已绑定，请完成准入任务与实名认证，橱窗即可开通。",
    (Showcase.OPEN, False): "橱窗已开通，可以在选品中心上架商品；请提交视频号 ID，让小店订单准确归到您名下。",
    (Showcase.OPEN, True): "橱窗已开通并绑定，可以在选品中心上架商品。",
}
CLOSED = "橱窗已关闭；如有疑问，请联系客服由专人核查。"
WAITS = "橱窗已开通，可以在选品中心上架商品；您提交的视频号 ID 正在核对。"

REFUSALS = {
    "not_found": "没有找到这个视频号；请在视频号助手的“设置”里复制视频号 ID 后重新提交。",
    "not_theirs": "这个视频号的实名与您本人不一致；请提交您本人的视频号 ID，如有疑问请联系客服。",
    "no_showcase": "这个视频号还没有开通橱窗；请先在视频号里完成实名认证并开通橱窗，再重新提交。",
    "other": "暂时无法绑定这个视频号；请核对后重新提交，或联系客服。",
}


class State(StrEnum):
    """What became of a member's word."""

    WAITING = "waiting"
    BOUND = "bound"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class BadFinder(Invalid):
    """What was given is no finder id."""


class NotNow(Conflict):
    """Who lapsed, left or has its showcase closed binds none."""


def check_finder(account: str) -> str:
    """A finder id without the blanks around it."""
    account = account.strip()
    if not FINDER.fullmatch(account):
        raise BadFinder("视频号 ID 应以 sph 开头，只含字母、数字、横线和下划线；请在视频号助手的“设置”里复制后再提交。")
    return account


def check_states(*, standing: Standing, showcase: Showcase) -> None:
    """Whether a member may say now which showcase is its own (rules §3.4)."""
    if standing is Standing.LAPSED:
        raise NotNow("规则 2.5：登记已过期，请重新登记后再提交视频号 ID。")
    if standing is Standing.EXITED:
        raise NotNow("规则 4.3：您已退出推广，请先按“复活”的要求完成订单，再绑定橱窗。")
    if showcase is Showcase.CLOSED:
        raise NotNow("规则 2.3：橱窗已关闭，不能更换绑定；如有疑问请提出申诉或联系客服。")


def refusal(why: str) -> str:
    """What a member is told when its word was not found true, by the code of the reason."""
    return REFUSALS.get(why.partition(":")[0], REFUSALS["other"])


def guide(*, showcase: Showcase, is_bound: bool, is_waiting: bool) -> str:
    """What a member is told to do next about its showcase."""
    if showcase is Showcase.CLOSED:
        return CLOSED
    if is_waiting and not is_bound and showcase is Showcase.OPEN:
        return WAITS
    return GUIDES[showcase, is_bound]
