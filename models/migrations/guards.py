"""What a migration says of a table beyond its columns: who may write it, and that every write leaves a trace."""

from collections.abc import Iterable

from alembic import op

APP_ROLE = "qianxing_app"


def granted() -> None:
    """Let the application's role work on everything the owner has made or will make in this schema.

    An installation with a single role (`OWNER_DATABASE_URL` unset) has no such role and nothing to grant.
    """
    as_app(
        f"GRANT USAGE ON SCHEMA public TO {APP_ROLE};"
        f" GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {APP_ROLE};"
        f" GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {APP_ROLE};"
        f" ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {APP_ROLE};"
        f" ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {APP_ROLE};"
    )


def revoked() -> None:
    """Take the application's role out of this schema again."""
    as_app(
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON TABLES FROM {APP_ROLE};"
        f" ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON SEQUENCES FROM {APP_ROLE};"
        f" REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {APP_ROLE};"
        f" REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM {APP_ROLE};"
        f" REVOKE USAGE ON SCHEMA public FROM {APP_ROLE};"
    )


def as_app(statements: str) -> None:
    op.execute(
        f"DO $$ BEGIN IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '{APP_ROLE}') THEN {statements} END IF; END $$"
    )


def audited(
    table: str, *, redact: Iterable[str] = (), ignore: Iterable[str] = (), verbs: str = "INSERT OR UPDATE OR DELETE"
) -> None:
    """Every changed row of the table leaves one audit row with before and after.

    ``redact`` names columns whose values are secrets (the change is recorded, the value is not);
    ``ignore`` columns that tick by themselves (a heartbeat): a change of nothing else leaves no row.
    """
    op.execute(
        f"CREATE TRIGGER audit_{table} AFTER {verbs} ON {table}"
        f" FOR EACH ROW EXECUTE FUNCTION audit_row('{','.join(redact)}', '{','.join(ignore)}')"
    )


# Column by column: a whole row as JSON, twice a row, would cost more than the change itself.
_UPDATED = """
DO $$ BEGIN EXECUTE (
    SELECT format('CREATE TRIGGER audit_{table}_update AFTER UPDATE ON {table} FOR EACH ROW'
        ' WHEN (OLD.{derived} IS NOT DISTINCT FROM NEW.{derived} OR (%s) IS DISTINCT FROM (%s))'
        ' EXECUTE FUNCTION audit_row(%L, %L)',
        string_agg(format('OLD.%I', attname), ', '), string_agg(format('NEW.%I', attname), ', '), '', '')
    FROM pg_attribute
    WHERE attrelid = '{table}'::regclass AND attnum > 0 AND NOT attisdropped AND attname <> '{derived}');
END $$
"""


def audited_but_founded_in_bulk(table: str, *, ignore: Iterable[str] = (), derived: str = "") -> None:
    """As ``audited`` for tables that are filled by the hundred thousand and changed by the row.

    Rows that one statement inserts leave one audit row each up to a hundred of them, one with their count beyond.
    ``derived`` names a column that follows from other recorded rows: where it alone changes, the row is left in peace.
    A migration that adds a column later makes ``audit_<table>_update`` anew.
    """
    audited(table, ignore=ignore, verbs="DELETE" if derived else "UPDATE OR DELETE")
    if derived:
        op.execute(_UPDATED.format(table=table, derived=derived))
    op.execute(
        f"CREATE TRIGGER audit_{table}_insert AFTER INSERT ON {table} REFERENCING NEW TABLE AS after_rows"
        f" FOR EACH STATEMENT EXECUTE FUNCTION audit_inserts('id')"
    )


def audited_in_bulk(table: str, *, key: Iterable[str] = ("id",), redact: Iterable[str] = ()) -> None:
    """As ``audited`` for tables written by the hundred thousand: one audit row a statement, with the count of rows.

    A statement that touches at most 100 rows leaves one audit row each, so that a hand-made change stays readable;
    ``key`` names the columns that tell such rows apart. An update of more lists their keys. ``redact`` as there.
    """
    for verb, tables in (
        ("INSERT", "NEW TABLE AS after_rows"),
        ("UPDATE", "OLD TABLE AS before_rows NEW TABLE AS after_rows"),
        ("DELETE", "OLD TABLE AS before_rows"),
    ):
        op.execute(
            f"CREATE TRIGGER audit_{table}_{verb.lower()} AFTER {verb} ON {table} REFERENCING {tables}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION audit_{verb.lower()}s('{','.join(key)}', '{','.join(redact)}')"
        )


def append_only(table: str, *, forgets: Iterable[str] = (), goes: bool = False) -> None:
    """Rows of the table never change nor go: refused by trigger for everybody, by grant for the application.

    ``forgets`` names columns of personal data that a function of the owner may empty when their time is over, ``goes``
    says that it may take whole rows; each such function sets `qianxing.forgetting` and knows the law's shortest time.
    """
    told = tuple(forgets)
    but = "'UPDATE'" if told else "'DELETE'" if goes else ""
    op.execute(
        f"CREATE TRIGGER append_only_{table} BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
        f" FOR EACH STATEMENT EXECUTE FUNCTION refuse_change({but})"
    )
    if told:
        op.execute(
            f"CREATE TRIGGER forgets_{table} BEFORE UPDATE ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION only_forgets('{','.join(told)}')"
        )
    as_app(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {APP_ROLE};")
