"""What lies in which parcel."""

RECORDED_IN_BULK = {"parcel_item"}
BROKEN = {"ck_parcel_item_pieces": {"pieces": 0}}
