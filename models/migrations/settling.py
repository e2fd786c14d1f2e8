"""The set-based engine of migration 0011: what completed orders pay.

The rule is said in `models/rules/commission.py`; `tests/operations/test_settling.py` shows that both say the same.
"""

from models.migrations.booking import WALKS

TYPE = """
CREATE TYPE settled AS (
    n bigint, order_id bigint, number text, kind text, seller_id bigint, buyer_id bigint, settled_fen bigint,
    step_fen bigint, draft drafted)
"""

TERMS = """
CREATE FUNCTION policy_terms(version bigint, OUT levels int, OUT split bigint[], OUT by_seat boolean,
    OUT region bigint[], OUT seed_bps bigint, OUT seed_for interval, OUT reserve_bps bigint, OUT ripens_in interval,
    OUT step_fen bigint, OUT flow_pays boolean)
LANGUAGE sql STABLE AS $$
    SELECT least((terms ->> 'levels')::int, 3),
        ARRAY[(terms #>> '{split_bps,0}')::bigint, (terms #>> '{split_bps,1}')::bigint,
              (terms #>> '{split_bps,2}')::bigint],
        terms ->> 'levels_by' = 'placement',
        ARRAY[(terms #>> '{region_bps,0}')::bigint, (terms #>> '{region_bps,1}')::bigint,
              (terms #>> '{region_bps,2}')::bigint],
        (terms ->> 'seed_bonus_bps')::bigint, make_interval(hours => 24 * (terms ->> 'seed_bonus_days')::int),
        (terms ->> 'reserve_bps')::bigint, make_interval(hours => 24 * (terms ->> 'return_days')::int),
        (terms ->> 'high_earner.step_fen')::bigint, (terms ->> 'flow.pays')::boolean
    FROM policy_version WHERE id = version
$$
"""

# rules.share.bucket_new: the bucket of a new share, or the reason for which the house has it.
LIES = """
CREATE FUNCTION share_lies(who member, level int, is_held boolean, is_fraud boolean) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN who.position IS NULL AND who.standing IN ('candidate', 'lapsed') THEN 'not_qualified'
        WHEN who.position IS NULL AND who.standing = 'exited' THEN 'exited'
        WHEN who.position IS NULL AND who.showcase = 'closed' THEN 'closed'
        WHEN is_fraud THEN 'fraud'
        WHEN is_held THEN 'held'
        WHEN who.position IS NULL AND who.standing = 'frozen' THEN 'frozen'
        WHEN who.position IS NULL AND level >= 2 AND who.unlocked_at IS NULL THEN 'locked'
        ELSE 'pending' END
$$
"""

# rules.commission.earns_seed_bonus
SEED = """
CREATE FUNCTION seed_earns(who member, paid_at timestamptz, seed_for interval) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT coalesce(who.standing = 'active' AND who.showcase <> 'closed'
        AND who.seed_at <= paid_at AND paid_at < who.seed_at + seed_for, false)
$$
"""

DISTANCE = """
CREATE FUNCTION seat_distance(below bigint, above bigint) RETURNS int LANGUAGE sql STABLE AS $$
    WITH RECURSIVE up AS (
        SELECT member_id, parent_id, 0 AS distance FROM seat WHERE member_id = below
        UNION ALL
        SELECT s.member_id, s.parent_id, u.distance + 1 FROM up u JOIN seat s ON s.id = u.parent_id
        WHERE u.member_id <> above)
    SELECT distance FROM up WHERE member_id = above AND distance > 0
$$
"""

