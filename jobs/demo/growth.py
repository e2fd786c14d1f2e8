"""What members of the demonstration grow by: scripts and posters, a story, challenges, the words of notices."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from jobs.demo.plan import BUILDER, CHECKER, Day, tried
from models import db
from models.operations import board, challenge, content, notice, story
from models.queries import challenge as challenges
from models.rules.challenge import Draft as Contest
from models.rules.content import Draft, Kind
from models.rules.leaderboard import Board
from models.rules.story import Purpose

FIRST, LAST_CONTEST = 20, 24
SCRIPTS = (
    ("first-hello", "第一次打招呼", "最近一直在用这款补水面膜，用着顺手，给您看看，喜欢再买。"),
    ("after-sale", "收到货之后", "东西收到了吗？七天内不合适都可以退，有问题随时找我。"),
    ("fresh-snack", "零食上新", "新到一批坚果，日期新鲜，先尝后买，不合口味可以退。"),
    ("live-invite", "直播提醒", "今晚八点直播，讲讲怎么挑精华，来听听就好，不买也没关系。"),
)
POSTERS = (
    ("good-things", "好物分享", "好东西，值得和身边的人分享", "night"),
    ("morning-care", "清晨护肤", "清晨三分钟，给皮肤喝口水", "dawn"),
    ("tea-time", "下午茶", "一袋坚果，一段好时光", "jade"),
)
REFUSED = ("quick-money", "加入邀请", "加入我们，躺赚不是梦，月入过万等你来。")
STORIES = (
    ("从一盒面膜开始", "一开始只是自己用着舒服，邻居问起来，就把用法细细讲给她听。后来大家都来找我挑适合自己的。"),
    ("慢慢来，也很好", "我不催单，先听对方的皮肤情况，再说合不合适。不合适的直接劝退，回头客反而多了。"),
)
WORDINGS = {
    "order.shipped": ("包裹已出发", "订单 {number} 已由 {carrier} 发出，运单号 {waybill}。", "tmpl-order-shipped",
                      {"character_string1": "{number}", "thing2": "{carrier}"}),
    "withdrawal.paid": ("提现已到账", "提现 {number} 已到账：税前 {amount}，代扣税 {tax}。", "tmpl-withdrawal",
                        {"character_string1": "{number}", "amount2": "{amount}"}),
    "admission.qualified": ("准入已完成", "准入任务已于 {day} 全部完成。下一步：完成实名认证并绑定橱窗。", "43101.demo",
                            {"date1": "{day}"}),
}  # fmt: skip
_SELLERS = sa.text(
    """
    SELECT m.id, m.code FROM member m JOIN team t ON t.member_id = m.id
    WHERE m.position IS NULL AND m.standing = 'active' ORDER BY t.own_fen DESC, m.code LIMIT :many
    """
)


def grow(day: Day, at: datetime) -> None:
    """Content on one day, a contest on another, closed once its days for returns are over."""
    if day.n == FIRST:
        _write(at)
    if day.n == LAST_CONTEST:
        _contest("好物推荐周", at, days=14)
    if day.n == LAST_CONTEST + 22:
        for challenge_id in challenges.closing(at):
            challenge.close(challenge_id=challenge_id, at=at)


def leave(day: Day, at: datetime) -> None:
    """At the world's last moment: consents and stories, a contest that runs, the boards counted."""
    if day.n != day.plan.days or day.n < FIRST:
        return
    _contest("周末分享赛", at - timedelta(hours=6), days=9)
    _tell(at)
    for one in Board:
        board.count(board=one, at=at)


def _write(at: datetime) -> None:
    for code, title, body in SCRIPTS:
        _out(Draft(kind=Kind.SCRIPT, code=code, title=title, body=body), at)
    for code, title, body, palette in POSTERS:
        _out(Draft(kind=Kind.POSTER, code=code, title=title, body=body, palette=palette), at)
    code, title, body = REFUSED
    content.write(draft=Draft(kind=Kind.SCRIPT, code=code, title=title, body=body), at=at, by=BUILDER)
    for kind, (title, body, template, fields) in WORDINGS.items():
        notice.set_wording(
            kind=kind, title=title, body=body, template_id=template, fields=fields, at=at, by=BUILDER
        )  # fmt: skip


def _out(draft: Draft, at: datetime) -> None:
    made = content.write(draft=draft, at=at, by=BUILDER)
    content.publish(content_id=made.id, is_reviewer=False, at=at, by=CHECKER)


def _contest(title: str, at: datetime, *, days: int) -> None:
    """A challenge that some of those who sell enter."""
    draft = Contest(
        title=title, words="统计活动期内本人完成的商品订单数，不含准入订单；退货的不计。", prize="品牌礼盒（前三名）",
        metric="orders", starts_at=at, ends_at=at + timedelta(days=days),
    )  # fmt: skip
    made = challenge.write(challenge_id=None, draft=draft, at=at, by=BUILDER)
    challenge.publish(challenge_id=made.id, is_reviewer=False, at=at, by=CHECKER)
    for row in db.session.execute(_SELLERS, {"many": 30}).all():
        tried(challenge.enter, challenge_id=made.id, member_id=row.id, at=at)


def _tell(at: datetime) -> None:
    """Some members let a story be told, two are out and one waits; some stand on no board."""
    sellers = db.session.execute(_SELLERS, {"many": 12}).all()
    for n, row in enumerate(sellers):
        purpose = Purpose.UNLISTED if n % 5 == 4 else Purpose.STORY
        said = story.Said(purpose=purpose, sha256=story.digest(purpose), ip="10.0.0.1", user_agent="演示")
        story.say(member_id=row.id, said=said, at=at)
    for row, (title, words) in zip(sellers, STORIES, strict=False):
        made = story.write(code=row.code, title=title, words=words, at=at, by=BUILDER)
        tried(story.publish, story_id=made.id, is_reviewer=False, at=at, by=CHECKER)
    for row in sellers[2:3]:
        story.write(
            code=row.code,
            title="听听老顾客怎么说",
            words="熟客带来的新朋友，我都会先问清楚用途再推荐。",
            at=at,
            by=BUILDER,
        )
