"""接口客户端: who is signed in to the API from the mini-program, and the end of a sign-in that is not its owner's."""

from typing import Any, ClassVar

import sqlalchemy as sa
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Row, Select
from werkzeug.wrappers import Response

from console import formatting
from console.admin.base import ReadView
from console.admin.columns import Badge, Column, Kind, Tone, member_link
from console.admin.filters import Days, OneOf, Prefix
from console.admin.member.asks import Meaning
from console.auth import permits
from models import Member, MemberIdentity, MemberSession
from models.operations import identity

STATES = {
    "live": Badge(_l("signed in"), Tone.GOOD),
    "over": Badge(_l("run out")),
    "ended": Badge(_l("ended"), Tone.WARN),
}
ENDINGS = {
    "signed_out": Badge(_l("signed out")),
    "reused": Badge(_l("an old token came back"), Tone.BAD),
    "cancelled": Badge(_l("the account was cancelled")),
    "by_staff": Badge(_l("ended by staff"), Tone.WARN),
}
IS_ENDED = MemberSession.ended_at.is_not(None)
IS_OVER = sa.and_(~IS_ENDED, MemberSession.expires_at <= sa.func.now())
IS_LIVE = sa.and_(~IS_ENDED, MemberSession.expires_at > sa.func.now())
STATE = sa.case((IS_ENDED, "ended"), (IS_OVER, "over"), else_="live")
# Where somebody is matters only roughly here: the last half of an address stays hidden, in files too.
NETWORK = sa.case(
    (MemberSession.ip.regexp_match(r"^\d+\.\d+\."), sa.func.regexp_replace(MemberSession.ip, r"\.\d+\.\d+$", ".*.*")),
    (MemberSession.ip == "", None),
    else_=sa.func.concat(sa.func.left(MemberSession.ip, 9), "…"),
)


class ClientView(ReadView):
    """接口客户端: one row a sign-in of the mini-program."""

    model = MemberSession
    section = "system"
    title = _l("API clients")
    slug = "api-clients"
    permission = "member_session.view"
    hint = _l("Sign-ins of the mini-program. A session lives for 30 days after its last use; its tokens for two hours.")
    empty = _l("Nobody has signed in through the mini-program yet.")
    search_hint = _l("Member code, from its beginning")
    details_template = "staff/client.html"
    columns: ClassVar[tuple[Column, ...]] = (
        Column(key="id", title=_l("Session"), at=MemberSession.id, kind=Kind.COUNT, sort=True, link=True),
        Column(key="member", title=_l("Member"), at=Member.code, kind=Kind.CODE, cell=member_link("member")),
        Column(key="state", title=_l("State"), at=STATE, kind=Kind.BADGE, badges=STATES),
        Column(key="opened_at", title=_l("Signed in"), at=MemberSession.opened_at, kind=Kind.MOMENT),
        Column(key="refreshed_at", title=_l("Last renewed"), at=MemberSession.refreshed_at, kind=Kind.MOMENT),
        Column(key="expires_at", title=_l("Good until"), at=MemberSession.expires_at, kind=Kind.MOMENT),
        Column(key="generation", title=_l("Renewals"), at=MemberSession.generation - 1, kind=Kind.COUNT),
        Column(key="network", title=_l("Network address"), at=NETWORK, kind=Kind.CODE),
        Column(key="user_agent", title=_l("Device"), at=MemberSession.user_agent, shown=False),
        Column(key="ended_at", title=_l("Ended"), at=MemberSession.ended_at, kind=Kind.MOMENT),
        Column(key="why", title=_l("Why ended"), at=MemberSession.why, kind=Kind.BADGE, badges=ENDINGS),
    )
    questions = (
        Meaning(
            key="state",
            title=_l("State"),
            at=STATE,
            choices={key: badge.label for key, badge in STATES.items()},
            conditions={"live": IS_LIVE, "over": IS_OVER, "ended": IS_ENDED},
        ),
        OneOf(
            key="why",
            title=_l("Why ended"),
            at=MemberSession.why,
            choices={key: badge.label for key, badge in ENDINGS.items()},
        ),
        Days(key="opened", title=_l("Signed in"), at=MemberSession.opened_at),
    )
    searches = (Prefix(Member.code),)

    def base(self) -> Select[Any]:
        joined = sa.select().select_from(MemberSession)
        joined = joined.join(MemberIdentity, MemberIdentity.id == MemberSession.identity_id)
        return joined.outerjoin(Member, Member.id == MemberIdentity.member_id)

    def heading(self, row: Row[Any]) -> str:
        return _("Session %(n)s of %(member)s", n=row.row_id, member=row.member or _("somebody not registered"))

    @expose("/<int:row_id>/end", methods=["POST"])
    @permits("member_session.end")
    def end(self, row_id: int) -> Response:
        """End a sign-in: its tokens open nothing any more; the person signs in again."""
        self.found(row_id)
        reason = self.reason("member_session.end")
        return self.perform(
            identity.end_for,
            session_id=row_id,
            at=formatting.now(),
            reason=reason,
            done=_("The session is over; the person signs in again."),
        )
