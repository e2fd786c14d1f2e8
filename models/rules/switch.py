"""The money jobs that can be stopped, and what they say while they are. The refund is never among them."""

from enum import StrEnum

from models.errors import Conflict, Missing


class MoneyJob(StrEnum):
    """What can be stopped."""

    SETTLE = "settle"
    MATURE = "mature"
    DIVIDEND = "dividend"
    TRANSFER = "transfer"


WORDS = {
    MoneyJob.SETTLE: "订单结算",
    MoneyJob.MATURE: "份额到期转可提现",
    MoneyJob.DIVIDEND: "分红支付",
    MoneyJob.TRANSFER: "提现转账",
}


class SwitchedOff(Conflict):
    """The job's kill-switch is off."""


class NoSwitch(Missing):
    """No money job has this name."""


class AlreadyThere(Conflict):
    """The switch is where it should be brought already."""


def parsed(job: str) -> MoneyJob:
    """A money job by its name, or a refusal."""
    if job not in set(MoneyJob):
        raise NoSwitch(f"规则 8.3：没有名为 {job} 的资金任务，请从列表中选择。")
    return MoneyJob(job)


def check(job: MoneyJob, *, is_off: bool) -> None:
    """Refuse what is switched off (rules 8.3)."""
    if is_off:
        raise SwitchedOff(f"规则 8.3：{WORDS[job]}已被关停，恢复后会继续；退款不受影响。请到「资金开关」查看原因。")
