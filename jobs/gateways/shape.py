"""What travels: frozen, ids as text whatever way they were written, unknown fields kept."""

import json
from datetime import datetime
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, model_validator

from jobs.gateways.http import Retryable
from models.rules.shanghai import SHANGHAI


def moment(at: datetime) -> str:
    """An instant as WeChat writes it: RFC 3339 at +08:00, to the second."""
    return at.astimezone(SHANGHAI).isoformat(timespec="seconds")


def _text(value: Any) -> Any:
    """The same id comes as text on one page and as a number on another; it is longer than a float can hold."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Id = Annotated[str, BeforeValidator(_text)]
"""A number of the other side; text with us, always."""


class Shape(BaseModel):
    """A part of a reply. What is null counts as absent, what nobody asked for stays in ``model_extra``."""

    model_config = ConfigDict(frozen=True, extra="allow")

    def __repr_args__(self) -> list[tuple[str | None, Any]]:
        """Nothing of the content: a printout would carry names and addresses into logs."""
        return []

    @model_validator(mode="before")
    @classmethod
    def _absent(cls, given: Any) -> Any:
        if isinstance(given, dict):
            return {name: value for name, value in given.items() if value is not None}
        return given


Shaped = TypeVar("Shaped", bound=Shape)


def document(content: bytes) -> dict[str, Any]:
    """The JSON object of a reply; `Retryable` where there is none: a proxy's page says nothing of what was done."""
    try:
        found = json.loads(content)
    except ValueError as error:
        raise Retryable("not_json") from error
    if not isinstance(found, dict):
        raise Retryable("not_an_object")
    return found


def shaped(kind: type[Shaped], given: Any) -> Shaped:
    """A typed reply; `Retryable` where a field that we rely on is missing or of another kind, naming the fields."""
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        places = ", ".join(".".join(map(str, one["loc"])) for one in error.errors()[:5])
        raise Retryable("unexpected_shape", f"{kind.__name__}: {places}") from error


def written(body: dict[str, Any]) -> bytes:
    """A request's bytes: compact, in UTF-8, without what is absent."""
    there = {name: value for name, value in body.items() if value is not None}
    return json.dumps(there, ensure_ascii=False, separators=(",", ":")).encode()
