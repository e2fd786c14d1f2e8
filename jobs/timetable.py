"""What runs when, as data, and the process that sees to it: relay, sweep, periods that are due."""

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from time import monotonic
from typing import Any

import structlog
from flask import Flask
from redis import RedisError
from sqlalchemy.exc import DBAPIError

from jobs import bell, queue, relay
from models import Actor, acting, db, transaction
from models.operations import job as operations
from models.operations import timetable as operation
from models.operations.job import Swept
from models.queries import job as jobs
from models.rules import cadence
from models.rules.cadence import Cadence, Daily, Every, Weekly
from models.rules.shanghai import SHANGHAI

# An order is scored within a second of its payment: relay, bell and job together. Who commits an event rings at once;
# a ring that is lost costs a tick. What comes within a breath is told together.
TICK_SECONDS = 0.25
BREATH_SECONDS = 0.03
SWEEP_SECONDS = 5.0

log = structlog.get_logger("jobs.timetable")


@dataclass(frozen=True)
class Line:
    """One line: a kind of job and its rhythm in Shanghai time.

    The job is given ``payload`` and ``at``, the beginning of its period. A line that catches up runs for each period
    missed while no timetable was up, others for the newest alone.
    """

    name: str
    kind: str
    cadence: Cadence
    payload: dict[str, Any] = field(default_factory=dict)
    catches_up: bool = False


LINES: tuple[Line, ...] = (
    Line("到期事项", "run_due", Every(10)),
    Line("审核个案计时", "run_case_clocks", Every(30)),
    Line("封存账本", "seal_ledger", Every(60)),
    Line("到期的区域代理", "end_agencies", Every(300)),
    Line("热门账户余额", "snapshot_ledger", Every(600)),
    Line("账本发生额", "count_turnover", Daily(time(0, 30))),
    Line("逾期退款提醒", "tell_overdue_refunds", Every(3600)),
    Line("删除到期的个人信息", "erase_due", Daily(time(3, 40))),
    Line("删除到期的凭证图片", "forget_pictures", Daily(time(3, 45))),
    Line("清理旧任务", "forget_finished", Daily(time(3, 30))),
    Line("清理过期文件", "forget_handouts", Every(3600)),
    Line("清理过期导出", "forget_exports", Every(3600)),
    Line("补判准入凭证", "recheck_proofs", Every(60)),
    Line("查询未完结的转账", "ask_again", Every(300)),
    Line("轮询小店订单", "poll_orders", Every(300)),
    Line("轮询小店售后", "poll_cases", Every(600)),
    Line("核对小店漏单", "find_gaps", Daily(time(4, 0))),
    Line("补传微信", "tell_wechat_again", Every(1800)),
    Line("跟踪小程序订单的包裹", "ask_tracks", Every(1800)),
    Line("查询未完结的退款", "ask_refunds", Every(600)),
    Line("下载账单", "fetch_statements", Every(1800)),
    Line("每日对账", "reckon_open", Daily(time(11, 30))),
    Line("橱窗状态", "mirror_windows", Every(3600)),
    Line("每周换新", "propose_refresh", Weekly(1, time(6, 0))),
    Line("商品指标", "count_products", Every(3600)),
    Line("标记种子达人候选", "tag_seeds", Daily(time(0, 20))),
    Line("每周清流计划", "plan_flows", Weekly(1, time(4, 30))),
    Line("合规检查", "lint_live", Every(1800)),
    Line("文案扫描", "scan_copy", Every(3600)),
    Line("投诉时钟", "watch_complaints", Every(300)),
    Line("结构监测", "watch_structure", Every(300)),
    Line("结构全量检查", "check_structure", Daily(time(2, 20))),
    Line("风控补评", "score_waiting", Every(30)),
    Line("重建关联环", "rebuild_rings", Daily(time(4, 10))),
    Line("风控规则上线七天对比", "compare_rules", Every(3600)),
    Line("收尾过期会话", "close_lapsed", Every(1800)),
    Line("发送订阅消息", "deliver_notices", Every(30)),
    Line("通知资格变动", "tell_changes", Every(60)),
    Line("通知周期将结束", "tell_cycles", Daily(time(9, 0))),
    Line("提醒尾款", "remind_balances", Daily(time(10, 0))),
    Line("提醒同意新协议", "ask_consent", Daily(time(9, 30))),
    Line("榜单", "count_boards", Every(3600)),
    Line("到期的挑战", "close_challenges", Every(300)),
    Line("复扫已发布的内容", "rescan_copy", Every(600)),
)


def plan(*, at: datetime, lines: tuple[Line, ...] = LINES) -> int:
    """Make the jobs of the periods that have begun; how many this timetable was the first to make."""
    taken, made = jobs.last_periods(), 0
    for line in lines:
        local = at.astimezone(SHANGHAI)
        for period in cadence.due(line.cadence, after=taken.get(line.name), at=local, catches_up=line.catches_up):
            made += _make(line, period)
    return made


def _make(line: Line, period: datetime) -> bool:
    with acting(Actor(name="system:timetable", source="timetable", action=line.name)), transaction():
        payload = {**line.payload, "at": period.isoformat()}
        job = operation.take(name=line.name, period=period, order=queue.order(line.kind), payload=payload)
    return job is not None


def sweep() -> Swept:
    """Give back the jobs of vanished workers and ring for all that is due and has no bell."""
    with acting(Actor(name="system:sweeper", source="timetable", action="sweep")), transaction():
        swept = operations.sweep()
    if swept != Swept():
        log.warning("jobs.swept", returned=swept.returned, died=swept.died, cancelled=swept.cancelled)
    bell.ring_due(queue.QUEUES)
    return swept


def run(app: Flask, *, stop: threading.Event) -> None:
    """Tick until told to stop. Any number of these may run: locks and unique keys make them one."""
    queue.load()
    sweep_at = 0.0
    while not stop.is_set():
        with app.app_context():
            try:
                relay.relay()
                if monotonic() >= sweep_at:
                    sweep_at = monotonic() + SWEEP_SECONDS
                    sweep()
                    plan(at=datetime.now(UTC))
            except (DBAPIError, RedisError) as error:
                # PostgreSQL or Redis restarts: nothing is lost by trying again.
                log.warning("timetable.stumbled", error=type(error).__name__)
                db.session.rollback()
        _rest(app, stop)


def _rest(app: Flask, stop: threading.Event) -> None:
    """Until the next event, or the next tick."""
    try:
        if app.extensions["bell"].rest(TICK_SECONDS):
            stop.wait(BREATH_SECONDS)
    except RedisError:
        stop.wait(TICK_SECONDS)
