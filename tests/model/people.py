"""What happens to members: joining, lapsing, qualifying, cycles, revival, ranks."""

from datetime import datetime

from models.errors import Conflict
from models.rules import admission, standing
from models.rules.admission import Purchase
from models.rules.commission import Kind
from models.rules.order import State
from models.rules.placement import may_sponsor, preset_tree, sponsor_of, template
from models.rules.policy import Metric
from models.rules.scenario import MakeMatrix, NameSeed, Qualify, Register
from models.rules.share import Bucket
from models.rules.standing import Cycle, Showcase, Standing
from tests.model import shares
from tests.model.state import Due, Matrix, Member, Order, World


def make_matrix(world: World, event: MakeMatrix) -> None:
    codes = [f"{event.matrix}-{place.position}" for place in template(event.template)]
    if event.matrix in world.matrices or any(code in world.members for code in codes):
        raise Conflict(f"规则 2.1：矩阵 {event.matrix} 已存在，请换一个代码。")
    nodes = preset_tree(world.tree, event.template)
    world.matrices[event.matrix] = Matrix(event.matrix, event.merchant, nodes)
    for code, node, place in zip(codes, nodes, template(event.template), strict=True):
        world.members[code] = Member(
            code=code,
            network=event.matrix,
            node=node,
            sponsor=None,
            registered_at=event.at,
            sequence=0,
            preset=True,
            promotes=place.promotes,
            standing=Standing.ACTIVE,
            showcase=Showcase.OPEN,
            unlocked=True,
        )
        world.at_node[node] = code


def register(world: World, event: Register) -> None:
    inviter = None if event.inviter is None else world.member(event.inviter)
    known = world.members.get(event.member)
    standing.check_registers(known.standing if known else None)
    if known is None:
        network = inviter.network if inviter else next(iter(world.matrices), None)
        if network is None:
            raise Conflict("规则 2.3：还没有任何网络，请先建立矩阵。")
        sponsor = sponsor_of(event.inviter, world.look)
        known = Member(event.member, network, None, sponsor, event.at, 0)
        _place(world, known, sponsor)
        world.members[event.member] = known
    else:
        _return(world, known)
    known.standing, known.registered_at = Standing.CANDIDATE, event.at
    presets = [world.at_node[node] for node in world.matrices[known.network].nodes]
    above = [one.person() for one in world.ancestors(known)]
    known.tasks = admission.tasks(above, presets, world.policy)
    world.plan(standing.lapses_at(event.at, world.policy), Due.LAPSE, known.sequence, (known.code, event.at))
    # Orders that completed after a lapse count for the tasks of the next registration.
    if admission.is_complete(known.tasks, purchases(world, known)):
        become_qualified(world, known, event.at)


def _place(world: World, member: Member, sponsor: str | None) -> None:
    root = world.matrices[member.network].nodes[0]
    place = world.tree.place(root, None if sponsor is None else world.members[sponsor].node)
    world.placed += 1
    member.node, member.sequence = place.node, world.placed
    world.at_node[place.node] = member.code


def _return(world: World, member: Member) -> None:
    """Back into the kept node, else a new place below the recorded sponsor, if that one still may sponsor."""
    if member.node is None:
        fit = member.sponsor is not None and may_sponsor(world.look(member.sponsor))
        _place(world, member, member.sponsor if fit else None)
    else:
        world.tree.set_open(member.node, True)


def lapse(world: World, code: str, registered_at: datetime) -> None:
    """The end of a candidate's days, unless it qualified or registered anew meanwhile."""
    member = world.members[code]
    if member.standing is not Standing.CANDIDATE or member.registered_at != registered_at:
        return
    assert member.node is not None
    member.standing, member.tasks = Standing.LAPSED, ()
    if any(True for _ in world.tree.below(member.node)):
        world.tree.set_open(member.node, False)
    else:
        world.tree.free(member.node)
        del world.at_node[member.node]
        member.node = None


def qualify(world: World, event: Qualify) -> None:
    member = world.member(event.member)
    standing.check_qualifies(member.standing)
    become_qualified(world, member, event.at)