# The house order of locks: orders by id, then whoever their completion may change, by id (with IN, by a walk of all).
HOLD = f"""
CREATE FUNCTION settle_hold(ids bigint[]) RETURNS void LANGUAGE plpgsql {WALKS} AS $$
BEGIN
    PERFORM FROM shop_order WHERE id = ANY (ids) AND state IN ('paid', 'shipped') ORDER BY id FOR UPDATE;
    PERFORM FROM member WHERE id = ANY (ARRAY(
        WITH party AS MATERIALIZED (
            SELECT unnest(ARRAY[o.seller_id, b.id, b.sponsor_id] || CASE WHEN terms.by_seat
                THEN ARRAY[s2.member_id, s3.member_id] ELSE ARRAY[m.sponsor_id, m2.sponsor_id] END) AS id
            FROM shop_order o
            JOIN policy_version p ON p.id = o.policy_id
            CROSS JOIN LATERAL (SELECT p.terms ->> 'levels_by' = 'placement' AS by_seat) terms
            JOIN member m ON m.id = o.seller_id
            LEFT JOIN member m2 ON m2.id = m.sponsor_id AND NOT terms.by_seat
            LEFT JOIN seat s1 ON s1.member_id = o.seller_id AND terms.by_seat
            LEFT JOIN seat s2 ON s2.id = s1.parent_id
            LEFT JOIN seat s3 ON s3.id = s2.parent_id
            LEFT JOIN member c ON o.buyer_id IS NULL AND c.code = o.buyer
            LEFT JOIN member b ON b.id = coalesce(o.buyer_id, c.id)
            WHERE o.id = ANY (ids) AND o.state IN ('paid', 'shipped')
            UNION
            SELECT g.member_id FROM shop_order o, LATERAL order_regions(o.region_code) r (code)
            JOIN region_agent g ON g.region_code = r.code AND g.state = 'active'
            WHERE o.id = ANY (ids) AND o.state IN ('paid', 'shipped'))
        SELECT id FROM party
        UNION
        SELECT l.stand_in_id FROM party JOIN flow_line l ON l.gap_id = party.id AND l.is_active))
    ORDER BY id FOR NO KEY UPDATE;
END $$
"""

# rules.region_share.chain; what names no place names no agent.
REGIONS = """
CREATE FUNCTION order_regions(code text) RETURNS SETOF text LANGUAGE sql IMMUTABLE AS $$
    SELECT place FROM (VALUES (left(code, 2) || '0000', code IS NOT NULL), (left(code, 4) || '00', code !~ '0000$'),
        (code, code !~ '00$')) AS chain (place, is_there) WHERE is_there AND code ~ '^[0-9]{6}$'
$$
"""

# A leg of a settlement, or nothing where it comes to nothing: the platform's own, and a share. ``lies`` is the bucket
# in which the share lies, or the reason for which the house has it.
LEGS = (
    """
CREATE FUNCTION leg_ours(cause text, name text, place text, fen bigint, rate bigint DEFAULT NULL) RETURNS drafted_leg
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN fen <> 0 THEN
        ROW(name, place, fen, cause, NULL, rate, NULL, '', NULL, NULL)::drafted_leg END
$$
""",
    """
CREATE FUNCTION leg_share(cause text, name text, lies text, fen bigint, level int, rate bigint, base bigint,
    member_id bigint, region text)
RETURNS drafted_leg LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN fen <> 0 THEN CASE WHEN lies IN ('pending', 'locked', 'frozen', 'held')
        THEN ROW('member:' || name || ':' || lies, lies, fen, cause, level, rate, base, coalesce(region, ''), member_id,
            region)::drafted_leg
        ELSE ROW('platform:house', 'house', fen, 'house', NULL, NULL, NULL, lies, NULL, region)::drafted_leg END END
$$
""",
)

