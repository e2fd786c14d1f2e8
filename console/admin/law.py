"""法规: the articles that the rules stand on, what each demands here, and when somebody last looked."""

from typing import Any

from flask import abort, request
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from console import formatting
from console.admin.base import SecureView, staff_id
from console.auth import permits
from models.operations import law as operations
from models.queries import law as queries
from models.rules import law as rules


class LawView(SecureView):
    """法规: one line an article; a look older than half a year is amber."""

    section = "compliance"
    title = _l("Laws")
    slug = "laws"
    permission = "law.view"

    @expose("/")
    @permits("law.view")
    def index_view(self) -> Any:
        """Every article with the day of its last look."""
        today, checked = formatting.today(), queries.checked()
        stale = {ref for ref, day in checked.items() if rules.is_stale(day, today=today)}
        return self.render("law/list.html", laws=rules.laws(), checked=checked, stale=stale)

    @expose("/<ref>")
    @permits("law.view")
    def detail(self, ref: str) -> Any:
        """One article, the rules that stand on it and every look at it."""
        one = rules.by_ref(ref) or abort(404)
        last = queries.checked()[ref]
        return self.render(
            "law/detail.html",
            law=one,
            last=last,
            due_on=rules.due_on(last),
            is_stale=rules.is_stale(last, today=formatting.today()),
            looks=queries.looks(ref),
        )

    @expose("/<ref>/check", methods=["POST"])
    @permits("law.check")
    def check(self, ref: str) -> Response:
        """Note that one has looked today."""
        return self.perform(
            operations.check,
            ref=ref,
            note=request.form.get("words", ""),
            on=formatting.today(),
            by=f"staff:{staff_id()}",
            done=_("Noted; the article counts as checked today."),
        )
