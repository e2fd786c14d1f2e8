"""Boards, newcomers, stories and challenges: real counts, masked names, nobody who asked to be left out."""

from datetime import datetime
from typing import Any, Literal

from console import formatting
from console.api import cursor
from console.api.route import Call, route
from console.api.schema import Answer, Count, Disclaimer, Earned, Fen, Instant, Paged
from console.api.shown import masked, not_there
from models import Board, Challenge
from models.money import bps_text, yuan
from models.operations import challenge as operations
from models.queries import board as boards
from models.queries import challenge as challenges
from models.queries import story as stories
from models.rules import challenge as contests
from models.rules.compliance import DISCLAIMERS
from models.rules.leaderboard import Board as Name

AT = "2026-11-24T08:00:00.000+08:00"
D03 = {"id": "D-03", "text": DISCLAIMERS["D-03"]}
D04 = {
    "id": "D-04",
    "text": DISCLAIMERS["D-04"].format(
        days=90, people=300, zero="66.67%", median="¥0.00", p90="¥60.00", day="2026-11-24"
    ),
}
PLACES = 10
FROM_THE_END = 2**63 - 1
LATEST = datetime(9999, 1, 1, tzinfo=formatting.SHANGHAI)


class Place(Answer):
    """Somebody on a board, by a masked name, and how much was counted: orders or buyers, never money."""

    place: Count
    name: str
    score: Count
    is_me: bool


class Mine(Answer):
    """Where one stands oneself."""

    place: Count
    score: Count


class Band(Earned):
    """So many promoters earned from ``from_fen`` to below ``to_fen``."""

    from_fen: Fen
    to_fen: Fen | None
    people: Count


class Spread(Earned):
    """How income is spread over everybody: nobody's own, no name."""

    people: Count
    zero_bps: Count
    median_fen: Fen
    p90_fen: Fen
    bands: list[Band]
    told: Disclaimer


class Leaderboard(Answer):
    """A board as it was last counted; ``spread`` on the board of income alone, which has no places."""

    board: str
    since: Instant | None
    until: Instant | None
    items: list[Place]
    mine: Mine | None
    spread: Spread | None


BOARD = {
    "board": "sales", "since": AT, "until": AT, "spread": None, "mine": {"place": 1, "score": 12},
    "items": [{"place": 1, "name": "林*", "score": 12, "is_me": True}],
}  # fmt: skip


@route("GET", "/leaderboards/<board>", "leaderboards.read", "榜单", answer=Leaderboard, gives=BOARD)
def leaderboard(call: Call, board: str) -> Leaderboard:
    """Counted every hour; income is told in bands over all promoters alone (rules §8.4)."""
    if board not in set(Name):
        raise not_there()
    found = boards.named(board)
    rows = boards.places(board) if found else []
    mine = next((row for row in rows if row.member_id == call.member_id), None)
    return Leaderboard(
        board=board, since=found.since if found else None, until=found.until if found else None,
        items=[
            Place(place=n, name=masked(row.code, row.nickname), score=row.score, is_me=row.member_id == call.member_id)
            for n, row in enumerate(rows, 1)
        ],
        mine=Mine(place=1 + rows.index(mine), score=mine.score) if mine else None,
        spread=spread(found) if found and board == Name.EARNINGS else None,
    )  # fmt: skip


def spread(found: Board) -> Spread:
    """The spread of income as the board keeps it."""
    facts = found.facts
    return Spread(
        people=facts["people"], zero_bps=facts["zero_bps"], median_fen=facts["median_fen"], p90_fen=facts["p90_fen"],
        bands=[Band(**band) for band in facts["bands"]], told=told(found),
    )  # fmt: skip


def told(found: Board) -> Disclaimer:
    """D-04, filled with what was counted."""
    facts = found.facts
    text = DISCLAIMERS["D-04"].format(
        days=(found.until - found.since).days, people=facts["people"], zero=bps_text(facts["zero_bps"]),
        median=yuan(facts["median_fen"]), p90=yuan(facts["p90_fen"]), day=formatting.day(found.until),
    )  # fmt: skip
    return Disclaimer(id="D-04", text=text)


class Newcomer(Answer):
    name: str
    qualified_at: Instant


class Newcomers(Answer):
    items: list[Newcomer]
    next: str | None


@route(
    "GET", "/newcomers", "newcomers.list", "新开通的推广者", query=Paged, answer=Newcomers,
    gives={"items": [{"name": "林*", "qualified_at": AT}], "next": None},
)  # fmt: skip
def newcomers(call: Call) -> Newcomers:
    """Who qualified, the newest first."""
    asked: Paged = call.query
    scope = ("newcomers", call.member_id)
    place = cursor.after(asked.cursor, scope=scope)
    before = (datetime.fromisoformat(place[0]), place[1]) if place else (LATEST, 0)
    found = boards.newcomers(before=before, limit=asked.limit + 1)
    rows, following = cursor.page(
        found, asked.limit, place=lambda row: [row.qualified_at.isoformat(), row.id], scope=scope
    )
    items = [Newcomer(name=masked(row.code, row.nickname), qualified_at=row.qualified_at) for row in rows]
    return Newcomers(items=items, next=following)


