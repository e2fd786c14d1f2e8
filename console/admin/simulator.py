"""收益模拟器: the plan's arithmetic beside what the cap pays, always with the texts that rules §9 asks for."""

from collections.abc import Mapping
from typing import Any

from flask import Response, request
from flask_admin import expose
from flask_babel import lazy_gettext as _l

from console import formatting
from console.admin.base import SecureView
from console.admin.board import language
from console.auth import permits
from models.errors import DomainError
from models.rules import compliance, simulation
from models.rules.compliance import DISCLAIMERS, LEVELS_SHOWN, PROJECTION, WIDTH
from models.rules.simulation import BadTree, Projection
from reports import numbers, projection
from reports.numbers import Unit

DEFAULTS = {"width": str(WIDTH), "depth": str(LEVELS_SHOWN), "yuan": "20.00"}


def asked(values: Mapping[str, str]) -> Projection:
    """The tree that a form asks for."""
    fen = formatting.to_fen(values["yuan"])
    if not all(_is_whole(values[name]) for name in ("width", "depth")) or fen is None:
        raise BadTree("规则 9：宽度和层数请填整数，每单佣金请填金额（元，最多两位小数）。")
    return simulation.project(width=int(values["width"]), depth=int(values["depth"]), fen=fen)


def _is_whole(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 3


class SimulatorView(SecureView):
    """The simulator's page and its file."""

    title = _l("Earnings simulator")
    slug = "simulator"
    section = "data"
    permission = "simulator.view"

    def values(self) -> dict[str, str]:
        return {name: request.args.get(name, default).strip() for name, default in DEFAULTS.items()}

    @expose("/")
    @permits("simulator.view")
    def index_view(self) -> Any:
        """The figures of a full tree, the cap's beside the theory's."""
        values, found, refusal = self.values(), None, ""
        try:
            found = asked(values)
        except DomainError as error:
            refusal = str(error)
        return self.render(
            "simulator/page.html",
            values=values,
            found=found,
            refusal=refusal,
            chart=projection.chart(found, language()) if found else None,
            levels=compliance.LEVELS_MAX,
            disclaimers=[DISCLAIMERS[name] for name in PROJECTION],
            shown=PROJECTION,
            alone=numbers.exact(found.alone_bps / 10_000, Unit.RATE) if found else "",
            exact=numbers.exact,
            widths=range(1, WIDTH + 1),
            depths=range(1, LEVELS_SHOWN + 1),
        )

    @expose("/projection.csv")
    @permits("simulator.view")
    def table(self) -> Response:
        """The figures as a file, refused unless the page it was asked from shows every text (rules §9)."""
        try:
            text = projection.as_csv(asked(self.values()), shown=request.args.getlist("shown"))
        except DomainError as refusal:
            return Response(str(refusal), status=400, content_type="text/plain; charset=utf-8")
        headers = {"Content-Disposition": 'attachment; filename="projection.csv"'}
        return Response(text, content_type="text/csv; charset=utf-8", headers=headers)
