"""Shares belong to an order and to a member: said once a statement, where foreign keys say it row by row."""

from alembic import op

revision = "0023_share_owner"
down_revision = "0022_statement"

# A fifth of the cost of settling went into two references of each share. Orders and members never go, so that it is
# enough to look when a share is written.
OWNED = """
CREATE FUNCTION share_owned() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM (SELECT DISTINCT order_id FROM made) s WHERE NOT EXISTS (
                   SELECT FROM shop_order o WHERE o.id = s.order_id))
       OR EXISTS (SELECT FROM (SELECT DISTINCT member_id FROM made WHERE member_id IS NOT NULL) s WHERE NOT EXISTS (
                   SELECT FROM member m WHERE m.id = s.member_id)) THEN
        RAISE EXCEPTION 'a share of no order or of no member' USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END $$
"""
STAYS = """
CREATE FUNCTION share_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a share stays with its order and its member' USING ERRCODE = 'foreign_key_violation';
END $$
"""
REFERENCES = {"order_id": "shop_order", "member_id": "member"}


def upgrade() -> None:
    for column, table in REFERENCES.items():
        op.execute(f"ALTER TABLE share DROP CONSTRAINT fk_share_{column}_{table}")
    op.execute(OWNED)
    op.execute(STAYS)
    op.execute(
        "CREATE TRIGGER share_owned AFTER INSERT ON share REFERENCING NEW TABLE AS made"
        " FOR EACH STATEMENT EXECUTE FUNCTION share_owned()"
    )
    op.execute(
        "CREATE TRIGGER share_stays BEFORE UPDATE OF order_id, member_id ON share FOR EACH ROW"
        " WHEN (NEW.order_id <> OLD.order_id OR NEW.member_id IS DISTINCT FROM OLD.member_id)"
        " EXECUTE FUNCTION share_stays()"
    )
    for table in REFERENCES.values():
        op.execute(
            f"CREATE TRIGGER kept_{table} BEFORE DELETE OR TRUNCATE ON {table}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def downgrade() -> None:
    for table in REFERENCES.values():
        op.execute(f"DROP TRIGGER kept_{table} ON {table}")
    op.execute("DROP TRIGGER share_stays ON share")
    op.execute("DROP TRIGGER share_owned ON share")
    op.execute("DROP FUNCTION share_stays()")
    op.execute("DROP FUNCTION share_owned()")
    for column, table in REFERENCES.items():
        op.execute(
            f"ALTER TABLE share ADD CONSTRAINT fk_share_{column}_{table} FOREIGN KEY ({column}) REFERENCES {table}"
        )