def become_qualified(world: World, member: Member, at: datetime) -> None:
    member.standing, member.showcase, member.qualified_at = Standing.ACTIVE, Showcase.OPEN, at
    begin_cycle(world, member, at)
    for one in (member, world.members.get(member.sponsor or "")):
        if one is not None and not one.unlocked and standing.unlocks(len(world.directs(one)), world.policy):
            one.unlocked = True
            shares.release_all(world, one, Bucket.LOCKED, at, f"unlock:{one.code}")
    evaluate_ranks(world)


def begin_cycle(world: World, member: Member, at: datetime) -> None:
    member.cycle = standing.cycle_from(at, world.policy)
    world.plan(member.cycle.end, Due.CYCLE, member.sequence, (member.code, member.cycle))


def end_cycle(world: World, code: str, cycle: Cycle) -> None:
    member = world.members[code]
    if member.cycle != cycle:
        return
    verdict = standing.assess(
        reached=_reached(world, member, cycle),
        failures=member.failures,
        standing=member.standing,
        policy=world.policy,
    )
    member.failures = verdict.failures
    if verdict.standing is not member.standing:
        member.standing, member.since = verdict.standing, cycle.end
    if member.standing is Standing.EXITED:
        member.cycle, member.rank = None, None
        set_open(world, member)
    else:
        begin_cycle(world, member, cycle.end)


def _reached(world: World, member: Member, cycle: Cycle) -> int:
    if world.policy.assess_metric is Metric.RECRUITS:
        return cycle.count(one.qualified_at for one in world.directs(member) if one.qualified_at)
    sold = [one for one in world.orders.values() if one.seller == member.code and one.state is State.COMPLETED]
    return cycle.count(one.completed_at for one in sold if one.completed_at)


def set_open(world: World, member: Member) -> None:
    if member.node is not None:
        world.tree.set_open(member.node, member.open)


def close_showcase(world: World, member: Member) -> None:
    member.showcase = Showcase.CLOSED
    set_open(world, member)


def purchases(world: World, member: Member) -> list[Purchase]:
    return [
        Purchase(
            seller=one.seller,
            completed=one.completed_at is not None,
            refunded=one.state is State.REFUNDED,
        )
        for one in world.orders.values()
        if one.kind is Kind.ADMISSION and one.buyer == member.code
    ]


def after_purchase(world: World, order: Order, at: datetime) -> None:
    """What a completed order does for a buyer who is a member."""
    buyer = world.members.get(order.buyer or "")
    if buyer is None:
        return
    if order.kind is Kind.ADMISSION:
        if buyer.standing is Standing.CANDIDATE and admission.is_complete(buyer.tasks, purchases(world, buyer)):
            become_qualified(world, buyer, at)
    elif order.kind is Kind.NORMAL:
        shares.meet_obligation(buyer, at)
        _revive(world, buyer, at)


def _revive(world: World, member: Member, at: datetime) -> None:
    bought = [
        one.completed_at
        for one in world.orders.values()
        if one.buyer == member.code and one.kind is Kind.NORMAL and one.state is State.COMPLETED and one.completed_at
    ]
    if standing.revives(standing=member.standing, since=member.since, bought=bought, policy=world.policy):
        member.standing, member.failures, member.since = Standing.ACTIVE, 0, None
        set_open(world, member)
        begin_cycle(world, member, at)
        shares.release_all(world, member, Bucket.FROZEN, at, f"revive:{member.code}:{at.isoformat()}")


def evaluate_ranks(world: World) -> None:
    for member in world.members.values():
        if not member.preset and standing.is_ranked(member.standing):
            team = {one.code for one in world.team(member)}
            reached = standing.rank_for(
                team_size=len(team),
                team_sales_fen=world.sold_fen(team),
                own_sales_fen=world.sold_fen({member.code}),
                policy=world.policy,
            )
            member.rank = standing.higher(member.rank, reached)


def name_seed(world: World, event: NameSeed) -> None:
    member = world.member(event.member)
    if member.seed_at is None:
        member.seed_at = event.at