# Legs in the order of rules.commission.settle. ``OFFSET 0`` has each step worked out once, where it would be written
# out into the next; VALUES, or an aggregate, of the legs would be set up anew for each order.
WORK = """
CREATE FUNCTION settle_work(ids bigint[], ats timestamptz[]) RETURNS SETOF settled LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY
    WITH terms AS MATERIALIZED (
        SELECT p.id, t.* FROM (SELECT DISTINCT o.policy_id AS id FROM shop_order o WHERE o.id = ANY (ids)) p,
            LATERAL policy_terms(p.id) t)
    SELECT a.n, o.id, o.number, o.kind, o.seller_id, o.buyer_id, o.settled_fen, t.step_fen, (
        nextval('posting_id_seq'), 'settle:' || o.number, posting_digest('settle', facts.facts, rows.text), 'settle',
        'order:' || o.number, a.at, facts.facts, rows.legs)::drafted
    FROM unnest(ids, ats) WITH ORDINALITY AS a (id, at, n)
    JOIN shop_order o ON o.id = a.id
    JOIN terms t ON t.id = o.policy_id
    JOIN member m1 ON m1.id = o.seller_id
    JOIN matrix net ON net.id = m1.matrix_id
    JOIN merchant shop ON shop.id = net.merchant_id
    LEFT JOIN seat s1 ON s1.member_id = o.seller_id AND t.by_seat
    LEFT JOIN seat s2 ON s2.id = s1.parent_id
    LEFT JOIN seat s3 ON s3.id = s2.parent_id
    LEFT JOIN member m2 ON m2.id = CASE WHEN t.by_seat THEN s2.member_id ELSE m1.sponsor_id END
    LEFT JOIN member m3 ON m3.id = CASE WHEN t.by_seat THEN s3.member_id ELSE m2.sponsor_id END
    LEFT JOIN region_agent g1 ON g1.region_code = left(o.region_code, 2) || '0000' AND g1.state = 'active'
        AND o.region_code ~ '^[0-9]{6}$'
    LEFT JOIN member p1 ON p1.id = g1.member_id
    LEFT JOIN region_agent g2 ON g2.region_code = left(o.region_code, 4) || '00' AND g2.state = 'active'
        AND o.region_code ~ '^[0-9]{6}$' AND o.region_code !~ '0000$'
    LEFT JOIN member p2 ON p2.id = g2.member_id
    LEFT JOIN region_agent g3 ON g3.region_code = o.region_code AND g3.state = 'active' AND o.region_code !~ '00$'
    LEFT JOIN member p3 ON p3.id = g3.member_id
    CROSS JOIN LATERAL (SELECT o.kind = 'admission' AS is_admission, s1.id IS NOT NULL OR NOT t.by_seat AS is_seated,
        CASE WHEN o.kind = 'admission' AND o.buyer_id IS NOT NULL THEN seat_distance(o.buyer_id, o.seller_id) END AS d,
        o.settled_fen AS p,
        CASE WHEN o.refunded_fen = 0 THEN o.commission_fen
            ELSE div(o.commission_fen::numeric * o.settled_fen, o.paid_fen)::bigint END AS c,
        CASE WHEN o.refunded_fen = 0 THEN o.cost_fen
            ELSE o.cost_fen - div(o.cost_fen::numeric * o.refunded_fen, o.paid_fen)::bigint END AS k,
        CASE WHEN o.is_fraud THEN 'fraud' WHEN o.is_held THEN 'held' ELSE 'pending' END AS region_lies,
        coalesce(o.paid_at, o.placed_at) AS paid_at OFFSET 0) f
    CROSS JOIN LATERAL (SELECT
        CASE WHEN f.is_admission THEN f.c ELSE f.c * t.split[1] / 10000 END AS l1,
        CASE WHEN f.is_admission THEN 0 ELSE f.c * t.split[2] / 10000 END AS l2,
        CASE WHEN f.is_admission THEN 0 ELSE f.c * t.split[3] / 10000 END AS l3,
        CASE WHEN g1.id IS NULL THEN 0 ELSE f.p * t.region[1] / 10000 END AS r1,
        CASE WHEN g2.id IS NULL THEN 0 ELSE f.p * t.region[2] / 10000 END AS r2,
        CASE WHEN g3.id IS NULL THEN 0 ELSE f.p * t.region[3] / 10000 END AS r3,
        CASE WHEN f.is_admission THEN 0 ELSE f.c * t.seed_bps / 10000 END AS seed OFFSET 0) v
    CROSS JOIN LATERAL (SELECT
        CASE WHEN f.is_seated AND seed_earns(m1, f.paid_at, t.seed_for) THEN v.seed ELSE 0 END AS d1,
        CASE WHEN t.levels >= 2 AND seed_earns(m2, f.paid_at, t.seed_for) THEN v.seed ELSE 0 END AS d2,
        CASE WHEN t.levels >= 3 AND seed_earns(m3, f.paid_at, t.seed_for) THEN v.seed ELSE 0 END AS d3 OFFSET 0) s
    CROSS JOIN LATERAL (SELECT f.p - f.k - f.c - v.r1 - v.r2 - v.r3 - s.d1 - s.d2 - s.d3 AS fen OFFSET 0) rest
    CROSS JOIN LATERAL (SELECT
        CASE WHEN rest.fen > 0 THEN rest.fen * t.reserve_bps / 10000 ELSE 0 END AS fen OFFSET 0) reserve
    CROSS JOIN LATERAL (SELECT
        CASE WHEN f.is_admission AND f.d IS NULL THEN 'not_upline'
            WHEN f.is_admission AND f.d > t.levels THEN 'over_cap'
            WHEN NOT f.is_seated THEN 'no_upline'
            ELSE share_lies(m1, coalesce(f.d, 1), o.is_held, o.is_fraud) END AS p1,
        CASE WHEN f.is_admission THEN NULL WHEN t.levels < 2 THEN 'over_cap' WHEN m2.id IS NULL THEN 'no_upline'
            ELSE share_lies(m2, 2, o.is_held, o.is_fraud) END AS p2,
        CASE WHEN f.is_admission THEN NULL WHEN t.levels < 3 THEN 'over_cap' WHEN m3.id IS NULL THEN 'no_upline'
            ELSE share_lies(m3, 3, o.is_held, o.is_fraud) END AS p3 OFFSET 0) w
    CROSS JOIN LATERAL (SELECT CASE
        WHEN t.flow_pays AND (w.p1 IN ('exited', 'closed') OR w.p2 IN ('exited', 'closed')
            OR w.p3 IN ('exited', 'closed'))
        THEN flow_stood(ARRAY[m1.id, m2.id, m3.id], ARRAY[w.p1, w.p2, w.p3], ARRAY[v.l1, v.l2, v.l3],
            ARRAY[coalesce(f.d, 1), 2, 3], o.is_held, o.is_fraud) END AS node OFFSET 0) fl
    CROSS JOIN LATERAL (SELECT coalesce((fl.node).facts, '{}') || jsonb_build_object('policy', o.policy_id, 'distance',
        f.d, 'held', o.is_held, 'upline',
        CASE WHEN NOT f.is_seated THEN '[]'::jsonb WHEN m2.id IS NULL THEN jsonb_build_array(m1.code)
            WHEN m3.id IS NULL THEN jsonb_build_array(m1.code, m2.code)
            ELSE jsonb_build_array(m1.code, m2.code, m3.code) END) AS facts OFFSET 0) facts
    CROSS JOIN LATERAL (SELECT
        coalesce((fl.node).places[1], w.p1) AS l1, coalesce((fl.node).places[2], w.p2) AS l2,
        coalesce((fl.node).places[3], w.p3) AS l3,
        CASE WHEN s.d1 <> 0 THEN share_lies(m1, 1, o.is_held, o.is_fraud) END AS d1,
        CASE WHEN s.d2 <> 0 THEN share_lies(m2, 2, o.is_held, o.is_fraud) END AS d2,
        CASE WHEN s.d3 <> 0 THEN share_lies(m3, 3, o.is_held, o.is_fraud) END AS d3 OFFSET 0) lies
    CROSS JOIN LATERAL (SELECT
        leg_ours('settlement', 'clearing', 'clearing', -f.p) AS a,
        leg_ours('cost', 'supplier:' || shop.code, 'supplier', f.k) AS b,
        leg_share('level', coalesce((fl.node).codes[1], m1.code), lies.l1, v.l1, coalesce(f.d, 1),
            CASE WHEN NOT f.is_admission THEN t.split[1] END, o.commission_fen, coalesce((fl.node).ids[1], m1.id),
            NULL) AS c,
        leg_share('level', coalesce((fl.node).codes[2], m2.code), lies.l2, v.l2, 2, t.split[2], o.commission_fen,
            coalesce((fl.node).ids[2], m2.id), NULL) AS d,
        leg_share('level', coalesce((fl.node).codes[3], m3.code), lies.l3, v.l3, 3, t.split[3], o.commission_fen,
            coalesce((fl.node).ids[3], m3.id), NULL) AS e,
        leg_share('house', '', 'rounding', f.c - v.l1 - v.l2 - v.l3, NULL, NULL, NULL, NULL, NULL) AS f,
        leg_share('region', p1.code, f.region_lies, v.r1, NULL, NULL, f.p, p1.id, g1.region_code) AS g,
        leg_share('region', p2.code, f.region_lies, v.r2, NULL, NULL, f.p, p2.id, g2.region_code) AS h,
        leg_share('region', p3.code, f.region_lies, v.r3, NULL, NULL, f.p, p3.id, g3.region_code) AS i,
        leg_share('seed', m1.code, lies.d1, s.d1, 1, t.seed_bps, o.commission_fen, m1.id, NULL) AS j,
        leg_share('seed', m2.code, lies.d2, s.d2, 2, t.seed_bps, o.commission_fen, m2.id, NULL) AS k,
        leg_share('seed', m3.code, lies.d3, s.d3, 3, t.seed_bps, o.commission_fen, m3.id, NULL) AS l,
        leg_ours('reserve', 'platform:reserve', 'reserve', reserve.fen, t.reserve_bps) AS m,
        leg_ours('margin', 'platform:margin', 'margin', rest.fen - reserve.fen) AS n OFFSET 0) x
    CROSS JOIN LATERAL (SELECT
        array_remove(ARRAY[x.a, x.b, x.c, x.d, x.e, x.f, x.g, x.h, x.i, x.j, x.k, x.l, x.m, x.n], NULL) AS legs,
        concat_ws(E'\\n', leg_line(x.a), leg_line(x.b), leg_line(x.c), leg_line(x.d), leg_line(x.e), leg_line(x.f),
            leg_line(x.g), leg_line(x.h), leg_line(x.i), leg_line(x.j), leg_line(x.k), leg_line(x.l), leg_line(x.m),
            leg_line(x.n)) AS text OFFSET 0) rows;
END $$
"""

