"""Runs of one kind played at once: the same world, the same rows and the same refusals as one by one."""

import pytest
import sqlalchemy as sa

from console import replay
from models import db
from models.queries import integrity
from tests import bursts
from tests.model import world as model

ROWS = {
    "moves": "SELECT v.at, v.kind, m.code, p.code, v.to_slot, v.is_spill, v.reason FROM move v"
    " JOIN member m ON m.id = v.member_id LEFT JOIN seat s ON s.id = v.to_parent_id"
    " LEFT JOIN member p ON p.id = s.member_id",
    "changes": "SELECT c.at, c.kind, c.before, c.after, c.reason, c.evidence::text, m.code FROM standing_change c"
    " JOIN member m ON m.id = c.member_id WHERE c.kind <> 'ranked'",
    "members": "SELECT to_jsonb(m) - 'id' - 'sponsor_id' - 'matrix_id', p.code FROM member m"
    " LEFT JOIN member p ON p.id = m.sponsor_id",
    "tasks": "SELECT m.code, array_agg(s.code ORDER BY u.n) FROM admission_task t JOIN member m ON m.id = t.member_id"
    " CROSS JOIN LATERAL unnest(t.seller_ids) WITH ORDINALITY u (id, n) JOIN member s ON s.id = u.id GROUP BY 1",
    "consents": "SELECT m.code, c.accepted_at, c.sha256, c.ip, c.user_agent FROM consent c"
    " JOIN member m ON m.id = c.member_id",
    "teams": "SELECT m.code, t.size, t.sales_fen, t.own_fen FROM team t JOIN member m ON m.id = t.member_id",
    "orders": "SELECT to_jsonb(o) - 'id' - 'seller_id' - 'buyer_id' - 'policy_id' FROM shop_order o",
    "postings": "SELECT p.key, p.at, p.kind, p.subject, l.n, a.code, l.amount_fen, l.cause, l.reason FROM posting p"
    " JOIN leg l ON l.posting_id = p.id JOIN account a ON a.id = l.account_id",
    "shares": "SELECT o.number, s.n, s.kind, s.account, s.amount_fen, s.bucket FROM share s"
    " JOIN shop_order o ON o.id = s.order_id",
    "owed": "SELECT m.code, o.since, o.met_at FROM obligation o JOIN member m ON m.id = o.member_id",
    "events": "SELECT name, subject FROM event",
}


@pytest.fixture
def ends(monkeypatch):
    """How a story ends, played by these runs: every row by its facts, or where and why it stopped."""

    def shown():
        assert list(integrity.differences()) == []
        found = {name: sorted(str(tuple(row)) for row in db.session.execute(sa.text(query)))
                 for name, query in ROWS.items()}  # fmt: skip
        return {"world": world(), **found}

    world = replay.world.shown
    monkeypatch.setattr(replay.world, "shown", shown)

    def played(lines, runs):
        monkeypatch.setattr(replay, "AT_ONCE", runs)
        try:
            return replay.play(lines)
        except replay.Stopped as stopped:
            return str(stopped)

    return played


@pytest.mark.usefixtures("session")
class TestRuns:
    @pytest.mark.parametrize("seed", range(6))
    def test_come_to_what_one_by_one_comes_to(self, ends, seed):
        lines = bursts.story(seed)
        at_once, one_by_one = ends(lines, dict(replay.AT_ONCE)), ends(lines, {})
        assert at_once == one_by_one
        assert _model(lines) == (at_once.partition("：")[0] if isinstance(at_once, str) else at_once["world"])


def _model(lines):
    try:
        return model.show(model.play(lines))
    except model.Stopped as stopped:
        return str(stopped).partition("：")[0]
