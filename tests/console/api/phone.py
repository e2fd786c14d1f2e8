"""A mini-program for tests: a person with a token, who speaks JSON and reads it."""

import json
import uuid
from datetime import UTC, datetime
from itertools import count
from typing import Any

from flask import Flask

from models import Agreement, Member, MemberIdentity, db, transaction
from models.operations import agreement
from tests.operations import world
from tests.people import Browser

BASE = "/api/v1"
_numbers = count(1)


class Phone:
    """One person's mini-program."""

    def __init__(self, app: Flask, name: str = "") -> None:
        self.app = app
        self.browser = Browser(app, app.response_class)
        self.name = name or f"p{next(_numbers)}-{uuid.uuid4().hex[:6]}"
        self.tokens: dict[str, Any] = {}

    def ask(self, method: str, path: str, body: Any = None, **kwargs: Any) -> Any:
        """One request; a fresh Idempotency-Key unless one is given (``key=None``: without)."""
        headers = dict(kwargs.pop("headers", {}))
        key = kwargs.pop("key", uuid.uuid4().hex)
        if key is not None and method == "POST":
            headers["Idempotency-Key"] = key
        if self.tokens:
            headers.setdefault("Authorization", f"Bearer {self.tokens['access_token']}")
        if body is not None:
            kwargs |= {"data": json.dumps(body), "content_type": "application/json"}
        return self.browser.open(BASE + path, method=method, headers=headers, csrf=False, **kwargs)

    def get(self, path: str, **kwargs: Any) -> Any:
        return self.ask("GET", path, **kwargs)

    def post(self, path: str, body: Any = None, **kwargs: Any) -> Any:
        return self.ask("POST", path, body, **kwargs)

    def code(self) -> str:
        return f"{self.name}.{uuid.uuid4().hex}"

    def sign_in(self) -> "Phone":
        answer = self.post("/session", {"code": self.code()})
        assert answer.status_code == 201, answer.text
        self.tokens = answer.json
        return self

    def accept(self) -> "Phone":
        current = self.get("/agreement").json
        answer = self.post("/agreement/acceptance", {"version": current["version"], "sha256": current["sha256"]})
        assert answer.status_code == 201, answer.text
        return self

    def as_member(self, member: Member) -> "Phone":
        """Signed in as somebody who is a member already."""
        self.sign_in()
        person = db.session.query(MemberIdentity).order_by(MemberIdentity.id.desc()).first()
        with transaction():
            person.member_id = member.id
        return self


def with_agreement() -> None:
    """An agreement is in effect."""
    if db.session.query(Agreement).count() == 0:
        with transaction():
            agreement.publish(version="1", text=world.TEXT, effective_at=datetime(2026, 1, 1, tzinfo=UTC))
