"""The Intelligent Mail barcode (USPS-B-3200): the number of a piece of mail, and its 65 bars."""

from __future__ import annotations

import re

import zint

from curbstop.rules.faults import BadValue

_MAILER = re.compile(r"[0-8][0-9]{5}|9[0-9]{8}")
_SERVICE = re.compile(r"[0-9]{3}")
_BARS = {(1, 1): "F", (1, 0): "A", (0, 1): "D", (0, 0): "T"}


def imb_number(*, mailer_id: str, service_type: str, serial: int, zip: str) -> str:
    """``tracking-routing`` of one piece: barcode id 00, service type, mailer, serial of six or nine digits, ZIP.

    :param mailer_id: six digits, or nine that begin with 9, as the Postal Service gave them
    :param zip: five, nine or eleven digits; anything else is left out
    :raises BadValue: a mailer id or service type that is none
    """
    if not _MAILER.fullmatch(mailer_id):
        remedy = "write the six digits, or nine that begin with 9, of the Postal Service"
        raise BadValue(field="mailer_id", value=mailer_id, why="no mailer id", remedy=remedy)
    if not _SERVICE.fullmatch(service_type):
        remedy = "write three digits, as the Postal Service lists them"
        raise BadValue(field="service_type", value=service_type, why="no service type", remedy=remedy)
    digits = 15 - len(mailer_id)
    routing = zip if len(zip) in (5, 9, 11) and zip.isdigit() else ""
    return f"00{service_type}{mailer_id}{serial % 10**digits:0{digits}}-{routing}".rstrip("-")


def imb_bars(number: str) -> str:
    """The 65 bars as letters: F full, A ascending, D descending, T the tracker alone.

    :raises ValueError: digits that make no barcode
    """
    symbol = zint.Symbol()
    symbol.symbology = zint.Symbology.USPS_IMAIL
    try:
        symbol.encode(number)
    except Exception as error:
        raise ValueError(f"the barcode of {number}: {error}") from error
    drawn = symbol.encoded_data  # rows of modules: ascenders, trackers, descenders; every second module is a gap
    bits = [(drawn[0, at >> 3] >> (at & 7) & 1, drawn[2, at >> 3] >> (at & 7) & 1) for at in range(0, 130, 2)]
    return "".join(_BARS[bar] for bar in bits)
