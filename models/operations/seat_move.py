"""Asking for a re-placement: refused at once where it would be refused later."""

from datetime import datetime

from models.base import db
from models.operations import approval, placement
from models.tables.approval import Approval
from models.tables.member import Member
from models.tables.placement import Seat


def ask(*, seat_id: int, to_parent_id: int, to_slot: int, why: str, at: datetime, by: str) -> Approval:
    """Ask a second person to move a leaf to a vacancy (rules §2.8)."""
    seat = db.session.get(Seat, seat_id)
    if seat is None:
        raise placement.NoSeat("规则 2.8：该位置已不存在，请刷新后重试。")
    placement.check_movable(seat=seat, member=db.session.get_one(Member, seat.member_id), at=at)
    placement.checked_target(seat=seat, to_parent_id=to_parent_id, to_slot=to_slot)
    payload = {"seat_id": seat_id, "to_parent_id": to_parent_id, "to_slot": to_slot}
    return approval.ask(kind="seat.move", payload=payload, reason=why, at=at, by=by)
