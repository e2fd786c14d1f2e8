"""Which role may do what, and which roles no one holds together."""

import pytest

from models.rules import permission
from models.rules.permission import PERMISSIONS, ROLES, Role


class TestRoles:
    def test_hold_only_permissions_that_exist(self):
        assert frozenset().union(*ROLES.values()) == frozenset(PERMISSIONS)

    def test_all_hold_their_own_account_and_the_workbench(self):
        for role in Role:
            assert {"account.manage", "home.view"} <= ROLES[role], role

    def test_of_the_auditor_only_read_and_take_lists_home(self):
        writing = {name for name in ROLES[Role.AUDITOR] if not PERMISSIONS[name].is_read}
        assert writing == {"account.manage", "export.create"}

    @pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
    def test_other_than_admin_touch_no_account_of_others(self, role):
        touching = {"staff.create", "staff.edit", "staff.grant", "staff.disable", "staff.reset", "session.end"}
        assert not ROLES[role] & touching

    @pytest.mark.parametrize("role", [Role.REVIEWER, Role.FINANCE, Role.AUDITOR, Role.MERCHANT, Role.OPERATOR])
    def test_without_need_reveal_nobody(self, role):
        assert "pii.reveal" not in ROLES[role]

    def test_of_a_merchant_reach_no_page_of_the_house(self):
        house = {"staff", "session", "role", "audit", "event", "health", "job", "shop", "layout", "import", "pii"}
        assert not {PERMISSIONS[name].area for name in ROLES[Role.MERCHANT]} & house


class TestStepUp:
    def test_guards_what_gives_power_or_reveals_people(self):
        fresh = {name for name, declared in PERMISSIONS.items() if declared.step_up}
        assert fresh >= {"staff.create", "staff.grant", "staff.disable", "staff.reset", "pii.reveal", "order.refund"}
        assert not {name for name in fresh if PERMISSIONS[name].is_read}


class TestCheckRoles:
    @pytest.mark.parametrize("roles", [["admin"], ["operator", "support"], ["finance", "compliance"]])
    def test_lets_duties_that_agree_be_together(self, roles):
        permission.check_roles(roles, merchant_id=None)

    def test_lets_a_merchant_see_one_merchant(self):
        permission.check_roles(["merchant"], merchant_id=7)

    @pytest.mark.parametrize("roles", [["root"], ["admin", "Admin"], []])
    def test_refuses_what_is_no_role(self, roles):
        with pytest.raises(permission.UnknownRole):
            permission.check_roles(roles, merchant_id=None)

    @pytest.mark.parametrize(
        ("roles", "merchant_id"),
        [(["reviewer", "finance"], None), (["merchant"], None), (["operator"], 7), (["merchant", "support"], 7)],
    )
    def test_refuses_a_clash(self, roles, merchant_id):
        with pytest.raises(permission.ClashingRoles):
            permission.check_roles(roles, merchant_id=merchant_id)


class TestHeldBy:
    def test_adds_the_roles_up(self):
        assert permission.held_by(["reviewer", "auditor"]) == ROLES["reviewer"] | ROLES["auditor"]

    def test_of_no_role_is_nothing(self):
        assert permission.held_by([]) == frozenset()
