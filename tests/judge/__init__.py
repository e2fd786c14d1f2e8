"""Seeded pictures of orders, genuine and forged, to measure the judge of admission evidence with."""
