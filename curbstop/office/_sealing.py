"""Bank numbers and files that hold them are kept sealed: AES-256-GCM, with what the text is about as its context.

The key is the setting ``SEALING_KEY`` (CURBSTOP_SEALING_KEY, or a file beside the secret key), never in the database: a
stolen dump opens nothing. The nonce is made from the text and its context by a key of its own, so that the same act
with the same inputs makes the same rows; it repeats only where text and context do, and then the box does too. The
blind index finds a number again without opening anything.
"""

from __future__ import annotations

import hashlib
import hmac
from functools import cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from curbstop.office._once import Refused

VERSION = b"\x01"


class CannotOpen(Refused):
    """A sealed text that this key does not open."""


@cache
def _key(purpose: bytes) -> bytes:
    return hmac.new(settings.SEALING_KEY.encode(), purpose, hashlib.sha256).digest()


def seal(text: str, *, about: str) -> bytes:
    """The text, sealed. ``about`` says what it belongs to: a box moved to another row does not open there."""
    context = about.encode()
    nonce = hmac.new(_key(b"nonce"), context + b"\0" + text.encode(), hashlib.sha256).digest()[:12]
    return VERSION + nonce + AESGCM(_key(b"seal")).encrypt(nonce, text.encode(), context)


def unseal(box: bytes, *, about: str) -> str:
    """The text of a box.

    :raises CannotOpen: another key, another context, or a box that was changed
    """
    box = bytes(box)
    try:
        if box[:1] != VERSION:
            raise InvalidTag
        return AESGCM(_key(b"seal")).decrypt(box[1:13], box[13:], about.encode()).decode()
    except InvalidTag:
        says = "This is sealed with another key, or was changed."
        raise CannotOpen(f"{says} Put back the key that the office ran with (CURBSTOP_SEALING_KEY).") from None


def blind(text: str) -> bytes:
    """What finds the same text again, and tells nobody without the key what it is."""
    return hmac.new(_key(b"blind"), text.encode(), hashlib.sha256).digest()
