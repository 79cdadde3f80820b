"""Orders: written, planned, handed to a crew, done in the field; and the hazards of the places they are for."""

from curbstop.office._orders import (
    Ended,
    HazardThere,
    Place,
    Raised,
    Window,
    city_time,
    get_type,
    get_valves,
    get_windows,
    list_hazards,
    list_windows,
    load_place,
    load_types,
)
from curbstop.office.orders.completing import Completed, Taken, cannot_complete, complete
from curbstop.office.orders.effects import EFFECTS, Doing, Effect, Effected
from curbstop.office.orders.hazards import confirm_hazard, confirm_warning, end_hazard, report_hazard
from curbstop.office.orders.reads import OrderRow, list_at, list_ended, list_given_back, list_open
from curbstop.office.orders.whole import (
    OrderPage,
    get_attachment,
    get_order,
    get_orders,
    get_waiting,
    list_crew,
    list_hazards_to_see,
    list_points,
)
from curbstop.office.orders.writing import Assigning, assign, cancel, change, own, reschedule, write

__all__ = [
    "Assigning", "Completed", "Doing", "EFFECTS", "Effect", "Effected", "Ended", "HazardThere", "OrderPage",
    "OrderRow", "Place", "Raised", "Taken", "Window", "assign", "cancel", "cannot_complete", "change",
    "city_time", "complete", "confirm_hazard", "confirm_warning", "end_hazard", "get_attachment", "get_order",
    "get_orders", "get_type", "get_valves", "get_waiting", "get_windows", "list_at", "list_crew", "list_ended",
    "list_given_back", "list_hazards", "list_hazards_to_see", "list_open", "list_points", "list_windows",
    "load_place", "load_types", "own", "report_hazard", "reschedule", "write",
]  # fmt: skip
