"""Random stories: any event in any order, refused or not, with everything checked after each."""

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from models.errors import DomainError
from tests.model.story import Story
from tests.model.world import advance, apply, show

MEMBERS = [f"m{number}" for number in range(8)]
CODES = [*MEMBERS, "M-1", "M-9", "M-10", "nobody"]
ORDERS = [f"o{number}" for number in range(12)]
WITHDRAWALS = ["w0", "w1", "w2"]
REGIONS = ["330000", "330100", "330106", "320106", "999999"]
SMALL = {
    "rank.team_size": [1, 2, 3, 4],
    "rank.sales_fen": [1, 5_000, 9_000, 20_000],
    "high_earner.step_fen": 2_000,
    "admission.orders": 1,
    "cycle_days": 12,
}

members, codes, orders = st.sampled_from(MEMBERS), st.sampled_from(CODES), st.sampled_from(ORDERS)
amounts = st.integers(-1, 3) | st.integers(100, 9_900) | st.just(4_950) | st.just(9_900)


class WorldMachine(RuleBasedStateMachine):
    """Tells events to the model world; a database under test overrides ``told``."""

    @initialize(
        preset=st.sampled_from(["plan", "plan", "steady"]),
        template=st.sampled_from(["linear", "triple"]),
        levels=st.integers(1, 3),
        directs=st.integers(0, 2),
        needed=st.integers(0, 2),
        revive=st.integers(1, 2),
        by=st.sampled_from(["placement", "sponsor"]),
        tax=st.sampled_from(["none", "monthly", "cumulative"]),
    )
    def begin(self, preset, template, levels, directs, needed, revive, by, tax) -> None:
        values = {
            **SMALL,
            "levels": levels,
            "unlock.directs": directs,
            "assess.target": needed,
            "revive.orders": revive,
            "levels_by": by,
            "tax.method": tax,
        }
        self.story = Story(preset, template, **values)

    def tell(self, do: str, **values) -> bool:
        """One event; True if it was accepted. A refusal must leave the world as it was."""
        story = self.story
        advance(story.world, story.at)
        before = show(story.world)
        try:
            event = story.event(do, **values)
            apply(story.world, event)
        except DomainError:
            assert show(story.world) == before
            self.told(do, values, refused=True)
            return False
        self.told(do, values, refused=False)
        story.tick()
        return True

    def told(self, do: str, values: dict, *, refused: bool) -> None:
        """Called with every event and its fate."""

    @rule(hours=st.sampled_from([1, 24, 24 * 7, 24 * 12, 24 * 31]))
    def wait(self, hours) -> None:
        self.story.at += timedelta(hours=hours)
        self.tell("tick")

    @rule(member=members, inviter=st.none() | codes, qualify=st.booleans())
    def register(self, member, inviter, qualify) -> None:
        if self.tell("register", member=member, inviter=inviter) and qualify:
            self.tell("qualify", member=member)

    @rule(member=codes)
    def qualify(self, member) -> None:
        self.tell("qualify", member=member)

    @rule(
        order=orders,
        seller=codes,
        buyer=st.none() | st.sampled_from([*MEMBERS, "guest"]),
        kind=st.sampled_from(["normal", "normal", "admission", "presale"]),
        paid=amounts | st.integers(4_900, 9_900),
        region=st.none() | st.sampled_from(REGIONS),
        complete=st.booleans(),
    )
    def order(self, order, seller, buyer, kind, paid, region, complete) -> None:
        values = {"buyer": buyer, "kind": kind, "region": region, "cost": 2_000, "commission": 2_003}
        if self.tell("order", order=order, seller=seller, paid=paid, **values) and complete:
            self.tell("complete", order=order)

    @rule(order=orders, do=st.sampled_from(["ship", "complete", "complete", "hold", "clear", "confirm_fraud"]))
    def order_event(self, order, do) -> None:
        self.tell(do, order=order)

    @rule(order=orders, amount=amounts)
    def refund(self, order, amount) -> None:
        self.tell("refund", order=order, amount=amount)

    @rule(member=codes, region=st.sampled_from(REGIONS))
    def agent(self, member, region) -> None:
        self.tell("agent", member=member, region=region)

    @rule(member=codes)
    def seed(self, member) -> None:
        self.tell("seed_promoter", member=member)

    @rule(month=st.sampled_from(["2026-01", "2026-02", "2026-03", "2026-04"]))
    def dividend(self, month) -> None:
        self.tell("dividend", month=month)

    @rule(withdrawal=st.sampled_from(WITHDRAWALS), member=codes, amount=amounts)
    def withdraw(self, withdrawal, member, amount) -> None:
        self.tell("withdraw", withdrawal=withdrawal, member=member, amount=amount)

    @rule(withdrawal=st.sampled_from(WITHDRAWALS), state=st.sampled_from(["SUCCESS", "FAIL"]))
    def payout(self, withdrawal, state) -> None:
        self.tell("payout", withdrawal=withdrawal, state=state)

    def teardown(self) -> None:
        """Whatever happened, refunding every order brings custody back to deposits, payouts and taxes."""
        if not hasattr(self, "story"):
            return
        world = self.story.world
        for order in list(world.orders.values()):
            if order.paid_fen > order.refunded_fen:
                assert self.tell("refund", order=order.code, amount=order.paid_fen - order.refunded_fen)
        for account in ("clearing", "supplier:shop", "platform:house", "platform:reserve"):
            assert world.ledger.balances[account] == 0, account
