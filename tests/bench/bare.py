"""A bare Flask endpoint to measure against: no database, no token, one small answer."""

from flask import Flask

application = Flask(__name__)


@application.get("/bare")
def bare() -> dict[str, bool]:
    """As little as an answer can be."""
    return {"is_done": True}


@application.get("/readyz")
def ready() -> str:
    """There."""
    return "ok"


def main() -> None:
    """Nothing to measure by itself: `api_latency` starts it."""


if __name__ == "__main__":
    main()
