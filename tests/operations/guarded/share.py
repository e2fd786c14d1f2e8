"""What stands in for the references of a share."""

OF_THEIR_OWN = {"kept_member", "kept_shop_order", "share_owned", "share_stays"}
OFFENCES = {
    "kept_member": (({}, "DELETE FROM member"), ({}, "TRUNCATE member")),
    "kept_shop_order": (({}, "DELETE FROM shop_order"), ({}, "TRUNCATE shop_order")),
    "share_owned": (({"order_id": 404}, ""),),
    "share_stays": (({}, "UPDATE share SET order_id = 404"), ({}, "UPDATE share SET member_id = 404")),
}
