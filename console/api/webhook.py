"""WeChat's callbacks: verified on the raw bytes, kept, answered. What they mean is decided later by a job."""

from datetime import datetime
from http import HTTPStatus

import structlog
from flask import Blueprint, Flask, Response, current_app, jsonify, request

from console import auth, formatting
from jobs.gateways.push import Push
from jobs.gateways.signature import Unverified
from jobs.gateways.wechat_pay import Pay
from models import Actor, acting, transaction
from models.operations import inbound
from models.rules.inbound import Channel, Message, of_pay, of_shop

LARGEST_BYTES = 256 * 1024
ACTOR = Actor(name="system:wechat", source="webhook", action="inbound.receive")
log = structlog.get_logger("console.webhook")


def register(app: Flask) -> None:
    """Hang both addresses on the application; they read no cookie and no form."""
    blueprint = Blueprint("webhooks", __name__, url_prefix="/webhooks")
    blueprint.add_url_rule("/pay", "pay", auth.public(_pay), methods=["POST"])
    blueprint.add_url_rule("/shop", "shop", auth.public(_shop), methods=["POST"])
    blueprint.add_url_rule("/shop", "shop_address", auth.public(_address), methods=["GET"])
    app.register_blueprint(blueprint)
    auth.csrf.exempt(blueprint)


def _pay() -> Response:
    """204 once it is kept; 4xx with a reason that a person may read, and WeChat calls again (15 times in a day)."""
    pay: Pay | None = current_app.extensions.get("pay")
    at = formatting.now()
    if pay is None:
        return _failed(HTTPStatus.SERVICE_UNAVAILABLE, "还没有配置微信支付")
    raw = _raw()
    try:
        notice = pay.notice(dict(request.headers), raw, now=at.timestamp())
    except Unverified as forged:
        return _turned_away(Channel.PAY, forged, at)
    _keep(of_pay(key=notice.id, event=notice.event_type, content=notice.resource, raw=raw), at)
    return Response(status=HTTPStatus.NO_CONTENT)


def _shop() -> Response:
    """`success` once it is kept; anything else and it comes again, ten times within 3.6 hours."""
    at, raw, query = formatting.now(), _raw(), request.args.to_dict()
    why = Unverified("no_receiver")
    for push in _pushes():
        try:
            message = of_shop(push.open(query, raw, now=at.timestamp()), raw=raw)
        except Unverified as forged:
            why = forged
            continue
        _keep(message, at)
        return Response("success", mimetype="text/plain")
    return _turned_away(Channel.SHOP, why, at)


def _address() -> Response:
    """The echo with which WeChat checks the address when it is registered."""
    query, at = request.args.to_dict(), formatting.now()
    why = Unverified("no_receiver")
    for push in _pushes():
        try:
            return Response(push.verify_address(query, now=at.timestamp()), mimetype="text/plain")
        except Unverified as forged:
            why = forged
    return _turned_away(Channel.SHOP, why, at)


def _pushes() -> tuple[Push, ...]:
    return tuple(current_app.extensions.get("pushes", ()))


def _raw() -> bytes:
    request.max_content_length = LARGEST_BYTES
    return request.get_data(cache=False)


def _keep(message: Message, at: datetime) -> None:
    with acting(ACTOR), transaction():
        inbound.receive(message=message, ip=request.remote_addr or "", at=at)


def _turned_away(channel: Channel, forged: Unverified, at: datetime) -> Response:
    """Counted and answered in one way, whatever was wrong: a forger learns nothing of how near it came."""
    log.warning("webhook.refused", channel=str(channel), why=forged.why)
    with acting(ACTOR), transaction():
        day = at.astimezone(formatting.SHANGHAI).date()
        inbound.refuse(channel=channel, why=forged.why, ip=request.remote_addr or "", at=at, day=day)
    return _failed(HTTPStatus.UNAUTHORIZED, "验签失败")


def _failed(status: HTTPStatus, message: str) -> Response:
    response = jsonify({"code": "FAIL", "message": message})
    response.status_code = status
    return response
