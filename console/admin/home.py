"""工作台: what needs a look today."""

from typing import Any

from flask_admin import expose
from flask_babel import lazy_gettext as _l

from console import formatting
from console.admin.base import SecureView
from console.auth import permits


class HomeView(SecureView):
    """The first page after sign-in."""

    title = _l("Workbench")
    section = "home"
    permission = "home.view"

    @expose("/")
    @permits("home.view")
    def index_view(self) -> Any:
        """The workbench."""
        return self.render("console/home.html", hour=formatting.now().astimezone(formatting.SHANGHAI).hour)
