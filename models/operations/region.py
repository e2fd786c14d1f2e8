"""The packaged administrative divisions enter the database."""
