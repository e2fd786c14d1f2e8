"""What goes in and out: the base of every declaration, money, instants, and figures of income with their disclaimer."""

import re
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

from console.formatting import SHANGHAI
from models.rules.compliance import AMOUNT_MAX_FEN, DISCLAIMERS

LIST_MOST = 100
# Years that every clock and every table can count a day beyond.
_DAY = re.compile(r"2\d{3}-\d{2}-\d{2}", re.ASCII)
_DIGITS = re.compile(r"\d{1,9}", re.ASCII)


def _told(moment: datetime) -> str:
    return moment.astimezone(SHANGHAI).isoformat(timespec="milliseconds")


def _day(text: Any) -> Any:
    if isinstance(text, str) and not _DAY.fullmatch(text):
        raise ValueError("not a day")
    return text


def _said_day(text: Any) -> Any:
    return date.fromisoformat(text) if isinstance(_day(text), str) else text


def digits(text: Any) -> Any:
    """Only plain digits become a number: no sign, no exponent, no underscore."""
    if isinstance(text, str) and not _DIGITS.fullmatch(text):
        raise ValueError("not a number")
    return text


def _whole_text(text: str) -> str:
    if not text.strip():
        raise ValueError("blank")
    return text


Instant = Annotated[
    datetime,
    PlainSerializer(_told, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-11-24T08:00:00.000+08:00"]}),
]
Day = Annotated[date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]
SaidDay = Annotated[date, BeforeValidator(_said_day), WithJsonSchema({"type": "string", "format": "date"})]
"""A day in a body, where nothing else is converted."""
Fen = Annotated[int, Field(description="金额，单位：分")]
AskedFen = Annotated[int, Field(ge=1, le=AMOUNT_MAX_FEN, description="金额，单位：分")]
Number = Annotated[str, Field(min_length=1, max_length=64)]
Words = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_whole_text)]
Count = Annotated[int, Field(ge=0)]


class Answer(BaseModel):
    """Something that goes out."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_serialization_defaults_required=True)


class Body(BaseModel):
    """Something that comes in: nothing unknown, nothing converted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Query(BaseModel):
    """The parameters of an address."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Paged(Query):
    """A place in a list."""

    limit: Annotated[int, BeforeValidator(digits), Field(ge=1, le=LIST_MOST)] = 20
    cursor: Annotated[str, Field(max_length=400)] | None = None


class Disclaimer(Answer):
    """A sentence that stands beside a figure, by its id."""

    id: Annotated[str, Field(examples=["D-03"])]
    text: str


def disclaimer(name: str, **filled: Any) -> Disclaimer:
    """A disclaimer by its id."""
    return Disclaimer(id=name, text=DISCLAIMERS[name].format(**filled))


EARNED, PROJECTED = "D-03", "D-01"


class Earned(Answer):
    """Figures of what somebody earned."""

    disclaimer: Disclaimer = Field(default_factory=lambda: disclaimer(EARNED))


class Projected(Answer):
    """Figures that say what might be."""

    disclaimer: Disclaimer = Field(default_factory=lambda: disclaimer(PROJECTED))


class Nothing(Answer):
    """Done, and nothing to say."""

    is_done: bool = True


class FieldProblem(Answer):
    """What is wrong with one field."""

    field: str
    code: str
    title: str


class ProblemAnswer(Answer):
    """RFC 9457, with a code that stays and a title for a person."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=False)

    type: str = "about:blank"
    code: Annotated[str, Field(examples=["not_enough"])]
    title: str
    status: int
    detail: str
    request_id: str
    fields: list[FieldProblem] | None = None