class Story(Earned):
    """A member's story, told with its consent: its figures are counted, its name masked, its income not in it."""

    id: int
    name: str
    title: str
    words: str
    orders: Count
    buyers: Count
    returning: Count
    since: Instant
    until: Instant
    spread: Disclaimer | None


class Stories(Answer):
    items: list[Story]
    next: str | None


STORY = {
    "id": 1, "name": "林*", "title": "从一盒面膜开始", "words": "先自己用，再讲给邻居听。", "orders": 36, "buyers": 20,
    "returning": 9, "since": AT, "until": AT, "spread": D04, "disclaimer": D03,
}  # fmt: skip


@route(
    "GET", "/stories", "stories.list", "会员故事", query=Paged, answer=Stories, gives={"items": [STORY], "next": None}
)
def list_stories(call: Call) -> Stories:
    """The newest first."""
    asked: Paged = call.query
    scope = ("stories", call.member_id)
    found = stories.page(before=cursor.after(asked.cursor, scope=scope) or FROM_THE_END, limit=asked.limit + 1)
    rows, following = cursor.page(found, asked.limit, place=lambda row: row.Story.id, scope=scope)
    counted = stories.spread()
    said = told(counted) if counted else None
    return Stories(items=[_story(row, said) for row in rows], next=following)


def _story(row: Any, said: Disclaimer | None) -> Story:
    one = row.Story
    return Story(
        id=one.id, name=masked(row.code, row.nickname), title=one.title, words=one.words, spread=said,
        orders=one.figures["orders"], buyers=one.figures["buyers"], returning=one.figures["returning"],
        since=datetime.fromisoformat(one.figures["since"]), until=datetime.fromisoformat(one.figures["until"]),
    )  # fmt: skip


class Entry(Answer):
    """One's own part in a challenge."""

    entered_at: Instant
    score: Count
    place: Count | None


class Contest(Answer):
    """A challenge; ``standings`` are how it stands now, or stood when it closed."""

    id: int
    title: str
    words: str
    prize: str
    metric: Literal["orders", "buyers", "returning"]
    state: Literal["published", "closed"]
    starts_at: Instant
    ends_at: Instant
    closes_at: Instant
    entrants: Count
    mine: Entry | None
    standings: list[Place]


class Contests(Answer):
    items: list[Contest]
    next: str | None


CONTEST = {
    "id": 1, "title": "周末好物挑战", "words": "统计活动期内本人完成的订单数，不含准入订单。", "prize": "品牌礼盒一份",
    "metric": "orders", "state": "published", "starts_at": AT, "ends_at": AT, "closes_at": AT, "entrants": 1,
    "mine": {"entered_at": AT, "score": 3, "place": 1},
    "standings": [{"place": 1, "name": "林*", "score": 3, "is_me": True}],
}  # fmt: skip


@route(
    "GET", "/challenges", "challenges.list", "挑战", query=Paged, answer=Contests,
    gives={"items": [CONTEST], "next": None},
)  # fmt: skip
def list_challenges(call: Call) -> Contests:
    """Those that run and those that are over, the newest first."""
    asked: Paged = call.query
    scope = ("challenges", call.member_id)
    found = challenges.page(before=cursor.after(asked.cursor, scope=scope) or FROM_THE_END, limit=asked.limit + 1)
    rows, following = cursor.page(found, asked.limit, place=lambda row: row.id, scope=scope)
    ids = [row.id for row in rows]
    mine, entrants = challenges.entries(call.member_id, ids), challenges.counts(ids)
    return Contests(
        items=[_contest(call, row, mine.get(row.id), entrants.get(row.id, 0)) for row in rows], next=following
    )


def _contest(call: Call, row: Challenge, entry: Any, entrants: int) -> Contest:
    placed = _placed(row, call.at)
    names = challenges.shown([member for _, member, _ in placed[:PLACES]])
    own = next(((place, score) for place, member, score in placed if member == call.member_id), (None, 0))
    return Contest.model_validate({
        "id": row.id, "title": row.title, "words": row.words, "prize": row.prize, "metric": row.metric,
        "state": row.state, "starts_at": row.starts_at, "ends_at": row.ends_at, "closes_at": row.closes_at,
        "entrants": entrants,
        "mine": Entry(entered_at=entry.entered_at, score=own[1], place=own[0]) if entry else None,
        "standings": [
            Place(place=place, name=masked(*names[member]), score=score, is_me=member == call.member_id)
            for place, member, score in placed[:PLACES] if member in names
        ],
    })  # fmt: skip


def _placed(row: Challenge, at: datetime) -> list[tuple[int, int, int]]:
    if row.state == contests.State.CLOSED:
        return [(one.place, one.member_id, one.score) for one in challenges.final(row.id, limit=1000)]
    return contests.placed(challenges.scores(row, until=at))


@route(
    "POST", "/challenges/<number:challenge_id>/entry", "challenges.enter", "报名挑战", answer=Entry,
    status=201, keyed=True, gives={"entered_at": AT, "score": 0, "place": None},
)  # fmt: skip
def enter(call: Call, challenge_id: int) -> Entry:
    """Take part; again changes nothing."""
    made = operations.enter(challenge_id=challenge_id, member_id=call.member_id, at=call.at)
    return Entry(entered_at=made.entered_at, score=made.score or 0, place=made.place)
