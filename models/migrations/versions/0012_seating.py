"""Registration and placement in few statements: what is asked first, and what one newcomer leaves behind."""

from alembic import op

from models.migrations import guards

revision = "0012_seating"
down_revision = "0011_settling"

# The version that an instant is under (rules §10): one that needs a legal opinion counts only while the opinion runs.
POLICY = """
CREATE FUNCTION policy_at(at_ timestamptz) RETURNS TABLE (id bigint, digest bytea) LANGUAGE sql STABLE AS $$
    SELECT p.id, p.digest FROM policy_version p
    WHERE p.state = 'approved' AND p.effective_at <= at_ AND (p.opinion_until IS NULL OR p.opinion_until > at_)
    ORDER BY p.effective_at DESC, p.id DESC LIMIT 1
$$
"""

AGREEMENT = """
CREATE FUNCTION agreement_in_force(at_ timestamptz) RETURNS SETOF agreement LANGUAGE sql STABLE AS $$
    SELECT a.* FROM agreement a WHERE a.effective_at <= at_ ORDER BY a.effective_at DESC, a.id DESC LIMIT 1
$$
"""

# Everything a registration is decided on. For a newcomer the network's lock is taken first, so that what is read of the
# inviter and of the code itself is what stands when the seat is taken.
OPENS = """
CREATE FUNCTION registration_opens(code_ text, inviter text, at_ timestamptz) RETURNS TABLE (
    agreement_id bigint, version text, sha256 text, policy_id bigint, policy_digest bytea, network bigint,
    known_id bigint, known_standing text, is_new boolean, host_id bigint, host_sponsor_id bigint, host_standing text,
    host_showcase text, host_position smallint, host_template text, host_seat_id bigint)
LANGUAGE plpgsql AS $$
BEGIN
    SELECT a.id, a.version, a.sha256, p.id, p.digest, m.id, coalesce(m.matrix_id, CASE
               WHEN inviter IS NULL THEN (SELECT x.id FROM matrix x ORDER BY x.id LIMIT 1)
               ELSE (SELECT h.matrix_id FROM member h WHERE h.code = inviter) END)
    INTO agreement_id, version, sha256, policy_id, policy_digest, known_id, network
    FROM policy_at(at_) p LEFT JOIN agreement_in_force(at_) a ON true LEFT JOIN member m ON m.code = code_;
    is_new := known_id IS NULL;
    IF is_new THEN
        PERFORM pg_advisory_xact_lock(7310002, network::int);
        SELECT m.id, m.standing INTO known_id, known_standing FROM member m WHERE m.code = code_;
    END IF;
    IF inviter IS NOT NULL THEN
        SELECT m.id, m.sponsor_id, m.standing, m.showcase, m.position, s.id,
               CASE WHEN m.position IS NOT NULL THEN (SELECT x.template FROM matrix x WHERE x.id = m.matrix_id) END
        INTO host_id, host_sponsor_id, host_standing, host_showcase, host_position, host_seat_id, host_template
        FROM member m LEFT JOIN seat s ON s.member_id = m.id WHERE m.code = inviter;
    END IF;
    RETURN NEXT;
END $$
"""

# The showcases a candidate owes an order (rules §3.2): the nearest fitting ancestors, then the matrix's other presets.
# The climb ends as soon as there are enough.
TASKS = """
CREATE FUNCTION admission_tasks(network bigint, parent bigint, wanted int) RETURNS bigint[]
LANGUAGE plpgsql STABLE AS $$
DECLARE
    found bigint[];
BEGIN
    WITH RECURSIVE above AS (
        SELECT parent AS next, NULL::bigint AS member_id, 0 AS distance, false AS fits, 0 AS fitting
        UNION ALL
        SELECT s.parent_id, m.id, a.distance + 1, f.fits, a.fitting + f.fits::int
        FROM above a JOIN seat s ON s.id = a.next JOIN member m ON m.id = s.member_id
        CROSS JOIN LATERAL (SELECT m.position IS NOT NULL
            OR m.standing IN ('active', 'frozen') AND m.showcase = 'open' AS fits) f
        WHERE a.fitting < wanted)
    SELECT array_agg(a.member_id ORDER BY a.distance) INTO found FROM above a WHERE a.fits;
    IF coalesce(cardinality(found), 0) < wanted THEN
        found := found || ARRAY(
            SELECT m.id FROM member m
            WHERE m.matrix_id = network AND m.position IS NOT NULL AND m.id <> ALL (coalesce(found, '{}'))
            ORDER BY m.position LIMIT wanted - coalesce(cardinality(found), 0));
    END IF;
    RETURN found;
END $$
"""

# What one newcomer leaves behind; nothing, where the whole network has no vacancy.
JOIN = """
CREATE FUNCTION member_join(
    code_ text, network bigint, sponsor bigint, under bigint, at_ timestamptz, lapses timestamptz, wanted int, by_ text,
    agreement_ bigint, sha256_ text, ip_ text, agent text)
RETURNS SETOF member LANGUAGE plpgsql AS $$
DECLARE
    made member;
    place seat;
BEGIN
    INSERT INTO member (code, matrix_id, sponsor_id, standing, showcase, registered_at, lapse_at, failures, strikes,
                        earned_fen)
    VALUES (code_, network, sponsor, 'candidate', 'none', at_, lapses, 0, 0, 0) RETURNING * INTO made;
    place := seat_take(network, under, made.id, true, at_);
    IF place.id IS NULL THEN
        RETURN;
    END IF;
    IF wanted > 0 THEN
        INSERT INTO admission_task (member_id, seller_ids)
        VALUES (made.id, admission_tasks(network, place.parent_id, wanted));
    END IF;
    WITH counted AS (INSERT INTO team (member_id, size, sales_fen, own_fen) VALUES (made.id, 0, 0, 0)),
    seated AS (
        INSERT INTO move (at, kind, member_id, seat_id, to_parent_id, to_slot, is_spill, by, reason)
        VALUES (at_, 'place', made.id, place.id, place.parent_id, place.slot, place.parent_id IS DISTINCT FROM under,
                by_, 'registered')),
    agreed AS (
        INSERT INTO consent (member_id, agreement_id, sha256, accepted_at, ip, user_agent)
        VALUES (made.id, agreement_, sha256_, at_, ip_, agent)),
    told AS (
        INSERT INTO event (name, subject, payload)
        VALUES ('member.registered', 'member:' || code_, jsonb_build_object('member_id', made.id)))
    INSERT INTO standing_change (member_id, at, kind, after, reason, evidence)
    VALUES (made.id, at_, 'registered', 'candidate', 'registered', '{}');
    RETURN NEXT made;
END $$
"""

FUNCTIONS = ("member_join", "admission_tasks", "registration_opens", "agreement_in_force", "policy_at")


def upgrade() -> None:
    for statement in (POLICY, AGREEMENT, OPENS, TASKS, JOIN):
        op.execute(statement)
    # Facts come by the hundred thousand as members and orders do.
    op.execute("DROP TRIGGER audit_event ON event")
    guards.audited_but_founded_in_bulk("event", ignore=("relayed_at",))


def downgrade() -> None:
    for name in ("audit_event", "audit_event_insert"):
        op.execute(f"DROP TRIGGER {name} ON event")
    guards.audited("event", ignore=("relayed_at",))
    for name in FUNCTIONS:
        op.execute(f"DROP FUNCTION {name}")
