"""Phones of people who are new and of members."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy.orm import scoped_session

from tests.console.api.phone import Phone


@pytest.fixture
def phone(app: Flask, session: scoped_session) -> Callable[..., Phone]:
    """A new person's mini-program, signed in: `phone()`."""

    redis = app.extensions["bell"].redis
    for name in redis.scan_iter("pace:*"):
        redis.delete(name)

    def opened(name: str = "") -> Phone:
        return Phone(app, name).sign_in()

    return opened