# rules §5.8: each full multiple of the step that lifetime earnings pass asks for an own normal order, and each own
# normal order meets the oldest that is asked for, in the orders' order. That order matters to those alone who are asked
# for one and buy in the same set: they go event by event, all others at once. 1000: rules.withdrawal.passed.
OWE = """
CREATE FUNCTION settle_owe(done settled[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    asked jsonb;
    bought bigint[];
    one record;
BEGIN
    SELECT jsonb_agg(jsonb_build_object('n', e.n, 'member_id', e.member_id, 'at', e.at, 'times', e.times)) INTO asked
    FROM (
        SELECT x.n, x.member_id, x.at,
               least((x.earned_fen + x.upto) / x.step_fen - (x.earned_fen + x.upto - x.fen) / x.step_fen, 1000) AS times
        FROM (
            SELECT g.*, m.earned_fen, sum(g.fen) OVER (PARTITION BY g.member_id ORDER BY g.n)::bigint AS upto
            FROM (
                SELECT s.n, (s.draft).at, s.step_fen, l.member_id, sum(l.amount_fen)::bigint AS fen
                FROM unnest(done) s, LATERAL unnest((s.draft).legs) l WHERE l.member_id IS NOT NULL
                GROUP BY s.n, (s.draft).at, s.step_fen, l.member_id) g
            JOIN member m ON m.id = g.member_id) x) e
    WHERE e.times > 0;
    bought := ARRAY(
        SELECT b.id FROM (
            SELECT DISTINCT s.buyer_id AS id FROM unnest(done) s WHERE s.kind = 'normal' AND s.buyer_id IS NOT NULL) b
        WHERE EXISTS (SELECT FROM obligation o WHERE o.member_id = b.id AND o.met_at IS NULL)
           OR b.id IN (SELECT e.member_id FROM jsonb_to_recordset(asked) AS e (member_id bigint)));
    INSERT INTO obligation (member_id, since)
    SELECT e.member_id, e.at
    FROM jsonb_to_recordset(asked) AS e (n bigint, member_id bigint, at timestamptz, times int),
        generate_series(1, e.times)
    WHERE e.member_id <> ALL (bought) ORDER BY e.n, e.member_id;
    FOR one IN
        SELECT e.n, e.member_id, e.at, e.times
        FROM jsonb_to_recordset(asked) AS e (n bigint, member_id bigint, at timestamptz, times int)
        WHERE e.member_id = ANY (bought)
        UNION ALL
        SELECT s.n, s.buyer_id, (s.draft).at, 0 FROM unnest(done) s
        WHERE s.kind = 'normal' AND s.buyer_id = ANY (bought)
        ORDER BY n, times DESC
    LOOP
        IF one.times > 0 THEN
            INSERT INTO obligation (member_id, since) SELECT one.member_id, one.at FROM generate_series(1, one.times);
        ELSE
            UPDATE obligation SET met_at = one.at WHERE id = (
                SELECT id FROM obligation WHERE member_id = one.member_id AND met_at IS NULL
                ORDER BY since, id LIMIT 1);
        END IF;
    END LOOP;
END $$
"""

