"""People of demonstrations and tests as WeChat would name them."""

import base64
import hashlib


def openid(name: str) -> str:
    """The openid of an invented person: the simulator knows who signs in as `NAME.ANYTHING` by the same."""
    drawn = base64.urlsafe_b64encode(hashlib.sha256(name.encode()).digest()).decode()
    return "o" + drawn[:27]
