"""Moving in and moving out: one act each, and what a screen shows before."""

from curbstop.office.moves.starts import Start, StartedService, get_start_preview, start
from curbstop.office.moves.stops import Stopped, StoppedService, stop
from curbstop.office.moves.weighing import Occupant, OldDebt, ServiceChoice, StartPreview, list_old_debts

__all__ = [
    "Occupant",
    "OldDebt",
    "ServiceChoice",
    "Start",
    "StartPreview",
    "StartedService",
    "Stopped",
    "StoppedService",
    "get_start_preview",
    "list_old_debts",
    "start",
    "stop",
]
