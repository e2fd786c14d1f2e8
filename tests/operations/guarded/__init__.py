"""What guards the tables of each area, a module an area; see ``tests.operations.guard_rows``."""
