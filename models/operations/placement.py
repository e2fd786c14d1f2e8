"""Seats of the placement tree: taken, freed, closed, opened, moved. Each step leaves a row of the log."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from models.base import db
from models.errors import Conflict, Invalid
from models.operations import approval, team
from models.operations.approval import Effect
from models.queries import member as members
from models.queries import tree
from models.rules.approval import Line
from models.rules.placement import PresetPlace
from models.tables.approval import Approval
from models.tables.member import Member
from models.tables.placement import Frontier, Move, Seat

MOVES_MAX = 2
MOVE_WINDOW = timedelta(hours=72)
LOCK = 7310002
FULL = "整个网络没有空位（规则 2.3）：请先开放一个橱窗"

_TAKE = sa.text("SELECT * FROM seat_take(:network, :under, :owner, true, :at)").columns(*Seat.__table__.columns)
_REFRESH = sa.text("SELECT seat_refresh(:seat)")


class NoVacancy(Conflict):
    """The whole network has no open slot (rules §2.3)."""


class NotALeaf(Conflict):
    """Somebody sits below the seat, so it stays where it is (rules §2.8)."""


class TooLate(Conflict):
    """The window for a re-placement has closed, or its two tries are used up (rules §2.8)."""


class Preset(Conflict):
    """A matrix's template alone says where its presets sit (rules §2.1)."""


class NoSeat(Invalid):
    """A re-placement names a seat or a slot that is none."""


class SlotTaken(Conflict):
    """The slot is no vacancy of this network."""


def take(*, member: Member, under: Seat | None, at: datetime, by: str, reason: str = "registered") -> Seat:
    """Seat a member at the first vacancy of a sponsor's subtree, else of the whole network (rules §2.3)."""
    owned = {"network": member.matrix_id, "under": under.id if under else None, "owner": member.id, "at": at}
    seat: Seat | None = db.session.scalars(sa.select(Seat).from_statement(_TAKE), owned).one_or_none()
    if seat is None:
        raise NoVacancy(FULL)
    _log("place", seat, at=at, by=by, reason=reason, is_spill=under is None or seat.parent_id != under.id)
    return seat


def preset(
    *, places: Sequence[PresetPlace], members: Mapping[int, Member], at: datetime, by: str
) -> Mapping[int, Seat]:
    """Seat a matrix's presets, by position, at the places its template gives them (rules §2.1): the network's root."""
    seats: dict[int, Seat] = {}
    for place in places:
        member, parent = members[place.position], seats[place.parent] if place.parent else None
        seat = Seat(
            matrix_id=member.matrix_id, member_id=member.id, parent_id=parent.id if parent else None, slot=place.slot,
            depth=parent.depth + 1 if parent else 0, placed_at=at,
        )  # fmt: skip
        db.session.add(seat)
        db.session.flush()
        seats[place.position] = seat
    db.session.add_all(Frontier(seat_id=seats[one.position].id, is_open=one.promotes, taken=0) for one in places)
    db.session.add_all(_step("place", seat, at=at, by=by, reason="preset", is_spill=False) for seat in seats.values())
    db.session.flush()
    rebuild(matrix_id=seats[places[0].position].matrix_id)
    return seats


def free(*, seat: Seat, at: datetime, by: str, reason: str) -> None:
    """Give a seat with nobody below back to the tree: a vacancy again (rules §2.5)."""
    lock(seat.matrix_id)
    if tree.has_children(seat.id):
        raise NotALeaf("下面还有人，位置不能释放（规则 2.5）")
    _log("free", seat, at=at, by=by, reason=reason, is_spill=False)
    parent_id, slot = seat.parent_id, seat.slot
    db.session.delete(seat)
    db.session.flush()
    if parent_id and slot:
        _vacate(parent_id, slot)


def set_open(*, seat: Seat, is_open: bool, at: datetime, by: str, reason: str) -> None:
    """Let a seat's empty slots count as vacancies, or stop counting them: its owner lapsed, left, came back, closed."""
    lock(seat.matrix_id)
    changed = db.session.scalars(
        sa.update(Frontier)
        .where(Frontier.seat_id == seat.id, Frontier.is_open != is_open)
        .values(is_open=is_open)
        .returning(Frontier.seat_id)
    ).all()
    if changed:
        db.session.execute(_REFRESH, {"seat": seat.id})
        _log("open" if is_open else "close", seat, at=at, by=by, reason=reason, is_spill=False)


def move(*, seat_id: int, to_parent_id: int, to_slot: int, at: datetime, by: str, reason: str) -> Seat:
    """Re-place a leaf within 72 hours of its placement, at most twice (rules §2.8). Approval comes before.

    The member's head and sales go along, from the teams it leaves to those it joins (rules §4.6).
    """
    seat = db.session.get_one(Seat, seat_id)
    member = members.locked([seat.member_id])[seat.member_id]
    lock(seat.matrix_id)
    db.session.refresh(seat)
    check_movable(seat=seat, member=member, at=at)
    target = checked_target(seat=seat, to_parent_id=to_parent_id, to_slot=to_slot)
    counts = member.qualified_at is not None and member.showcase != "closed"
    if counts:
        team.hold_teams([seat.member_id, target.member_id])
        team.leave_teams(member=member)
    from_parent_id, from_slot = seat.parent_id, seat.slot
    seat.parent_id, seat.slot, seat.depth = target.id, to_slot, target.depth + 1
    db.session.flush()
    if counts:
        team.rejoin_teams(member=member)
    _vacate(from_parent_id, from_slot)
    _occupy(target.id, to_slot)
    _log("move", seat, at=at, by=by, reason=reason, is_spill=False, came_from=(from_parent_id, from_slot))
    return seat


