"""Matrices, members and the placement tree, with the function that finds and takes the first vacancy."""

from alembic import op

from models.migrations import guards

revision = "0007_tree"
down_revision = "0006_ledger"

TABLES = (
    """
CREATE TABLE matrix (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_matrix PRIMARY KEY,
    code text COLLATE "C" NOT NULL CONSTRAINT uq_matrix_code UNIQUE,
    merchant_id bigint NOT NULL CONSTRAINT fk_matrix_merchant_id_merchant REFERENCES merchant,
    template text NOT NULL CONSTRAINT ck_matrix_template CHECK (template IN ('linear', 'triple')),
    made_at timestamptz NOT NULL
)
""",
    """
CREATE TABLE member (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_member PRIMARY KEY,
    code text COLLATE "C" NOT NULL CONSTRAINT uq_member_code UNIQUE,
    matrix_id bigint NOT NULL CONSTRAINT fk_member_matrix_id_matrix REFERENCES matrix,
    position smallint CONSTRAINT ck_member_position CHECK (position BETWEEN 1 AND 10),
    sponsor_id bigint CONSTRAINT fk_member_sponsor_id_member REFERENCES member,
    standing text NOT NULL CONSTRAINT ck_member_standing
        CHECK (standing IN ('candidate', 'active', 'frozen', 'exited', 'lapsed')),
    showcase text NOT NULL CONSTRAINT ck_member_showcase CHECK (showcase IN ('none', 'pending', 'open', 'closed')),
    registered_at timestamptz NOT NULL,
    lapse_at timestamptz,
    qualified_at timestamptz,
    unlocked_at timestamptz,
    suspended_at timestamptz,
    cycle_start timestamptz,
    cycle_end timestamptz,
    failures bigint NOT NULL,
    rank text CONSTRAINT ck_member_rank CHECK (rank IN ('expert', 'leader', 'founder', 'center')),
    seed_at timestamptz,
    strikes bigint NOT NULL,
    earned_fen bigint NOT NULL,
    real_name_at timestamptz,
    CONSTRAINT ck_member_counts CHECK (failures >= 0 AND strikes >= 0),
    CONSTRAINT uq_member_matrix_id_position UNIQUE (matrix_id, position),
    CONSTRAINT ck_member_sponsor CHECK (sponsor_id <> id),
    CONSTRAINT ck_member_cycle CHECK ((cycle_start IS NULL) = (cycle_end IS NULL) AND cycle_start < cycle_end)
) WITH (fillfactor = 70)
""",
    """
CREATE TABLE seat (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_seat PRIMARY KEY,
    matrix_id bigint NOT NULL CONSTRAINT fk_seat_matrix_id_matrix REFERENCES matrix,
    member_id bigint NOT NULL CONSTRAINT fk_seat_member_id_member REFERENCES member
        CONSTRAINT uq_seat_member_id UNIQUE,
    parent_id bigint CONSTRAINT fk_seat_parent_id_seat REFERENCES seat,
    slot smallint CONSTRAINT ck_seat_slot CHECK (slot BETWEEN 1 AND 3),
    depth bigint NOT NULL,
    placed_at timestamptz NOT NULL,
    CONSTRAINT uq_seat_parent_id_slot UNIQUE (parent_id, slot),
    CONSTRAINT ck_seat_root CHECK ((parent_id IS NULL) = (slot IS NULL) AND (parent_id IS NULL) = (depth = 0)),
    CONSTRAINT ck_seat_no_cycle CHECK (parent_id <> id)
)
""",
    """
CREATE TABLE frontier (
    seat_id bigint CONSTRAINT pk_frontier PRIMARY KEY
        CONSTRAINT fk_frontier_seat_id_seat REFERENCES seat ON DELETE CASCADE,
    is_open boolean NOT NULL,
    taken smallint NOT NULL CONSTRAINT ck_frontier_taken CHECK (taken BETWEEN 0 AND 7),
    best_id bigint,
    best_distance bigint,
    CONSTRAINT ck_frontier_best CHECK ((best_id IS NULL) = (best_distance IS NULL) AND best_distance >= 0)
) WITH (fillfactor = 70)
""",
    """
CREATE TABLE move (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_move PRIMARY KEY,
    at timestamptz NOT NULL,
    kind text NOT NULL CONSTRAINT ck_move_kind CHECK (kind IN ('place', 'free', 'close', 'open', 'move')),
    member_id bigint NOT NULL CONSTRAINT fk_move_member_id_member REFERENCES member,
    seat_id bigint NOT NULL,
    from_parent_id bigint,
    from_slot smallint,
    to_parent_id bigint,
    to_slot smallint,
    is_spill boolean NOT NULL,
    by text NOT NULL,
    reason text NOT NULL
)
""",
)