# What was sold counts for the seller and for every team at most ten levels above, there while its showcase is not
# closed. Answers whose rank may rise by it: `models.operations.team.evaluate` says whether it does.
TEAMS = """
CREATE FUNCTION settle_teams(done settled[]) RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
    teams bigint[];
    sales bigint[];
    owns bigint[];
    current jsonb;
    upto timestamptz;
BEGIN
    WITH RECURSIVE sold AS (
        SELECT s.seller_id, sum(s.settled_fen)::bigint AS fen FROM unnest(done) s GROUP BY s.seller_id),
    above AS (
        SELECT t.member_id, t.parent_id, 0 AS distance, o.fen, o.fen AS own, m.showcase = 'closed' AS is_closed
        FROM sold o JOIN seat t ON t.member_id = o.seller_id JOIN member m ON m.id = o.seller_id
        UNION ALL
        SELECT t.member_id, t.parent_id, a.distance + 1, a.fen, 0, a.is_closed
        FROM above a JOIN seat t ON t.id = a.parent_id WHERE a.distance < 10),
    moved AS (
        SELECT member_id, coalesce(sum(fen) FILTER (WHERE NOT is_closed OR distance = 0), 0)::bigint AS fen,
               sum(own)::bigint AS own
        FROM above GROUP BY member_id)
    SELECT array_agg(member_id), array_agg(fen), array_agg(own) INTO teams, sales, owns FROM moved;
    PERFORM FROM team WHERE member_id = ANY (teams) ORDER BY member_id FOR UPDATE;
    UPDATE team t SET sales_fen = t.sales_fen + m.fen, own_fen = t.own_fen + m.own
    FROM unnest(teams, sales, owns) AS m (member_id, fen, own) WHERE t.member_id = m.member_id;
    SELECT max((s.draft).at) INTO upto FROM unnest(done) s;
    SELECT p.terms INTO current FROM policy_version p
    WHERE p.state = 'approved' AND p.effective_at <= upto AND (p.opinion_until IS NULL OR p.opinion_until > upto)
    ORDER BY p.effective_at DESC, p.id DESC LIMIT 1;
    RETURN ARRAY(
        SELECT m.id FROM unnest(teams) AS u (id) JOIN team t ON t.member_id = u.id JOIN member m ON m.id = u.id
        CROSS JOIN LATERAL (
            SELECT coalesce(array_position(ARRAY['expert', 'leader', 'founder', 'center'], m.rank), 0) AS rank,
                   current ->> 'rank.by' = 'own' AS by_own) has
        WHERE m.standing IN ('active', 'frozen') AND has.rank < 4
        AND CASE WHEN has.by_own THEN t.own_fen ELSE t.sales_fen END
            >= (current -> 'rank.sales_fen' ->> has.rank)::bigint
        AND (has.by_own OR t.size >= (current -> 'rank.team_size' ->> has.rank)::bigint)
        ORDER BY m.id);
END $$
"""

