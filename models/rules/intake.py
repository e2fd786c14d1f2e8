"""The life of an import: uploaded, tried, published, undone."""

from enum import StrEnum

from models.errors import Conflict


class State(StrEnum):
    """Where an import stands."""

    UPLOADED = "uploaded"
    STAGING = "staging"
    STAGED = "staged"
    PUBLISHING = "publishing"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNDOING = "undoing"
    UNDONE = "undone"


TITLES = {
    State.UPLOADED: "已上传",
    State.STAGING: "试算中",
    State.STAGED: "待导入",
    State.PUBLISHING: "导入中",
    State.DONE: "已导入",
    State.FAILED: "失败",
    State.CANCELLED: "已取消",
    State.UNDOING: "撤销中",
    State.UNDONE: "已撤销",
}

# A job that is stopped half-way gives the import back its state of before: publishing → staged, undoing → done.
NEXT: dict[State, frozenset[State]] = {
    State.UPLOADED: frozenset({State.STAGING, State.CANCELLED}),
    State.STAGING: frozenset({State.STAGED, State.FAILED, State.CANCELLED}),
    State.STAGED: frozenset({State.STAGING, State.PUBLISHING, State.CANCELLED}),
    State.PUBLISHING: frozenset({State.DONE, State.STAGED}),
    State.DONE: frozenset({State.UNDOING}),
    State.FAILED: frozenset({State.STAGING, State.CANCELLED}),
    State.CANCELLED: frozenset(),
    State.UNDOING: frozenset({State.UNDONE, State.DONE}),
    State.UNDONE: frozenset(),
}

# The same file of the same shop may not be taken again while an import of it is in one of the other states.
GONE = frozenset({State.CANCELLED, State.UNDONE})

UNDO_REASONS = {
    "wrong_file": "传错文件",
    "wrong_shop": "选错店铺",
    "wrong_mapping": "列对应有误",
    "wrong_amounts": "金额口径有误",
    "merchant_request": "商家要求",
    "other": "其他",
}


class NotNow(Conflict):
    """The import stands where this step does not follow."""


def allows(now: State, then: State) -> bool:
    """Whether an import may go from one state to the other."""
    return then in NEXT[now]


def move(now: State, then: State) -> State:
    """The state after the step; refused where the step does not follow."""
    if not allows(now, then):
        raise NotNow(f"该导入当前为“{TITLES[now]}”，不能变为“{TITLES[then]}”，请刷新页面查看最新状态")
    return then
