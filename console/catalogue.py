"""Translations straight from the `.po` files: nothing to compile, nothing to forget."""

from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import has_request_context, session
from flask_babel import Babel, Domain, get_locale
from werkzeug.utils import cached_property

FOLDER = Path(__file__).parent / "translations"
CHINESE = "zh_Hans_CN"
LANGUAGES = {CHINESE: "中文", "en": "English"}


def po_files(locale: str) -> list[Path]:
    """The files of one language, one an area of the product."""
    return sorted((FOLDER / locale / "LC_MESSAGES").glob("*.po"))


def catalogue(locale: str) -> Catalog:
    """Every text of one language, whichever file it stands in."""
    whole = Catalog(locale=locale)
    for path in po_files(locale):
        with path.open("rb") as source:
            for message in read_po(source, locale=locale):
                if message.id:
                    whole[message.id] = message
    return whole


def compiled(locale: str) -> NullTranslations:
    """The texts of one language; a language without a file shows the English source strings."""
    if not po_files(locale):
        return Translations()
    machine = BytesIO()
    write_mo(machine, catalogue(locale))
    machine.seek(0)
    return Translations(machine)


class Texts(Domain):
    """Flask-Babel's domain, read from the source of the translations and kept in memory."""

    def get_translations(self) -> NullTranslations:
        locale = get_locale()
        if locale is None:
            return NullTranslations()
        key = str(locale)
        if key not in self.cache:
            self.cache[key] = compiled(key)
        return self.cache[key]


class Languages(Babel):
    """Flask-Babel with our way to find a text."""

    @cached_property
    def domain_instance(self) -> Texts:
        return Texts(domain=self.domain)


def chosen() -> str:
    """The language of this session: Chinese until `?lang=` says otherwise, and wherever nobody looks."""
    if not has_request_context():
        return CHINESE
    language = session.get("lang", CHINESE)
    return language if language in LANGUAGES else CHINESE
