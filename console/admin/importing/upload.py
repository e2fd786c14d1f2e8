"""Bringing a file: the shop it belongs to, the file itself, what it seems to be."""

from typing import Any

from flask import abort, flash, redirect, request
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response

from console import files, formatting, intake
from console.admin.base import SecureView, form_id, staff_id
from console.admin.history import own_merchant
from console.auth import permits
from jobs import importing as jobs
from models.errors import DomainError
from models.operations import importing as operations
from models.operations import merchant
from models.queries import importing
from models.tables.importing import ImportRun

PLATFORMS = {
    "wechat": _l("WeChat shop"),
    "tmall": _l("Tmall"),
    "taobao": _l("Taobao"),
    "jd": _l("JD"),
    "pdd": _l("Pinduoduo"),
    "douyin": _l("Douyin"),
    "kuaishou": _l("Kuaishou"),
    "offline": _l("Offline and distributors"),
    "other": _l("Other"),
}


def staff_name() -> str:
    """The person of this request as jobs and imports name them."""
    return f"staff:{staff_id()}"


def printable(text: str) -> str:
    """Text of a request without the signs that no person types and no database takes."""
    return "".join(sign for sign in text if sign.isprintable()).strip()


class UploadPages(SecureView):
    """The page where a file is dropped, and the form beside it that opens a shop."""

    @expose("/new")
    @permits("import.create")
    def new(self) -> Any:
        """Where a file is brought."""
        return self.render(
            "importing/new.html",
            shops=importing.shops(merchant_id=own_merchant()),
            merchants=importing.merchants(merchant_id=own_merchant()),
            platforms=PLATFORMS,
            largest=files.LARGEST_BYTES,
        )

    @expose("/new", methods=["POST"])
    @permits("import.create")
    def receive(self) -> Response:
        """Keep the file, look at it, enter it; a file that is refused on the way leaves nothing."""
        shop = importing.shop(form_id("shop"), merchant_id=own_merchant()) or abort(404)
        sent = request.files.get("file")
        if sent is None or not sent.filename:
            flash(_("Choose a file first."), "refused")
            return redirect(self.address("new", shop=shop.id))
        try:
            kept = files.keep(sent.stream, called=sent.filename, folder=jobs.folder())
        except DomainError as refusal:
            flash(str(refusal), "refused")
            return redirect(self.address("new", shop=shop.id))
        return self._enter(shop.id, sent, kept)

    def _enter(self, shop_id: int, sent: FileStorage, kept: files.Kept) -> Response:
        entered: list[ImportRun] = []

        def onward(run: ImportRun) -> str:
            entered.append(run)
            return self.address("layout", row_id=run.id)

        try:
            operations.refuse_twin(shop_id=shop_id, sha256=kept.sha256)
            layout, name = intake.layout_for(jobs.sheets_of(kept.name), name="")
            return self.perform(
                operations.take_in,
                upload=operations.Upload(
                    shop_id, printable(sent.filename or "")[-200:], kept.name, kept.sha256, kept.size_bytes
                ),
                layout=layout.to_json(),
                layout_name=name,
                by=staff_name(),
                at=formatting.now(),
                to=onward,
            )
        except DomainError as refusal:
            flash(str(refusal), "refused")
            return redirect(self.address("new", shop=shop_id))
        finally:
            if not entered:
                files.drop(kept.name, folder=jobs.folder())

    @expose("/shop", methods=["POST"])
    @permits("shop.manage")
    def open_shop(self) -> Response:
        """Open a shop, and its merchant too where that is new."""
        form = request.form
        return self.perform(
            merchant.open_shop_of,
            merchant_id=form_id("merchant") if form.get("merchant") else None,
            merchant_code=printable(form.get("merchant_code", "")),
            merchant_name=printable(form.get("merchant_name", "")),
            name=printable(form.get("name", "")),
            platform=printable(form.get("platform", "")),
            done=_("The shop is open."),
            to=lambda shop: self.address("new", shop=shop.id),
        )
