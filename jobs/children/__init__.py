"""Programs of their own that a job starts by path, confined, so that nothing of the application stands beside them."""