def moves_made(seat_id: int) -> int:
    """How often a seat was re-placed."""
    moved = sa.select(sa.func.count()).where(Move.seat_id == seat_id, Move.kind == "move")
    return db.session.scalar(moved) or 0


def check_movable(*, seat: Seat, member: Member, at: datetime) -> None:
    """Refuse to re-place what rules §2.8 keeps where it is."""
    if member.position is not None:
        raise Preset("规则 2.1：预置橱窗的位置由矩阵模板决定，不能调整。")
    if at - seat.placed_at > MOVE_WINDOW or moves_made(seat.id) >= MOVES_MAX:
        raise TooLate("规则 2.8：只有 72 小时内的位置可以调整，且最多两次。")
    if tree.has_children(seat.id):
        raise NotALeaf("规则 2.8：下面还有人，位置不能调整。")


def checked_target(*, seat: Seat, to_parent_id: int, to_slot: int) -> Seat:
    """The seat to move under, its slot being a vacancy of the same network (rules §2.8)."""
    target = db.session.get(Seat, to_parent_id)
    if target is None or target.matrix_id != seat.matrix_id or target.id == seat.id:
        raise SlotTaken("规则 2.8：目标位置不在同一个网络里，请重新选择。")
    if to_slot not in tree.vacant_slots(target.id):
        raise SlotTaken("规则 2.8：目标位置不是空位，请重新选择。")
    return target


def rebuild(*, matrix_id: int) -> int:
    """Compute every seat's vacancies afresh; answers how many rows were wrong."""
    return int(db.session.scalar(sa.select(sa.func.frontier_rebuild(matrix_id))) or 0)


def lock(matrix_id: int) -> None:
    """Hold a network's placement still until the transaction ends."""
    db.session.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK, sa.cast(matrix_id, sa.Integer))))


def _occupy(seat_id: int | None, slot: int | None) -> None:
    _mark(seat_id, Frontier.taken.op("|")(1 << ((slot or 1) - 1)))


def _vacate(seat_id: int | None, slot: int | None) -> None:
    _mark(seat_id, Frontier.taken.op("&")(7 ^ (1 << ((slot or 1) - 1))))


def _mark(seat_id: int | None, taken: sa.ColumnElement[int]) -> None:
    db.session.execute(sa.update(Frontier).where(Frontier.seat_id == seat_id).values(taken=taken))
    db.session.execute(_REFRESH, {"seat": seat_id})


def _log(kind: str, seat: Seat, **told: Any) -> None:
    db.session.add(_step(kind, seat, **told))
    db.session.flush()


def _step(
    kind: str,
    seat: Seat,
    *,
    at: datetime,
    by: str,
    reason: str,
    is_spill: bool,
    came_from: tuple[int | None, int | None] | None = None,
) -> Move:
    here = (seat.parent_id, seat.slot)
    before = came_from or ((None, None) if kind == "place" else here)
    after = (None, None) if kind == "free" else here
    return Move(
        at=at, kind=kind, member_id=seat.member_id, seat_id=seat.id, from_parent_id=before[0], from_slot=before[1],
        to_parent_id=after[0], to_slot=after[1], is_spill=is_spill, by=by, reason=reason,
    )  # fmt: skip


def _canonical(payload: Mapping[str, Any]) -> dict[str, Any]:
    found = {name: payload.get(name) for name in ("seat_id", "to_parent_id", "to_slot")}
    if not all(isinstance(value, int) and value > 0 for value in found.values()):
        raise NoSeat("规则 2.8：请选择要调整的位置和目标空位。")
    return found


def _approved(request: Approval, at: datetime, by: str) -> None:
    move(**request.payload, at=at, by=f"{request.made_by} {by}", reason=request.reason)


def _told(payload: Mapping[str, Any]) -> list[Line]:
    seat, target = (db.session.get(Seat, payload[name]) for name in ("seat_id", "to_parent_id"))
    if seat is None or target is None:
        raise SlotTaken("规则 2.8：位置已经变动，请撤回后重新申请。")
    codes = tree.codes([seat.id, target.id, seat.parent_id or seat.id])
    return [
        Line("Member", codes[seat.id], "code"),
        Line("Stands under", f"{codes[seat.parent_id]} · {seat.slot}" if seat.parent_id else None, "code"),
        Line("Goes under", f"{codes[target.id]} · {payload['to_slot']}", "code"),
        Line("Depth now", seat.depth, "count"),
        Line("Depth then", target.depth + 1, "count"),
        Line("Placed at", seat.placed_at, "moment"),
    ]


approval.register(
    "seat.move", Effect("Re-place a seat", "2.8", "move.approve", check=_canonical, run=_approved, tells=_told)
)
