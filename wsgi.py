"""The WSGI entry: `gunicorn wsgi:application`."""

from console import create_app
from console.config import from_environment

application = create_app(from_environment())
