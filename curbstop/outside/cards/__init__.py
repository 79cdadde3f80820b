"""Card gateways: the port, and which one this office uses.

No card number passes through Curbstop: the payer types it on the gateway's own page, or holds the card to the gateway's
own terminal (PCI DSS SAQ A, and P2PE for terminals). What comes back is a token, a brand, four digits and a month.

``CURBSTOP_CARDS`` chooses: ``demo`` (ours, for example towns only), ``stripe``, or ``none``. See
docs/running/configuration.md for the keys of each.
"""

from curbstop.outside.cards.choosing import NoGateway, chosen, collecting, named, public_url, readers
from curbstop.outside.cards.port import (
    BadSignature,
    Collecting,
    Gateway,
    GatewayRefused,
    GatewaySilent,
    Heard,
    Refunded,
    Settlement,
    Started,
)

__all__ = [
    "BadSignature",
    "Collecting",
    "Gateway",
    "GatewayRefused",
    "GatewaySilent",
    "Heard",
    "NoGateway",
    "Refunded",
    "Settlement",
    "Started",
    "chosen",
    "collecting",
    "named",
    "public_url",
    "readers",
]
