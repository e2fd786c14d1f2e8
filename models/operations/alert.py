"""Staff set what the business is warned of, and who looks after it."""

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa

from models.base import db
from models.operations import outbox
from models.queries import alert as queries
from models.rules import alert as rules
from models.tables.alert import AlertRule


def change(
    *, rule: str, terms: Mapping[str, int | None], owner_id: int | None, why: str, at: datetime, by: str
) -> AlertRule:
    """Set a rule's figures (None: the default again) and its owner; a look follows at once."""
    asked = rules.checked(rule, terms) | {"owner_id": owner_id}
    if owner_id is not None and owner_id not in queries.owners():
        raise rules.NotAnOwner("负责人须是在职且可以认领合规发现的同事，请重新选择。")
    found = db.session.scalar(sa.select(AlertRule).where(AlertRule.rule == rule).with_for_update())
    if all(value == getattr(found, key, None) for key, value in asked.items()):
        raise rules.NothingChanged("这条预警规则已经是这样，没有可保存的修改。")
    if found is None:
        found = AlertRule(rule=rule)
        db.session.add(found)
    for key, value in asked.items():
        setattr(found, key, value)
    found.reason, found.changed_at, found.changed_by = why, at, by
    db.session.flush()
    outbox.emit("alert_rule.changed", subject=f"alert_rule:{found.id}", rule=rule)
    return found