# Complete and settle orders that are held (settle_hold): what `order.complete` says, for all of them at once.
SETTLE = f"""
CREATE FUNCTION settle_book(ids bigint[], ats timestamptz[], OUT orders bigint[], OUT ranked bigint[],
    OUT changing bigint[])
LANGUAGE plpgsql {WALKS} AS $$
DECLARE
    done settled[];
BEGIN
    -- By id each: joined, all orders in these states might come first, and each be compared with every id.
    SELECT array_agg(a.id ORDER BY a.n), array_agg(a.at ORDER BY a.n) INTO orders, ats
    FROM unnest(ids, ats) WITH ORDINALITY AS a (id, at, n)
    WHERE (SELECT o.state FROM shop_order o WHERE o.id = a.id) IN ('paid', 'shipped');
    IF orders IS NULL THEN
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock_shared(7310003);
    UPDATE shop_order o
    SET state = 'completed', completed_at = a.at, confirm_at = NULL, settled_fen = o.paid_fen - o.refunded_fen,
        mature_at = a.at + make_interval(hours => 24 * (p.terms ->> 'return_days')::int),
        buyer_id = coalesce(o.buyer_id, (SELECT m.id FROM member m WHERE m.code = o.buyer))
    FROM unnest(orders, ats) AS a (id, at), policy_version p
    WHERE o.id = a.id AND p.id = o.policy_id;
    done := ARRAY(SELECT w FROM settle_work(orders, ats) w);
    PERFORM postings_book(ARRAY(SELECT s.draft FROM unnest(done) s));
    INSERT INTO share (order_id, n, kind, account, amount_fen, reversed_fen, member_id, level, bucket, reason,
        region_code, rate_bps)
    SELECT s.order_id, l.n - 1, l.cause, l.account, l.amount_fen, 0, l.member_id, l.level,
        CASE WHEN l.member_id IS NOT NULL THEN l.bucket END, CASE WHEN l.cause = 'house' THEN l.reason END,
        l.region_code, l.rate_bps
    FROM unnest(done) s, LATERAL unnest((s.draft).legs) WITH ORDINALITY AS l (
        account, bucket, amount_fen, cause, level, rate_bps, base_fen, reason, member_id, region_code, n)
    WHERE l.cause NOT IN ('settlement', 'margin');
    PERFORM settle_owe(done);
    UPDATE member m SET earned_fen = m.earned_fen + e.fen
    FROM (SELECT l.member_id, sum(l.amount_fen)::bigint AS fen
        FROM unnest(done) s, LATERAL unnest((s.draft).legs) l WHERE l.member_id IS NOT NULL GROUP BY l.member_id) e
    WHERE m.id = e.member_id;
    INSERT INTO event (name, subject, payload)
    SELECT 'order.completed', (s.draft).subject, jsonb_build_object('order_id', s.order_id)
    FROM unnest(done) s ORDER BY s.n;
    ranked := settle_teams(done);
    changing := ARRAY(
        SELECT s.buyer_id FROM unnest(done) s JOIN member b ON b.id = s.buyer_id
        WHERE (s.kind = 'admission' AND b.standing = 'candidate')
           OR (s.kind = 'normal' AND b.suspended_at IS NOT NULL));
END $$
"""

