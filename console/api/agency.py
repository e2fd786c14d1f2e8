"""Regional agencies: asked for, had, and what they brought."""

from typing import Annotated

from pydantic import Field

from console.api.route import Call, route
from console.api.schema import Answer, Body, Count, Earned, Fen, Instant, Query, disclaimer
from console.api.shown import not_there
from models.operations import agency
from models.queries import portal
from models.queries import region_agent as agents
from models.rules import region, shanghai
from models.rules.compliance import DISCLAIMERS
from models.tables.payout import RegionAgent

AT = "2026-11-24T08:00:00.000+08:00"
SAID = {"id": "D-03", "text": DISCLAIMERS["D-03"]}
ONE = {"id": 1, "region_code": "440300", "place": "广东省 深圳市", "state": "applied", "deposit_fen": 2000000,
       "applied_at": AT, "begins_at": None, "ends_at": None}  # fmt: skip
RegionCode = Annotated[str, Field(pattern=r"^[0-9]{6}$")]


class Applying(Body):
    region_code: RegionCode
    note: Annotated[str, Field(max_length=500)] = ""


class Agency(Answer):
    """One region that was asked for; the deposit comes back at the end of the term."""

    id: int
    region_code: str
    place: str
    state: str
    deposit_fen: Fen
    applied_at: Instant | None
    begins_at: Instant | None
    ends_at: Instant | None


class Agencies(Answer):
    items: list[Agency]


class Place(Query):
    region_code: RegionCode


class MonthEarned(Earned):
    """A month's region shares, net of refunds."""

    month: str
    orders: Count
    net_fen: Fen


class Report(Answer):
    region_code: str
    items: list[MonthEarned]


@route(
    "POST", "/agency/applications", "agency.apply", "申请区域代理", body=Applying, answer=Agency, status=201,
    keyed=True, example={"region_code": "440300", "note": ""}, gives=ONE,
)  # fmt: skip
def apply(call: Call) -> Agency:
    """Exclusive by region, for qualified members (rules §6)."""
    made = agency.apply(
        code=call.code, region_code=call.body.region_code, at=call.at, note=call.body.note
    )  # fmt: skip
    return _agency(made)


@route("GET", "/me/agency", "agency.read", "我的区域代理", answer=Agencies, gives={"items": [ONE]})
def read(call: Call) -> Agencies:
    return Agencies(items=[_agency(row) for row in portal.agencies(call.member_id)])


@route(
    "GET", "/me/agency/report", "agency.report", "一个地区的月度收入", query=Place, answer=Report,
    gives={
        "region_code": "440300",
        "items": [{"month": "2026-11", "orders": 3, "net_fen": 1200, "disclaimer": SAID}],
    },
)  # fmt: skip
def report(call: Call) -> Report:
    """By month in Shanghai, the newest first; of a region one has or had."""
    code = call.query.region_code
    if code not in {row.region_code for row in portal.agencies(call.member_id) if row.state != "applied"}:
        raise not_there()
    months = agents.by_month(member_id=call.member_id, region_code=code, zone=shanghai.SHANGHAI.key)
    said = disclaimer("D-03")
    return Report(
        region_code=code,
        items=[MonthEarned(month=one.month, orders=one.orders, net_fen=one.net_fen, disclaimer=said) for one in months],
    )


def _agency(row: RegionAgent) -> Agency:
    return Agency(
        id=row.id, region_code=row.region_code, place=region.full_name(row.region_code), state=row.state,
        deposit_fen=row.deposit_fen, applied_at=row.applied_at, begins_at=row.begins_at, ends_at=row.ends_at,
    )  # fmt: skip
