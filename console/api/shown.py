"""How other people look to a member, and what is not there for them."""

from console.formatting import mask_name, mask_phone
from models.errors import Missing
from models.queries import portal


class NotThere(Missing):
    """There is none, or it is somebody else's."""


def not_there() -> NotThere:
    return NotThere("没有找到，或不属于您。")


def masked(code: str, nickname: str | None) -> str:
    """A first character and stars; without a name the end of the code."""
    return mask_name(nickname) if nickname else f"***{code[-3:]}"


def masked_phone(phone: str | None) -> str | None:
    return mask_phone(phone) if phone else None


def masked_name(member_id: int | None) -> str | None:
    """The masked name of one other member."""
    found = portal.names([member_id]) if member_id else {}
    return masked(*found[member_id]) if member_id in found else None
