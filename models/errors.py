"""Refusals of the domain. A refusal is a fact with a Chinese sentence for the person who met it, never an HTTP code."""


class DomainError(Exception):
    """Something the rules refuse. ``str(error)`` is shown to staff and says what to do."""

    code = "refused"


class Invalid(DomainError):
    """The input itself is wrong."""

    code = "invalid"


class Missing(DomainError):
    """The row is not there, or not there for this person."""

    code = "missing"


class Conflict(DomainError):
    """The input is fine but the state of the world forbids it."""

    code = "conflict"


class Forbidden(DomainError):
    """This person may not do this."""

    code = "forbidden"
