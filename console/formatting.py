"""How money, moments, counts and people look to staff: the one place where Asia/Shanghai and yuan appear."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from flask_babel import gettext as _

from models import money
from models.rules import reason as reasons
from models.rules.shanghai import SHANGHAI as SHANGHAI
from models.rules.shanghai import begins, day_of

NOTHING = "–"
HOUR, DAY = 3_600, 86_400

# Digits as people type amounts, two decimals at most: no exponent, no word for what is no number.
AMOUNT = re.compile(r"-?(?:[0-9]{1,15}(?:\.[0-9]{0,2}0*)?|\.[0-9]{1,2}0*)")


def now() -> datetime:
    """The moment of this request, aware and in UTC."""
    return datetime.now(UTC)


def today() -> date:
    """The calendar day in Shanghai."""
    return day_of(now())


def yuan(fen: int | None) -> str:
    """Fen as ¥1,234.56."""
    return NOTHING if fen is None else money.yuan(fen)


def to_fen(text: str) -> int | None:
    """Yuan as a person types them (`1,234.5`, `¥86`) as fen; None when it is no amount of whole fen."""
    plain = text.strip().lstrip("¥￥").replace(",", "")
    if not AMOUNT.fullmatch(plain):
        return None
    return int(Decimal(plain) * 100)


def shanghai(moment: datetime | None) -> str:
    """A moment as the clock in Shanghai shows it."""
    return NOTHING if moment is None else f"{moment.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"


def day(value: date | datetime | None) -> str:
    if value is None:
        return NOTHING
    return f"{value.astimezone(SHANGHAI) if isinstance(value, datetime) else value:%Y-%m-%d}"


def day_start(value: date) -> datetime:
    """The moment a Shanghai day begins, in UTC."""
    return begins(value).astimezone(UTC)


def day_end(value: date) -> datetime:
    """The moment a Shanghai day is over: the first of the next day, in UTC."""
    return day_start(value + timedelta(days=1))


def count(value: int | None) -> str:
    return NOTHING if value is None else f"{value:,}"


def percent(value: float | None, digits: int = 1) -> str:
    """A share (0.123) as 12.3%."""
    return NOTHING if value is None else f"{value * 100:.{digits}f}%"


def bps(value: int | None) -> str:
    """Basis points as a percentage: 1,250 is 12.50%."""
    return NOTHING if value is None else money.bps_text(value)


def change(current: float | None, before: float | None) -> str:
    """How a figure moved against the period before: +12.3%; a dash when there was nothing to compare with."""
    if current is None or not before:
        return NOTHING
    return f"{(current - before) / abs(before) * 100:+.1f}%"


def duration(seconds: float | None) -> str:
    """A length of time in its two largest units, in the reader's language: 31 d 20 h."""
    if seconds is None:
        return NOTHING
    if 0 < seconds < 10 and seconds % 1:
        return _("%(n)s s", n=f"{seconds:.1f}")
    days, rest = divmod(int(seconds), DAY)
    hours, rest = divmod(rest, HOUR)
    counted = (
        (days, _("%(n)s d", n=f"{days:,}")),
        (hours, _("%(n)s h", n=hours)),
        (rest // 60, _("%(n)s min", n=rest // 60)),
        (rest % 60, _("%(n)s s", n=rest % 60)),
    )
    first = next((place for place, (number, _text) in enumerate(counted) if number), len(counted) - 1)
    return " ".join(text for number, text in counted[first : first + 2] if number) or counted[-1][1]


def size(octets: int | None) -> str:
    """Bytes as a person reads them."""
    if octets is None:
        return NOTHING
    value = float(octets)
    for unit in ("B", "KB", "MB"):
        if value < 1024:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} GB"


def mask_phone(phone: str | None) -> str:
    """138****1234: enough to recognise, too little to call."""
    if not phone:
        return NOTHING
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) >= 11 else "*" * len(phone)


def mask_name(name: str | None) -> str:
    """王*: the first character and a star for each of the others, at most three."""
    if not name:
        return NOTHING
    return name[0] + "*" * min(max(len(name) - 1, 1), 3)


def reason(kept: str | None) -> str:
    """A coded reason as the audit trail keeps it, in the reader's words with its note behind."""
    if not kept:
        return NOTHING
    title, note = reasons.told(kept)
    if not title:
        return note
    return _("%(reason)s: %(note)s", reason=_(title), note=note) if note else str(_(title))


FILTERS = {
    "yuan": yuan, "shanghai": shanghai, "day": day, "count": count, "percent": percent, "bps": bps, "change": change,
    "duration": duration, "size": size, "mask_phone": mask_phone, "mask_name": mask_name,
    "reason": reason,
}  # fmt: skip
