"""Moving in, moving out, moving from one place to another: one act each, what a screen shows before, and undo."""

from curbstop.office.moves.reads import (
    HeldPlace,
    LastRead,
    MoveOrder,
    RefundClock,
    get_refund_clock,
    get_windows,
    list_held_places,
    list_orders_of,
)
from curbstop.office.moves.reverting import (
    Reverted,
    StandingAgreement,
    agree_reversion,
    end_reversion,
    list_reversions,
)
from curbstop.office.moves.starts import Start, StartedService, get_start_preview, start
from curbstop.office.moves.stops import Stopped, StoppedService, stop
from curbstop.office.moves.transfers import (
    CarriedOver,
    TransferPreview,
    Transferred,
    get_transfer_preview,
    transfer,
)
from curbstop.office.moves.undoing import REASONS, MoveRow, Undone, VoidedRow, list_moves, list_voided, undo
from curbstop.office.moves.weighing import (
    Occupant,
    OldDebt,
    Owing,
    ServiceChoice,
    StartPreview,
    list_old_debts,
    list_owing,
)

__all__ = [
    "REASONS",
    "CarriedOver",
    "HeldPlace",
    "LastRead",
    "MoveOrder",
    "MoveRow",
    "Occupant",
    "OldDebt",
    "Owing",
    "RefundClock",
    "Reverted",
    "ServiceChoice",
    "StandingAgreement",
    "Start",
    "StartPreview",
    "StartedService",
    "Stopped",
    "StoppedService",
    "TransferPreview",
    "Transferred",
    "Undone",
    "VoidedRow",
    "agree_reversion",
    "end_reversion",
    "get_refund_clock",
    "get_start_preview",
    "get_transfer_preview",
    "get_windows",
    "list_held_places",
    "list_moves",
    "list_old_debts",
    "list_orders_of",
    "list_owing",
    "list_reversions",
    "list_voided",
    "start",
    "stop",
    "transfer",
    "undo",
]
