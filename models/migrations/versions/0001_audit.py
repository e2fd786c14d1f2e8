"""The audit trail: its table, the triggers' functions, the application's grants."""

from alembic import op

from models.migrations import guards

revision = "0001_audit"
down_revision = None

SETTING = "coalesce(nullif(current_setting('qianxing.{0}', true), ''), '{1}')"

TABLE = f"""
CREATE TABLE audit (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_audit PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor text NOT NULL DEFAULT coalesce(nullif(current_setting('qianxing.actor', true), ''), 'db:' || session_user),
    source text NOT NULL DEFAULT {SETTING.format("source", "psql")},
    action text NOT NULL DEFAULT {SETTING.format("action", "")},
    reason text NOT NULL DEFAULT {SETTING.format("reason", "")},
    request_id text NOT NULL DEFAULT {SETTING.format("request_id", "")},
    ip text NOT NULL DEFAULT {SETTING.format("ip", "")},
    db_role text NOT NULL DEFAULT session_user,
    kind text NOT NULL CONSTRAINT ck_audit_kind CHECK (kind IN ('insert', 'update', 'delete', 'note')),
    table_name text NOT NULL,
    row_id text NOT NULL,
    rows bigint NOT NULL DEFAULT 1,
    before jsonb,
    after jsonb
)
"""

REFUSE = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- A function of the owner may take what the law lets nobody keep (guards.append_only).
    IF TG_NARGS = 1 AND TG_OP = TG_ARGV[0] AND current_setting('qianxing.forgetting', true) = TG_TABLE_NAME THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$
"""

# What such a function changes it may only empty, and nothing beside the columns that are named.
FORGETS = """
CREATE FUNCTION only_forgets() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    told text[] := string_to_array(TG_ARGV[0], ',');
BEGIN
    IF to_jsonb(OLD) - told IS DISTINCT FROM to_jsonb(NEW) - told OR EXISTS (
        SELECT FROM jsonb_each(to_jsonb(NEW)) WHERE key = ANY (told) AND value IS DISTINCT FROM to_jsonb(OLD) -> key
        AND value NOT IN ('null'::jsonb, '""'::jsonb, '"（已到期删除）"'::jsonb))
    THEN
        RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$
"""

REDACT = """
CREATE FUNCTION audit_redact(row_ jsonb, secrets text[]) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(jsonb_object_agg(key, CASE
        WHEN key = ANY (secrets) AND value <> 'null'::jsonb THEN '"***"'::jsonb ELSE value END), '{}'::jsonb)
    FROM jsonb_each(row_)
$$
"""

# Without secrets, and of nothing, nothing is looked through.
KEPT = """
CREATE FUNCTION audit_kept(row_ jsonb, secrets text[]) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN secrets IS NULL OR row_ IS NULL THEN row_ ELSE audit_redact(row_, secrets) END
$$
"""

# The function writes with its owner's rights: the application may add audit rows through it and in no other way.
# Every write of the house pays for it: each row becomes JSON once, and nothing is worked out that is not kept.
ROW = """
CREATE FUNCTION audit_row() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    ticking text[] := string_to_array(TG_ARGV[1], ',');
    old_ jsonb;
    new_ jsonb;
    id_ text;
    matters boolean;
BEGIN
    IF TG_OP <> 'INSERT' THEN old_ := to_jsonb(OLD); id_ := old_ ->> 'id'; END IF;
    IF TG_OP <> 'DELETE' THEN new_ := to_jsonb(NEW); id_ := new_ ->> 'id'; END IF;
    IF TG_OP = 'UPDATE' THEN
        SELECT jsonb_object_agg(key, old_ -> key), jsonb_object_agg(key, value), bool_or(key <> ALL (ticking))
        INTO old_, new_, matters FROM jsonb_each(new_) WHERE value IS DISTINCT FROM old_ -> key;
        IF matters IS NOT TRUE THEN RETURN NULL; END IF;
    END IF;
    IF TG_ARGV[0] <> '' THEN
        IF old_ IS NOT NULL THEN old_ := audit_redact(old_, string_to_array(TG_ARGV[0], ',')); END IF;
        IF new_ IS NOT NULL THEN new_ := audit_redact(new_, string_to_array(TG_ARGV[0], ',')); END IF;
    END IF;
    INSERT INTO audit (kind, table_name, row_id, before, after)
    VALUES (lower(TG_OP), TG_TABLE_NAME, coalesce(id_, ''), old_, new_);
    RETURN NULL;
END $$
"""

# A statement's rows: each of at most 100, else all in one. A row that did not change is not there.
BULK = """
CREATE FUNCTION audit_{name}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    n bigint;
    keys text[] := string_to_array(TG_ARGV[0], ',');
    secrets text[] := string_to_array(nullif(TG_ARGV[1], ''), ',');
    listed jsonb;
