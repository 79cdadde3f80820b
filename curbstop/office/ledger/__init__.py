"""The books: the chart and the days, the one writer of postings, and what screens and reports read from them."""

from curbstop.office.ledger.charging import Charged, ChargeKind, charge, charge_for, list_charge_kinds
from curbstop.office.ledger.charts import ChartAdopted, adopt_chart, list_funds, list_kinds
from curbstop.office.ledger.days import DayOpened, get_open_days, open_day
from curbstop.office.ledger.posting import (
    ChartLacks,
    DayClosed,
    DayNotOpen,
    NotInBooks,
    Posting,
    _post,
    _post_close,
    _post_many,
    get_legs,
    reserve_documents,
)
from curbstop.office.ledger.reads import (
    AgeingLine,
    StatementRead,
    TrialBalanceLine,
    get_ageing,
    get_balance,
    get_balances,
    get_open_items,
    get_roll_forward,
    get_statement,
    get_trial_balance,
)
from curbstop.office.ledger.standing import Standing, StandingItem, StandingLine, get_standing

__all__ = [
    "ChargeKind",
    "Charged",
    "AgeingLine",
    "ChartAdopted",
    "ChartLacks",
    "DayClosed",
    "DayNotOpen",
    "DayOpened",
    "NotInBooks",
    "Posting",
    "Standing",
    "StandingItem",
    "StandingLine",
    "StatementRead",
    "TrialBalanceLine",
    "_post",
    "_post_close",
    "_post_many",
    "adopt_chart",
    "charge",
    "charge_for",
    "get_ageing",
    "get_balance",
    "get_balances",
    "get_legs",
    "get_open_days",
    "get_open_items",
    "get_roll_forward",
    "get_standing",
    "get_statement",
    "get_trial_balance",
    "list_charge_kinds",
    "list_funds",
    "list_kinds",
    "open_day",
    "reserve_documents",
]
