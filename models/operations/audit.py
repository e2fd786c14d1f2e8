"""Facts for the audit trail that change no row: a refusal, an export, a revealed phone number."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from models.base import db

_NOTE = sa.text("SELECT audit_note(:what, :about, :facts)").bindparams(sa.bindparam("facts", type_=JSONB))


def note(*, what: str, about: str = "", **facts: Any) -> None:
    """Note one fact in the name of whoever acts; it stands once the transaction around it is committed."""
    db.session.execute(_NOTE, {"what": what, "about": about, "facts": facts})
