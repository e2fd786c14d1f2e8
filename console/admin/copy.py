"""文案扫描: paste a text, see what may not stand in it and what may stand there instead."""

from dataclasses import dataclass
from typing import Any

from flask import request
from flask_admin import expose
from flask_babel import lazy_gettext as _l

from console.admin.base import SecureView
from console.admin.columns import Badge, Tone
from console.auth import permits
from models.rules import phrase, wording
from models.rules.phrase import Context, Finding, Kind, Weight

LONGEST = 20_000
KINDS = {
    Kind.COPY.value: _l("Copy: posters, products, messages"),
    Kind.RULES.value: _l("A notice of rules; it may quote"),
    Kind.TRAINING.value: _l("Training about the law; it may quote"),
}
WEIGHTS = {
    Weight.BLOCK: Badge(_l("may not go out"), Tone.BAD),
    Weight.REVIEW: Badge(_l("a person looks at it"), Tone.WARN),
    Weight.WARN: Badge(_l("hint"), Tone.PLAIN),
}
CONTEXTS = {
    Context.PLAIN: "",
    Context.DENIED: _l("forbidden or denied in its sentence"),
    Context.QUOTED: _l("quoted; needs the approval of compliance"),
}


@dataclass(frozen=True)
class Piece:
    """A stretch of the text and the finding it is, if it is one."""

    text: str
    found: Finding | None = None


def pieces(text: str, found: tuple[Finding, ...]) -> list[Piece]:
    """The text cut at its findings; of two that overlap the earlier one is drawn."""
    drawn, at = [], 0
    for one in found:
        if one.start >= at:
            drawn += [Piece(text[at : one.start]), Piece(text[one.start : one.end], one)]
            at = one.end
    return [piece for piece in [*drawn, Piece(text[at:])] if piece.text]


class CopyView(SecureView):
    """文案扫描: nothing is kept of what is pasted."""

    section = "compliance"
    title = _l("Copy scanner")
    slug = "copy"
    permission = "copy.scan"

    @expose("/")
    @permits("copy.scan")
    def index_view(self) -> Any:
        """An empty page to paste into."""
        return self._shown("", Kind.COPY)

    @expose("/", methods=["POST"])
    @permits("copy.scan")
    def scan(self) -> Any:
        """What was pasted, with what was found."""
        kind = request.form.get("kind", "")
        text = request.form.get("text", "").replace("\r\n", "\n")[:LONGEST]
        return self._shown(text, Kind(kind) if kind in set(Kind) else Kind.COPY)

    def _shown(self, text: str, kind: Kind) -> Any:
        found = phrase.scan(text, kind=kind)
        return self.render(
            "finding/copy.html",
            text=text,
            kind=kind,
            kinds=KINDS,
            found=[one for one in found if one.severity is not Weight.WARN],
            hints=[one for one in found if one.severity is Weight.WARN],
            pieces=pieces(text, found),
            weights=WEIGHTS,
            contexts=CONTEXTS,
            is_bare=kind is Kind.COPY and wording.has_bare_figure(text),
            phrases=len(phrase.phrases()),
            longest=LONGEST,
        )
