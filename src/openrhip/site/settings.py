"""Django settings, derived from `openrhip.kernel.config`."""

from __future__ import annotations

import os
import secrets
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from openrhip.kernel.config import Config, current
from openrhip.kernel.files import create_durably

CONFIG = current()
SITE = Path(__file__).parent

DEBUG = False
DEVELOPMENT = CONFIG.flag("development")
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "中文"), ("en", "English")]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"


def _secret_key(config: Config) -> str:
    """The signing key of sessions, made once per home folder, never in the environment."""
    path = config.home / "secret.key"
    if not path.exists():
        if not config.home.exists():
            return secrets.token_urlsafe(48)
        create_durably(path, secrets.token_urlsafe(48).encode())
    return path.read_text().strip()


def _database(config: Config) -> dict[str, Any]:
    if config["database_url"]:
        url = urlsplit(config["database_url"])
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": url.path.lstrip("/"),
            "USER": unquote(url.username or ""),
            "PASSWORD": unquote(url.password or ""),
            "HOST": unquote(url.hostname or ""),
            "PORT": str(url.port or ""),
            "CONN_MAX_AGE": 60,
        }
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(config.home / "centre.sqlite3"),
        "CONN_MAX_AGE": 60,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
        },
        "TEST": {"NAME": os.environ.get("OPENRHIP_TEST_DATABASE") or None},
    }


SECRET_KEY = _secret_key(CONFIG)
DATABASES = {"default": _database(CONFIG)}
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "openrhip.kernel",
    *[
        f"openrhip.{room}"
        for room in ("directory", "records", "collect")
        if find_spec(f"openrhip.{room}.apps") is not None
    ],
    "openrhip.site.accounts",
    "openrhip.site",
]
ROOT_URLCONF = "openrhip.site.urls"
ALLOWED_HOSTS = [
    urlsplit(CONFIG["centre_url"]).hostname or "localhost",
    "127.0.0.1",
    "localhost",
]
WSGI_APPLICATION = "openrhip.site.wsgi.application"

# Pages -------------------------------------------------------------------------------------------
MIDDLEWARE = [
    "openrhip.site.middleware.Proxies",
    "openrhip.directory.api.express.Express",
    "openrhip.site.middleware.SecurityHeaders",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "openrhip.site.middleware.Preferences",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "openrhip.site.middleware.Visitors",
    "openrhip.site.middleware.Problems",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": [
            SITE / "templates",
            SITE.parent / "records" / "pages" / "templates",
            SITE.parent / "collect" / "pages" / "templates",
            SITE.parent / "directory" / "pages" / "templates",
        ],
        "OPTIONS": {
            "environment": "openrhip.site.jinja.environment",
            "context_processors": [
                "django.contrib.messages.context_processors.messages",
                "openrhip.site.context.shell",
            ],
        },
    },
]
LOCALE_PATHS = [SITE / "locale"]
STATIC_URL = "/static/"
STATICFILES_DIRS = [SITE / "static"]
STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
WHITENOISE_MAX_AGE = 3600
WHITENOISE_ALLOW_ALL_ORIGINS = False
CSRF_FAILURE_VIEW = "openrhip.site.errors.csrf_failure"

# Sessions and sign-in ----------------------------------------------------------------------------
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
LOGIN_URL = "/staff/sign-in/"
SESSION_ENGINE = "openrhip.site.sessions"
SESSION_COOKIE_NAME = "openrhip_session"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = not DEVELOPMENT
SESSION_SERIALIZER = "django.contrib.sessions.serializers.JSONSerializer"
CSRF_COOKIE_SECURE = not DEVELOPMENT
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_TRUSTED_ORIGINS = [CONFIG["centre_url"]]
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("username", "first_name")},
    },
]
PASSKEY_ORIGIN = CONFIG["centre_url"]
# Transport ---------------------------------------------------------------------------------------
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 0 if DEVELOPMENT else 31_536_000
TRUSTED_PROXIES = frozenset(filter(None, CONFIG["trusted_proxies"].replace(" ", "").split(",")))
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 << 20
