"""What the night may empty in tables that only grow: words about closed affairs, notes, signals of risk events."""

from alembic import op

revision = "0035_forget"
down_revision = "0034_client"

# Each knows the shortest time of the law, whatever it is asked: network logs 180 days (网络安全法 23), orders and what
# was said in a dispute three years (电子商务法 31, 59; 民法典 188).
FORGET = """
CREATE FUNCTION forget_{name}(before timestamptz, most bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    n bigint;
BEGIN
    PERFORM set_config('qianxing.forgetting', '{table}', true);
    {statement};
    GET DIAGNOSTICS n = ROW_COUNT;
    PERFORM set_config('qianxing.forgetting', '', true);
    RETURN n;
END $$
"""
MESSAGES = """UPDATE complaint_message SET words = '（已到期删除）' WHERE id IN (
        SELECT m.id FROM complaint_message m JOIN complaint c ON c.id = m.complaint_id
        WHERE c.closed_at < least(before, now() - interval '1095 days') AND m.words <> '（已到期删除）'
        ORDER BY m.id LIMIT most)"""
# What reviewers wrote about a case, and why a picture was decided as it was; what closed without a word has none.
STEPS = """UPDATE case_step SET note = '（已到期删除）' WHERE id IN (
        SELECT s.id FROM case_step s JOIN review_case c ON c.id = s.case_id
        WHERE c.closed_at < least(before, now() - interval '1095 days') AND s.note NOT IN ('', '（已到期删除）')
        ORDER BY s.id LIMIT most)"""
SNOOZES = """UPDATE case_snooze SET reason = '（已到期删除）' WHERE id IN (
        SELECT s.id FROM case_snooze s JOIN review_case c ON c.id = s.case_id
        WHERE c.closed_at < least(before, now() - interval '1095 days') AND s.reason <> '（已到期删除）'
        ORDER BY s.id LIMIT most)"""
PROOFS = """UPDATE proof_step SET note = '（已到期删除）' WHERE id IN (
        SELECT s.id FROM proof_step s JOIN proof p ON p.id = s.proof_id
        WHERE p.decided_at < least(before, now() - interval '1095 days') AND s.note NOT IN ('', '（已到期删除）')
        ORDER BY s.id LIMIT most)"""
# What staff wrote about somebody who has left: no law asks to keep it.
NOTES = """UPDATE member_note SET text = '（已到期删除）' WHERE id IN (
        SELECT m.id FROM member_note m JOIN member_identity i ON i.member_id = m.member_id
        WHERE i.ended_at < before AND m.text <> '（已到期删除）' ORDER BY m.id LIMIT most)"""
DEVICES = """UPDATE risk_event SET ip = NULL, ip_shown = '', device = NULL WHERE id IN (
        SELECT id FROM risk_event WHERE at < least(before, now() - interval '180 days')
        AND (ip IS NOT NULL OR device IS NOT NULL OR ip_shown <> '') ORDER BY id LIMIT most)"""
SIGNALS = """UPDATE risk_event SET payer = NULL, phone = NULL, address = NULL, payee = NULL, picture = NULL
    WHERE id IN (
        SELECT id FROM risk_event WHERE at < least(before, now() - interval '1095 days')
        AND num_nonnulls(payer, phone, address, payee, picture) > 0 ORDER BY id LIMIT most)"""
# A tie is met again with the next event that shows it; one that no event shows any more is over.
TIES = """DELETE FROM risk_tie t USING (
        SELECT x.actor_id, x.kind, x.digest FROM risk_tie x WHERE x.at < least(before, now() - interval '180 days')
        AND NOT EXISTS (SELECT FROM risk_event e WHERE e.actor_id = x.actor_id
            AND x.digest IN (e.ip, e.device, e.payer, e.phone, e.address, e.payee))
        LIMIT most) over_
    WHERE t.actor_id = over_.actor_id AND t.kind = over_.kind AND t.digest = over_.digest"""
FUNCTIONS = {
    "messages": ("complaint_message", MESSAGES),
    "devices": ("risk_event", DEVICES),
    "signals": ("risk_event", SIGNALS),
    "ties": ("risk_tie", TIES),
    "notes": ("member_note", NOTES),
    "case_steps": ("case_step", STEPS),
    "case_snoozes": ("case_snooze", SNOOZES),
    "proof_steps": ("proof_step", PROOFS),
}


def upgrade() -> None:
    for name, (table, statement) in FUNCTIONS.items():
        op.execute(FORGET.format(name=name, table=table, statement=statement))


def downgrade() -> None:
    for name in FUNCTIONS:
        op.execute(f"DROP FUNCTION forget_{name}(timestamptz, bigint)")
