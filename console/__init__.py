"""The console and the public API: one Flask application."""

from flask import Flask

from console import admin, api, auth, config, files, health, logs, plotly, signin, web, wechat
from console.api import webhook
from jobs import bell
from models import db
from models.rules import blind


def create_app(settings: config.Settings) -> Flask:
    """Wire the extensions, the admin and the API; nothing else."""
    app = Flask(__name__, static_folder="../static")
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS={"pool_size": 20},
        SETTINGS=settings,
    )
    blind.use(settings.secret_key)
    db.init_app(app)
    logs.register(app)
    health.register(app)
    bell.init_app(app)
    files.register(app)
    web.register(app)
    auth.register(app)
    signin.register(app)
    plotly.register(app)
    admin.register(app)
    api.register(app)
    webhook.register(app)
    auth.check_declared(app)
    wechat.register(app)
    return app