INDEXES = (
    "CREATE INDEX ix_member_sponsor_id_qualified_at ON member (sponsor_id, qualified_at)",
    "CREATE INDEX ix_member_standing_id ON member (standing, id)",
    "CREATE INDEX ix_member_cycle_end ON member (cycle_end) WHERE cycle_end IS NOT NULL",
    "CREATE INDEX ix_member_lapse_at ON member (lapse_at) WHERE lapse_at IS NOT NULL",
    "CREATE INDEX ix_member_registered_at_id ON member (registered_at, id)",
    "CREATE UNIQUE INDEX uq_seat_root ON seat (matrix_id) WHERE parent_id IS NULL",
    "CREATE INDEX ix_move_member_id_id ON move (member_id, id)",
    "CREATE INDEX ix_move_at_id ON move (at, id)",
)

# What a seat knows of vacancies at and below it follows from itself and its three children: a change climbs from child
# to parent and stops at the first seat that it does not change. An ancestor d levels up points at the changed seat
# only while its first d levels are full, so a join climbs about log3 of the network's size.
REFRESH = """
CREATE FUNCTION seat_refresh(start bigint) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
    node bigint := start;
    touched int := 0;
    here record;
    found_id bigint;
    found_distance bigint;
BEGIN
    WHILE node IS NOT NULL LOOP
        SELECT f.is_open AND f.taken < 7 AS is_vacant, f.best_id, f.best_distance, s.parent_id INTO here
        FROM frontier f JOIN seat s ON s.id = f.seat_id WHERE f.seat_id = node;
        IF here.is_vacant THEN
            found_id := node;
            found_distance := 0;
        ELSE
            SELECT f.best_id, f.best_distance + 1 INTO found_id, found_distance
            FROM seat s JOIN frontier f ON f.seat_id = s.id
            WHERE s.parent_id = node AND f.best_id IS NOT NULL ORDER BY f.best_distance, s.slot LIMIT 1;
        END IF;
        EXIT WHEN found_id IS NOT DISTINCT FROM here.best_id AND found_distance IS NOT DISTINCT FROM here.best_distance;
        UPDATE frontier SET best_id = found_id, best_distance = found_distance WHERE seat_id = node;
        touched := touched + 1;
        node := here.parent_id;
    END LOOP;
    RETURN touched;
END $$
"""

