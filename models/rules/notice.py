"""What members are told of: the kinds with their words, what a subscription message takes, when it is tried again."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from models.errors import Invalid

TITLE_LENGTH, BODY_LENGTH = 40, 300
PLACEHOLDER = re.compile(r"\{(\w+)\}")
FIELD = re.compile(r"(thing|number|letter|amount|phrase|time|date|character_string|name)\d{1,2}")
# What WeChat takes of each kind of field (its subscription message guide); longer values are refused with 47003.
LONGEST = {
    "thing": 20, "number": 32, "letter": 32, "amount": 12, "phrase": 5, "time": 32, "date": 32, "character_string": 32,
    "name": 10,
}  # fmt: skip


class State(StrEnum):
    """What became of a subscription message."""

    WAITING = "waiting"
    SENT = "sent"
    REFUSED = "refused"
    DROPPED = "dropped"


class UnknownKind(Invalid):
    """Nothing of this kind is ever told."""


class BadWording(Invalid):
    """Words that are missing, too long, or that name a value which the kind does not have."""


@dataclass(frozen=True)
class Kind:
    """One kind of notice: its words until somebody sets others, with ``{names}`` of the values it is told with."""

    title: str
    body: str

    @property
    def values(self) -> frozenset[str]:
        """The names of the values that this kind always comes with."""
        return frozenset(PLACEHOLDER.findall(self.title + self.body))


KINDS: Mapping[str, Kind] = {
    "admission.qualified": Kind("准入已完成", "准入任务已于 {day} 全部完成。下一步：完成实名认证并绑定橱窗。"),
    "admission.lapsed": Kind("准入期限已过", "准入期限已于 {day} 到期，尚未完成的任务已失效；可以重新登记。"),
    "proof.passed": Kind("凭证已通过", "第 {task} 项任务的凭证已通过。"),
    "proof.rejected": Kind("凭证未通过", "第 {task} 项任务的凭证未通过：{why}。您可以重新上传，或申请人工复核。"),
    "proof.manual": Kind("凭证转人工审核", "第 {task} 项任务的凭证已转人工审核，结果会另行通知。"),
    "cycle.ending": Kind("本周期即将结束", "您的本期考核将于 {day} 结束，可在“我的资格”查看进度。"),
    "standing.frozen": Kind("资格已冻结", "您的推广资格已于 {day} 冻结，已得的款项不受影响；恢复方式见“我的资格”。"),
    "standing.exited": Kind("资格已退出", "您的推广资格已于 {day} 退出，已得的款项仍归您所有。"),
    "standing.revived": Kind("资格已恢复", "您的推广资格已于 {day} 恢复。"),
    "showcase.closed": Kind("橱窗已关闭", "您的橱窗已于 {day} 关闭；如有异议，可以提出申诉，由专人复核。"),
    "showcase.reopened": Kind("橱窗已恢复", "您的橱窗已于 {day} 恢复。"),
    "rank.reached": Kind("等级变动", "您的等级已于 {day} 更新，可在“我的等级”查看。"),
    "withdrawal.paid": Kind("提现已到账", "提现 {number} 已到账：税前 {amount}，代扣税 {tax}。"),
    "withdrawal.returned": Kind("提现未成功", "提现 {number} 未成功，{amount} 已退回可提现余额：{why}。"),
    "order.refunded": Kind("退款已受理", "订单 {number} 退款 {amount} 已受理，将原路退回。"),
    "order.shipped": Kind("商品已发货", "订单 {number} 已由 {carrier} 发出，运单号 {waybill}。"),
    "order.balance_due": Kind("尾款待支付", "预售订单 {number} 尚有尾款 {amount} 待支付。"),
    "product.delisted": Kind("商品已下架", "“{title}”已于 {day} 下架（{why}）。{then}"),
    "agreement.changed": Kind("请阅读新版协议", "推广协议已更新为 {version}，请阅读并同意后继续。"),
    "story.ended": Kind("您的故事已下架", "您的故事“{title}”已不再展示。"),
    "challenge.closed": Kind("挑战已公布结果", "挑战“{title}”已结束，您的名次是第 {place} 名。"),
}  # fmt: skip

DELISTED: Mapping[str, str] = {
    "sold_out": "已售罄", "violation": "平台判定违规", "recall": "质量问题或召回", "wrong_price": "价格有误",
}  # fmt: skip
"""Why a product is sold no longer, as those who sell it read it."""
ADJUSTED = "选品调整"
GONE_BY_ITSELF, BY_HAND = "它已从您的橱窗移出，无需操作。", "它还在您的橱窗里，请您自行移出。"

BACKOFF = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2), timedelta(hours=6))
"""Waits after an answer that never came or asked to come back; then it is given up."""

QUOTA_WAIT = timedelta(hours=6)
"""After 45009 (the interface's quota is used up) nothing is sent for so long."""

FRESH = timedelta(days=3)
"""What happened longer ago is no news: an installation that catches up tells nobody of it."""


def kind(name: str) -> Kind:
    """A kind by its name, or a refusal."""
    found = KINDS.get(name)
    if found is None:
        raise UnknownKind(f"没有“{name}”这种通知，请从列表中选择。")
    return found


def check_wording(name: str, *, title: str, body: str, fields: Mapping[str, str]) -> None:
    """Refuse words that cannot be filled: all that they name must be a value of the kind."""
    known = kind(name).values
    if not 0 < len(title.strip()) <= TITLE_LENGTH or not 0 < len(body.strip()) <= BODY_LENGTH:
        raise BadWording(f"标题须为 1 到 {TITLE_LENGTH} 个字，正文须为 1 到 {BODY_LENGTH} 个字。")
    named = set(PLACEHOLDER.findall("".join((title, body, *fields.values()))))
    if named - known - {"title"}:
        raise BadWording(
            f"没有名为 {'、'.join(sorted(named - known))} 的内容；可用：{'、'.join(sorted(known)) or '无'}。"
        )
    wrong = sorted(name for name in fields if not FIELD.fullmatch(name))
    if wrong:
        raise BadWording(f"订阅消息没有名为 {'、'.join(wrong)} 的字段，请照微信模板填写，如 thing1。")


def filled(text: str, values: Mapping[str, str]) -> str:
    """Words with their values; a value is never read as a placeholder again."""
    return PLACEHOLDER.sub(lambda found: values.get(found[1], "—"), text)


def message(fields: Mapping[str, str], values: Mapping[str, str]) -> dict[str, str]:
    """The fields of a subscription message, each cut to what WeChat takes of its kind."""
    made = {}
    for name, text in fields.items():
        found = FIELD.fullmatch(name)
        most = LONGEST[found[1]] if found else 0
        made[name] = filled(text, values).replace("\n", " ")[:most]
    return made


def next_try(tries: int, at: datetime) -> datetime | None:
    """When a message that got no answer is tried again after so many tries; None once it is given up."""
    return at + BACKOFF[tries - 1] if tries <= len(BACKOFF) else None
