"""Django's settings. Wiring only: what runs where, and what is refused by default.

Everything a machine may choose comes from the environment (docs/running/configuration.md):

==========================  ==========================================================================================
CURBSTOP_HOME               folder for the embedded database, the secret key and stored files; default ``.curbstop``
                            beside the checkout
CURBSTOP_DATABASE_URL       PostgreSQL 18 server to use instead of the embedded one (DATABASE_URL is read as well)
CURBSTOP_SCHEMA             the city: a PostgreSQL schema, default ``city``
CURBSTOP_ROLE               the role that the office works as (``curbstop_app`` may not change what is never changed);
                            default the owner; migrations need the owner
CURBSTOP_HOSTS              names the office is reached by, separated by commas; default this machine only
CURBSTOP_HTTPS              ``1`` when a proxy serves it over HTTPS: secure cookies, HSTS
CURBSTOP_SECRET_KEY         the signing key; otherwise one is made once and kept in CURBSTOP_HOME
CURBSTOP_SEALING_KEY        what seals bank numbers and bank files; otherwise one is made once and kept in
                            CURBSTOP_HOME. Keep a copy apart from the database: nothing else opens them
CURBSTOP_IDLE_MINUTES       minutes without a request after which a sign-in ends; default 60
CURBSTOP_DEBUG              ``1`` shows Django's error pages; never where customers' data is real
==========================  ==========================================================================================
"""

import os
import re
import secrets
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from psycopg.conninfo import conninfo_to_dict

CHECKOUT = Path(__file__).resolve().parent.parent.parent


def _flag(name: str) -> bool:
    return os.environ.get(name, "").strip().lower() in {"1", "true", "yes", "on"}


def _home() -> Path:
    """The data folder. ``curbstop`` sets CURBSTOP_HOME; the default serves tools that import Django alone."""
    if chosen := os.environ.get("CURBSTOP_HOME"):
        return Path(chosen).expanduser().resolve()
    return CHECKOUT / ".curbstop" if (CHECKOUT / "pyproject.toml").exists() else Path.home() / ".curbstop"


HOME = _home()


def _kept_key(variable: str, file: str, lost: str) -> str:
    """A key: given, or made once and kept where only this user reads it."""
    if given := os.environ.get(variable):
        return given
    path = HOME / file
    HOME.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as kept:
            kept.write(secrets.token_urlsafe(64))
    except FileExistsError:
        pass
    key = path.read_text().strip()
    if len(key) < 50:
        raise ImproperlyConfigured(f"{path} is too short for a key. {lost}")
    return key


SECRET_KEY = _kept_key("CURBSTOP_SECRET_KEY", "secret.key", "Delete it; a new key is made.")
# What seals bank numbers and bank files. Unlike the signing key it may not be made anew: what it sealed opens with it
# alone, so it is kept with the backups, apart from the database.
SEALING_KEY = _kept_key("CURBSTOP_SEALING_KEY", "sealing.key", "Put the key back from where it is kept.")
DEBUG = _flag("CURBSTOP_DEBUG")
HTTPS = _flag("CURBSTOP_HTTPS")
NAMES = os.environ.get("CURBSTOP_HOSTS", "localhost,127.0.0.1,[::1]")
ALLOWED_HOSTS = [name.strip() for name in NAMES.split(",") if name.strip()]
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in ALLOWED_HOSTS if HTTPS and host != "*"]

ROOT_URLCONF = "curbstop.web.urls"
WSGI_APPLICATION = "curbstop.web.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "base.User"

RECORDS = ["base", "decisions", "customers", "meters", "ledger", "bills", "payments", "orders", "cases", "delinquency"]

INSTALLED_APPS = [
    # The desk stands before allauth, so that its sign-in page is the one shown.
    "curbstop.desk",
    *(f"curbstop.records.{noun}" for noun in RECORDS),
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "django_htmx",
    "csp",
    "procrastinate.contrib.django",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "curbstop.web.sessions.idle_sign_out",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "curbstop.desk.answers.OfficeSaysNo",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "curbstop.desk.frame.frame",
            ],
        },
    },
]


