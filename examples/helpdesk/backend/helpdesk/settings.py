"""Settings of the helpdesk. Everything that differs between machines comes from the environment."""
import os
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

BASE_DIR = Path(__file__).resolve().parent.parent

SECRET_KEY = os.environ.get("HELPDESK_SECRET", "only-for-development-and-tests-0123456789")
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "testserver"]
ROOT_URLCONF = "helpdesk.urls"
WSGI_APPLICATION = "helpdesk.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "rest_framework",
    "tickets",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",
    # A variant may put one more in front, by its dotted name.
    *filter(None, [os.environ.get("HELPDESK_MIDDLEWARE")]),
]


def database(url: str) -> dict:
    """Django's database settings from `sqlite:PATH` or `postgresql://USER@/NAME?host=SOCKET_FOLDER`."""
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": parts.path}
    if parts.scheme != "postgresql":
        raise ValueError(f"HELPDESK_DATABASE names {parts.scheme!r}; it must be sqlite: or postgresql:")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": parts.username or "",
        "PASSWORD": parts.password or "",
        "HOST": parse_qs(parts.query).get("host", [parts.hostname or ""])[0],
        "PORT": str(parts.port or ""),
    }


DATABASES = {"default": database(os.environ.get("HELPDESK_DATABASE", f"sqlite:{BASE_DIR / 'helpdesk.sqlite3'}"))}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework_simplejwt.authentication.JWTAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.PageNumberPagination",
    "PAGE_SIZE": 50,
}

# Whether new tickets are sorted.
CLASSIFIER = True

# What makes passwords safe makes tests slow, and so does a model that is loaded for every ticket.
if sys.argv[1:2] == ["test"]:
    CLASSIFIER = False
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

MEDIA_ROOT = Path(os.environ.get("HELPDESK_MEDIA", BASE_DIR / "media"))
ATTACHMENT_SIDE = 800

# Where messages and events go; empty: nowhere.
SMS_BASE = os.environ.get("HELPDESK_SMS_BASE", "")
WEBHOOK_URL = os.environ.get("HELPDESK_WEBHOOK", "")