# One order by its number, in the house order of locks.
SETTLE_ONE = f"""
CREATE FUNCTION settle_order(number_ text, at_ timestamptz, OUT orders bigint[], OUT ranked bigint[],
    OUT changing bigint[])
LANGUAGE plpgsql {WALKS} AS $$
DECLARE
    ids bigint[] := ARRAY(SELECT id FROM shop_order WHERE number = number_);
BEGIN
    PERFORM settle_hold(ids);
    SELECT b.* INTO orders, ranked, changing FROM settle_book(ids, ARRAY[at_]) b;
END $$
"""

FUNCTIONS = (TERMS, LIES, SEED, DISTANCE, REGIONS, *LEGS, HOLD, WORK, OWE, TEAMS, SETTLE, SETTLE_ONE)
NAMES = (
    "settle_order(text, timestamptz)", "settle_book(bigint[], timestamptz[])", "settle_teams(settled[])",
    "settle_owe(settled[])", "settle_work(bigint[], timestamptz[])", "settle_hold(bigint[])", "order_regions(text)",
    "seat_distance(bigint, bigint)", "seed_earns(member, timestamptz, interval)",
    "leg_share(text, text, text, bigint, int, bigint, bigint, bigint, text)",
    "leg_ours(text, text, text, bigint, bigint)", "share_lies(member, int, boolean, boolean)", "policy_terms(bigint)",
)  # fmt: skip
