"""Whether what is kept for speed still says what the facts say: everything that `qianxing verify` looks at."""

from collections.abc import Iterator, Mapping, Sequence

import sqlalchemy as sa

from models import money
from models.base import db
from models.queries import headcount, ledger, tree

_CODES = sa.text("SELECT id, code FROM member WHERE id = ANY (:ids)")

# Shares lie where their account says, but what is available is mixed with everything else that is.
_LYING = """
    SELECT a.code, a.balance_fen, coalesce(s.fen, 0) FROM account a FULL JOIN (
        SELECT account, sum(amount_fen - reversed_fen) AS fen FROM share
        WHERE bucket IN ('pending', 'locked', 'frozen', 'held') GROUP BY account) s ON s.account = a.code
    WHERE (a.bucket IN ('pending', 'locked', 'frozen', 'held') OR a.id IS NULL)
      AND coalesce(a.balance_fen, 0) <> coalesce(s.fen, 0)
    ORDER BY a.code
"""

_SETTLED = """
    WITH booked AS (
        SELECT substr(p.key, 8) AS number, l.cause AS kind, l.level, sum(l.amount_fen) AS fen
        FROM posting p JOIN leg l ON l.posting_id = p.id
        WHERE p.kind = 'settle' AND l.cause NOT IN ('settlement', 'margin') GROUP BY 1, 2, 3),
    shared AS (
        SELECT o.number, s.kind, s.level, sum(s.amount_fen) AS fen FROM share s JOIN shop_order o ON o.id = s.order_id
        WHERE s.amount_fen <> 0 GROUP BY 1, 2, 3)
    SELECT DISTINCT coalesce(b.number, s.number) FROM booked b FULL JOIN shared s
    ON s.number = b.number AND s.kind = b.kind AND s.level IS NOT DISTINCT FROM b.level
    WHERE b.fen IS DISTINCT FROM s.fen ORDER BY 1
"""

_REVERSED = """
    WITH booked AS (
        SELECT p.subject, -sum(l.amount_fen) AS fen FROM posting p JOIN leg l ON l.posting_id = p.id
        JOIN account a ON a.id = l.account_id
        WHERE p.kind = 'refund' AND p.facts ? 'reverses' AND a.code NOT IN ('custody', 'platform:margin') GROUP BY 1),
    shared AS (
        SELECT 'order:' || o.number AS subject, sum(s.reversed_fen) AS fen FROM share s
        JOIN shop_order o ON o.id = s.order_id GROUP BY 1)
    SELECT substr(coalesce(b.subject, s.subject), 7) FROM booked b FULL JOIN shared s ON s.subject = b.subject
    WHERE coalesce(b.fen, 0) <> coalesce(s.fen, 0) ORDER BY 1
"""

_CLEARING = """
    SELECT coalesce(sum(
        CASE WHEN state IN ('paid', 'shipped') THEN paid_fen - refunded_fen ELSE deposit_fen - refunded_fen END
    ), 0)::bigint FROM shop_order WHERE state IN ('paid', 'shipped', 'deposit_paid', 'balance_due')
"""

_COUNTS = {
    "账目": "SELECT count(*) FROM posting",
    "分录": "SELECT count(*) FROM leg",
    "账户": "SELECT count(*) FROM account",
    "封存块": "SELECT count(*) FROM block",
    "位置": "SELECT count(*) FROM seat",
    "团队": "SELECT count(*) FROM team",
    "份额": "SELECT count(*) FROM share",
}


def differences(kept: Mapping[int, bytes] = ledger.NOTHING_KEPT) -> Iterator[str]:
    """Everything that does not agree, a Chinese sentence each; ``kept`` are hashes of blocks kept outside."""
    yield from ledger.differences(kept)
    yield from tree.differences()
    yield from teams()
    yield from shares()


def teams() -> Iterator[str]:
    """Team sizes and sales that are not what members, seats and orders come to."""
    counts = headcount.counted()
    wrong = counts.wrong()
    told = {"ids": counts.member_ids[wrong].tolist()}
    codes: dict[int, str] = {row.id: row.code for row in db.session.execute(_CODES, told)}
    for place in sorted(wrong.tolist(), key=lambda one: int(counts.member_ids[one])):
        kept = [int(column[place]) for column in counts.kept]
        fresh = [int(column[place]) for column in counts.fresh]
        shown = [None if kept[0] == headcount.MISSING else one for one in kept]
        yield (
            f"会员 {codes[int(counts.member_ids[place])]} 的团队计数（人数、团队销售、本人销售）为 {_listed(shown)}，"
            f"重算为 {_listed(fresh)}"
        )


def shares() -> Iterator[str]:
    """Shares that are not what the legs have booked, and clearing that is not what orders wait for."""
    for code, balance, lying in db.session.execute(sa.text(_LYING)):
        yield f"账户 {code} 的余额 {_yuan(balance)}，其中的份额合计 {_yuan(lying)}"
    for (number,) in db.session.execute(sa.text(_SETTLED)):
        yield f"订单 {number} 的份额与结算分录不符"
    for (number,) in db.session.execute(sa.text(_REVERSED)):
        yield f"订单 {number} 的份额冲回与退款分录不符"
    waiting = db.session.scalar(sa.text(_CLEARING)) or 0
    held = ledger.balances(["clearing"])["clearing"]
    if held != waiting:
        yield f"账户 clearing 的余额 {money.yuan(held)}，未结算订单合计 {money.yuan(waiting)}"


def counts() -> Mapping[str, int]:
    """How much there was to look at."""
    return {name: db.session.scalar(sa.text(query)) or 0 for name, query in _COUNTS.items()}


def _yuan(fen: int | None) -> str:
    """An amount, or that its account is not there."""
    return "无" if fen is None else money.yuan(int(fen))


def _listed(values: Sequence[int | None]) -> str:
    return "、".join("无" if value is None else str(value) for value in values)