BEGIN
    SELECT count(*) INTO n FROM {counted};
    IF n = 0 THEN RETURN NULL; END IF;
    IF n <= 100 THEN
        INSERT INTO audit (kind, table_name, row_id, before, after)
        SELECT lower(TG_OP), TG_TABLE_NAME, row_id, audit_kept(was, secrets), audit_kept(becomes, secrets)
        FROM (SELECT {row_id} AS row_id, {before} AS was, {after} AS becomes FROM {rows}) told;
    ELSE{listing}
        INSERT INTO audit (kind, table_name, row_id, rows, after)
        VALUES (lower(TG_OP), TG_TABLE_NAME, '', n, listed);
    END IF;
    RETURN NULL;
END $$
"""

KEY = (
    "CASE WHEN cardinality(keys) = 1 THEN to_jsonb({0}) ->> keys[1] ELSE (SELECT string_agg(to_jsonb({0}) ->> key, ':'"
    " ORDER BY place) FROM unnest(keys) WITH ORDINALITY k (key, place)) END"
)

# What changed of each row, and nothing of a row in which nothing did.
CHANGED = """
    after_rows a JOIN before_rows b ON {a} = {b} CROSS JOIN LATERAL (
        SELECT jsonb_object_agg(key, o.value) AS was, jsonb_object_agg(key, v.value) AS becomes
        FROM jsonb_each(to_jsonb(a)) v JOIN jsonb_each(to_jsonb(b)) o USING (key)
        WHERE v.value IS DISTINCT FROM o.value) changed
    WHERE changed.was IS NOT NULL
""".format(a=KEY.format("a"), b=KEY.format("b"))  # fmt: skip

# The keys by their columns' names: thousands of rows as JSON for one column of each would cost more than the change.
LISTING = """
        EXECUTE (SELECT 'SELECT jsonb_build_object(''rows'', jsonb_agg(concat_ws('':'', '
            || string_agg(quote_ident(key), ', ' ORDER BY place) || '))) FROM after_rows'
            FROM unnest(keys) WITH ORDINALITY k (key, place)) INTO listed;"""

BULK_PARTS = (
    {"name": "inserts", "counted": "after_rows", "rows": "after_rows a", "row_id": KEY.format("a"),
     "before": "NULL::jsonb", "after": "to_jsonb(a)", "listing": ""},
    {"name": "deletes", "counted": "before_rows", "rows": "before_rows b", "row_id": KEY.format("b"),
     "before": "to_jsonb(b)", "after": "NULL::jsonb", "listing": ""},
    {"name": "updates", "counted": "after_rows", "rows": CHANGED, "row_id": KEY.format("a"),
     "before": "changed.was", "after": "changed.becomes",
     "listing": LISTING},
)  # fmt: skip

# Facts that change no row: a refused sign-in, an export, a revealed phone number.
NOTE = """
CREATE FUNCTION audit_note(what text, about text, facts jsonb) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    INSERT INTO audit (kind, table_name, row_id, after) VALUES ('note', what, about, facts) RETURNING id
$$
"""


def upgrade() -> None:
    guards.granted()
    op.execute(TABLE)
    op.execute("CREATE INDEX ix_audit_at_id ON audit (at, id)")
    op.execute("CREATE INDEX ix_audit_table_name_row_id_id ON audit (table_name, row_id, id)")
    op.execute("CREATE INDEX ix_audit_request_id ON audit (request_id)")
    for column in ("table_name", "actor", "action", "kind"):
        op.execute(f"CREATE INDEX ix_audit_{column}_at_id ON audit ({column}, at, id)")
    op.execute(REFUSE)
    op.execute(FORGETS)
    op.execute(REDACT)
    op.execute(KEPT)
    op.execute(ROW)
    for parts in BULK_PARTS:
        op.execute(BULK.format(**parts))
    op.execute(NOTE)
    guards.append_only("audit")
    guards.as_app(f"REVOKE INSERT ON audit FROM {guards.APP_ROLE};")


def downgrade() -> None:
    for name in (
        "audit_note(text, text, jsonb)",
        "audit_updates()",
        "audit_deletes()",
        "audit_inserts()",
        "audit_row()",
    ):
        op.execute(f"DROP FUNCTION {name}")
    op.execute("DROP TABLE audit")
    op.execute("DROP FUNCTION audit_kept(jsonb, text[])")
    op.execute("DROP FUNCTION audit_redact(jsonb, text[])")
    op.execute("DROP FUNCTION only_forgets()")
    op.execute("DROP FUNCTION refuse_change()")
    guards.revoked()
