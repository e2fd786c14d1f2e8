"""Random stories: any event in any order, refused or not, with everything checked after each."""

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from models.errors import DomainError
from tests.model.story import Story
from tests.model.world import advance, apply, show

MEMBERS = [f"m{number}" for number in range(8)]
CODES = [*MEMBERS, *MEMBERS, "M-1", "M-10", "nobody"]
REGIONS = ["330000", "330100", "330106", "320106", "999999"]
SMALL = {
    "rank.team_size": [1, 2, 3, 4],
    "rank.sales_fen": [1, 5_000, 9_000, 20_000],
    "high_earner.step_fen": 2_000,
    "admission.orders": 1,
    "cycle_days": 12,
}

codes = st.sampled_from(CODES)
picks = st.integers(0, 99)
parts = st.sampled_from([1, 1, 2, 3, 9, 0])
"""A part of what there is: the whole, a half, a third, a ninth, or one fen too much."""


def part_of(amount_fen: int, part: int) -> int:
    return amount_fen // part if part else amount_fen + 1


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
        self.count = 0
        self.story.join("m0").join("m1", "m2", inviter="m0").join("m3", inviter="m1")

    def pick(self, found: list[str], number: int) -> str:
        """One of what there is, or something unknown."""
        return found[number % len(found)] if found and number < 97 else "unknown"

    def sellers(self) -> list[str]:
        """Who has an open showcase, members before presets."""
        found = [one for one in self.story.world.members.values() if one.showcase == "open"]
        return [one.code for one in sorted(found, key=lambda one: one.preset)][:-8]

    def an_order(self, number: int) -> str:
        """Mostly one of the newest orders."""
        return self.pick(list(self.story.world.orders)[-6:], number)

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

    @rule(hours=st.sampled_from([1, 24, 24 * 4, 24 * 7, 24 * 12, 24 * 31]))
    def wait(self, hours) -> None:
        self.story.at += timedelta(hours=hours)
        self.tell("tick")

    @rule(member=st.sampled_from(MEMBERS), inviter=st.none() | codes, qualify=st.booleans())
    def register(self, member, inviter, qualify) -> None:
        if self.tell("register", member=member, inviter=inviter) and qualify:
            self.tell("qualify", member=member)

    @rule(member=codes)
    def qualify(self, member) -> None:
        self.tell("qualify", member=member)

    @rule(
        number=picks,
        buyer=st.none() | codes,
        kind=st.sampled_from(["normal", "normal", "presale"]),
        paid=st.sampled_from([9_900, 9_901, 5_000, 77, 0]),
        region=st.none() | st.sampled_from(REGIONS[:3]),
        complete=st.booleans(),
        again=st.integers(0, 9),
    )
    def order(self, number, buyer, kind, paid, region, complete, again) -> None:
        self.count += again > 0
        code = f"o{self.count:03}"
        seller = self.pick(self.sellers(), number)
        values = {"buyer": buyer, "kind": kind, "region": region, "cost": 2_000, "commission": 2_003}
        if self.tell("order", order=code, seller=seller, paid=paid, **values) and complete:
            self.tell("complete", order=code)

    @rule(buyer=st.sampled_from(MEMBERS), number=picks, complete=st.booleans())
    def admission(self, buyer, number, complete) -> None:
        member = self.story.world.members.get(buyer)
        self.count += 1
        code = f"o{self.count:03}"
        seller = self.pick(list(member.tasks) if member else [], number)
        values = {"buyer": buyer, "kind": "admission", "paid": 5_000, "cost": 2_000, "commission": 2_003}
        if self.tell("order", order=code, seller=seller, **values) and complete:
            self.tell("complete", order=code)

    @rule(number=picks, do=st.sampled_from(["ship", "complete"]))
    def receive(self, number, do) -> None:
        self.tell(do, order=self.an_order(number))

    @rule(number=picks, do=st.sampled_from(["hold", "hold", "clear", "confirm_fraud"]))
    def suspect(self, number, do) -> None:
        self.tell(do, order=self.an_order(number))

    @rule(number=picks, part=parts)
    def refund(self, number, part) -> None:
        code = self.an_order(number)
        order = self.story.world.orders.get(code)
        self.tell("refund", order=code, amount=part_of(order.paid_fen - order.refunded_fen if order else 5, part))

    @rule(member=codes, region=st.sampled_from(REGIONS))
    def agent(self, member, region) -> None:
        self.tell("agent", member=member, region=region)

    @rule(member=codes)
    def seed(self, member) -> None:
        self.tell("seed_promoter", member=member)

    @rule(back=st.integers(0, 2))
    def dividend(self, back) -> None:
        month = self.story.at.year * 12 + self.story.at.month - 1 - back
        self.tell("dividend", month=f"{month // 12}-{month % 12 + 1:02}")

    @rule(number=picks, days=st.sampled_from([7, 8, 31]), paid=st.sampled_from([9_900, 25_000]))
    def earn(self, number, days, paid) -> None:
        """A sale whose shares mature."""
        self.count += 1
        code, seller = f"o{self.count:03}", self.pick(self.sellers(), number)
        if self.tell("order", order=code, seller=seller, paid=paid, cost=2_000, commission=6_001):
            self.tell("complete", order=code)
            self.wait(24 * days)

    @rule(number=picks, part=parts)
    def withdraw(self, number, part) -> None:
        balances = self.story.world.ledger.balances
        rich = [code for code in self.story.world.members if balances.get(f"member:{code}:available", 0) >= 100]
        member = self.pick(rich, number)
        available = balances.get(f"member:{member}:available", 0)
        self.count += 1
        self.tell("withdraw", withdrawal=f"w{self.count:03}", member=member, amount=part_of(available, part))

    @rule(number=picks, state=st.sampled_from(["SUCCESS", "FAIL"]))
    def payout(self, number, state) -> None:
        self.tell("payout", withdrawal=self.pick(list(self.story.world.withdrawals)[-2:], number), state=state)

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
