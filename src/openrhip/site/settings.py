"""Django settings, derived from `openrhip.kernel.config`."""

from __future__ import annotations

import os
import secrets
from typing import Any
from urllib.parse import unquote, urlsplit

from openrhip.kernel.config import Config, current
from openrhip.kernel.files import write_durably

CONFIG = current()
ROOMS = ["kernel", "directory", "records", "site"]

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
        write_durably(path, secrets.token_urlsafe(48).encode())
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
]
ROOT_URLCONF = "openrhip.site.urls"
ALLOWED_HOSTS = [
    urlsplit(CONFIG["centre_url"]).hostname or "localhost",
    "127.0.0.1",
    "localhost",
    "testserver",
]