# --- The database: PostgreSQL only. A city is a schema, chosen by search_path; no query names one. ------------------

SCHEMA = os.environ.get("CURBSTOP_SCHEMA", "city")
if not re.fullmatch(r"[a-z_][a-z0-9_]{0,62}", SCHEMA) or SCHEMA.startswith("pg_"):
    raise ImproperlyConfigured(
        f"CURBSTOP_SCHEMA is {SCHEMA!r}; a schema is lower-case letters, digits and _, and does not begin with pg_."
    )


def _database_url() -> str:
    """The server given, or the embedded one, whose address the launcher leaves in the data folder."""
    for name in ("CURBSTOP_DATABASE_URL", "DATABASE_URL"):
        if url := os.environ.get(name):
            return url
    try:
        return (HOME / "database.url").read_text().strip()
    except FileNotFoundError:
        nowhere = quote(str(HOME), safe="")  # no server yet: `curbstop db start` makes one
        return f"postgresql://curbstop@/curbstop?host={nowhere}"


def _database() -> dict[str, Any]:
    url = _database_url()
    try:
        given = conninfo_to_dict(url)
    except Exception as error:
        raise ImproperlyConfigured(
            f"DATABASE_URL cannot be read: {str(error).strip()}. It looks like postgresql://user:password@host:5432/name"
        ) from error
    known = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    options = {key: value for key, value in given.items() if key not in known}
    role = f" -c role={name}" if (name := os.environ.get("CURBSTOP_ROLE")) else ""
    # a plan that does not look at values is made once a connection: that of a payment takes longer to make than to run
    plans = " -c plan_cache_mode=force_generic_plan"
    options["options"] = f"{options.get('options', '')} -c search_path={SCHEMA},public{role}{plans}".strip()
    return {
        "ENGINE": "django.db.backends.postgresql",
        **{setting: str(given.get(key) or "") for key, setting in known.items()},
        "OPTIONS": options,
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": False,
    }


DATABASES = {"default": _database()}

PROCRASTINATE_AUTODISCOVER_MODULE_NAME = None
PROCRASTINATE_IMPORT_PATHS = [
    "curbstop.worker.tasks",
    "curbstop.worker.cards",
    "curbstop.worker.deposits",
    "curbstop.worker.nights",
    "curbstop.worker.cases",
    "curbstop.worker.refuse",
    "curbstop.worker.reports",
]


# --- Signing in: staff accounts are made by an administrator; nobody signs up. ---------------------------------------

AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "curbstop.web.sessions.StaffAccounts"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_NOTIFICATIONS = False
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_SESSION_REMEMBER = False
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"  # mail goes through the outbox, never from here

IDLE_MINUTES = int(os.environ.get("CURBSTOP_IDLE_MINUTES", "60"))
SESSION_COOKIE_AGE = 12 * 60 * 60  # a sign-in outlives no working day, however busy
SESSION_COOKIE_NAME = "__Host-curbstop" if HTTPS else "curbstop"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_NAME = "__Host-curbstop-csrf" if HTTPS else "curbstop-csrf"
CSRF_COOKIE_HTTPONLY = False  # htmx sends it as a header
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = HTTPS


# --- Headers ----------------------------------------------------------------------------------------------------------

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = False  # the proxy's work; /healthz answers plainly
SECURE_HSTS_SECONDS = 31536000 if HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    },
}


# --- Time, language, files, logs --------------------------------------------------------------------------------------

USE_TZ = True
TIME_ZONE = "America/Chicago"
USE_I18N = True
LANGUAGE_CODE = "en-us"

STATIC_URL = "/static/"
STATIC_ROOT = None  # served from the packages by the finders: nothing to collect before a start
STATICFILES_DIRS = [("public-sans", str(files("fontpkg_public_sans") / "files"))]  # the paper's face, on the desk too
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "django": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        "django.request": {"level": "ERROR"},  # a page not found is not news
    },
}