# Placement is serial within a network: the lock is held until the placing transaction ends, so that the next one sees
# this seat. `under` is the sponsor's seat; without one, or without a vacancy there, the whole network is searched. Only
# a parent that has become full changes what anybody points at.
TAKE = """
CREATE FUNCTION seat_take(network bigint, under bigint, owner bigint, is_open_ boolean, at_ timestamptz)
RETURNS seat LANGUAGE plpgsql AS $$
DECLARE
    above record;
    taken_slot smallint;
    made seat;
BEGIN
    PERFORM pg_advisory_xact_lock(7310002, network::int);
    SELECT s.id, s.depth, t.taken INTO above
    FROM frontier f JOIN frontier t ON t.seat_id = f.best_id JOIN seat s ON s.id = f.best_id WHERE f.seat_id = under;
    IF above.id IS NULL THEN
        SELECT s.id, s.depth, t.taken INTO above FROM seat r JOIN frontier f ON f.seat_id = r.id
        JOIN frontier t ON t.seat_id = f.best_id JOIN seat s ON s.id = f.best_id
        WHERE r.matrix_id = network AND r.parent_id IS NULL;
        IF above.id IS NULL THEN
            RETURN NULL;
        END IF;
    END IF;
    taken_slot := CASE WHEN above.taken & 1 = 0 THEN 1 WHEN above.taken & 2 = 0 THEN 2 ELSE 3 END;
    INSERT INTO seat (matrix_id, member_id, parent_id, slot, depth, placed_at)
    VALUES (network, owner, above.id, taken_slot, above.depth + 1, at_) RETURNING * INTO made;
    INSERT INTO frontier (seat_id, is_open, taken, best_id, best_distance)
    VALUES (made.id, is_open_, 0, CASE WHEN is_open_ THEN made.id END, CASE WHEN is_open_ THEN 0 END);
    UPDATE frontier SET taken = taken | (1 << (taken_slot - 1)) WHERE seat_id = above.id;
    IF above.taken | (1 << (taken_slot - 1)) = 7 THEN
        PERFORM seat_refresh(above.id);
    END IF;
    RETURN made;
END $$
"""

# The derived half of the tree, computed afresh from the seats, deepest first.
REBUILD = """
CREATE FUNCTION frontier_rebuild(network bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    level bigint;
    mended bigint := 0;
    n bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(7310002, network::int);
    FOR level IN SELECT DISTINCT depth FROM seat WHERE matrix_id = network ORDER BY depth DESC LOOP
        WITH fresh AS (
            SELECT s.id, coalesce(k.taken, 0) AS taken,
                   CASE WHEN f.is_open AND coalesce(k.taken, 0) < 7 THEN s.id ELSE b.best_id END AS best_id,
                   CASE WHEN f.is_open AND coalesce(k.taken, 0) < 7 THEN 0 ELSE b.distance END AS best_distance
            FROM seat s JOIN frontier f ON f.seat_id = s.id
            LEFT JOIN LATERAL (SELECT bit_or(1 << (c.slot - 1)) AS taken FROM seat c WHERE c.parent_id = s.id) k ON true
            LEFT JOIN LATERAL (
                SELECT cf.best_id, cf.best_distance + 1 AS distance FROM seat c JOIN frontier cf ON cf.seat_id = c.id
                WHERE c.parent_id = s.id AND cf.best_id IS NOT NULL ORDER BY cf.best_distance, c.slot LIMIT 1) b ON true
            WHERE s.matrix_id = network AND s.depth = level)
        UPDATE frontier f SET taken = fresh.taken, best_id = fresh.best_id, best_distance = fresh.best_distance
        FROM fresh WHERE f.seat_id = fresh.id AND (f.taken, f.best_id, f.best_distance)
            IS DISTINCT FROM (fresh.taken, fresh.best_id, fresh.best_distance);
        GET DIAGNOSTICS n = ROW_COUNT;
        mended := mended + n;
    END LOOP;
    RETURN mended;
END $$
"""

FUNCTIONS = (
    "frontier_rebuild(bigint)",
    "seat_take(bigint, bigint, bigint, boolean, timestamptz)",
    "seat_refresh(bigint)",
)


def upgrade() -> None:
    for statement in (*TABLES, *INDEXES, REFRESH, TAKE, REBUILD):
        op.execute(statement)
    guards.audited("matrix")
    guards.audited_but_founded_in_bulk("seat")
    guards.audited_but_founded_in_bulk("member", derived="earned_fen")
    guards.append_only("move")


def downgrade() -> None:
    for function in FUNCTIONS:
        op.execute(f"DROP FUNCTION {function}")
    for table in ("move", "frontier", "seat", "member", "matrix"):
        op.execute(f"DROP TABLE {table}")
