"""The proof of the books, and the end of days and months: a checklist, two people, a hash, a file for the ledger.

A day is prepared by one person (or the clock) and closed by another; what does not balance is listed with its rows and
nothing closes. A closed day takes nothing more; its rows have a hash that covers the day before.
"""

from curbstop.office.closing.checking import Checked, Checklist, Fault, get_day_checklist, get_month_checklist
from curbstop.office.closing.days import (
    Closed,
    DayRow,
    Prepared,
    close_day,
    get_prepared,
    list_closes,
    list_days,
    prepare_day,
)
from curbstop.office.closing.exporting import (
    Acknowledged,
    Exported,
    ExportRow,
    acknowledge,
    export_days,
    get_export,
    list_exports,
)
from curbstop.office.closing.journal import JournalCounts, get_first_day, read_balances, read_journal, write_journal
from curbstop.office.closing.months import (
    MonthAccount,
    MonthFigures,
    close_month,
    get_month_figures,
    list_month_accounts,
    list_months,
    prepare_month,
)
from curbstop.office.closing.proving import (
    AT_CLOSE,
    BooksProof,
    NightProof,
    Proof,
    Proved,
    get_last_proof,
    get_proof,
    prove_night,
    read_proofs,
    record_proof,
)
from curbstop.office.closing.through import (
    ClosedThrough,
    PreparedThrough,
    close_through,
    get_through_checklist,
    prepare_through,
)

__all__ = [
    "AT_CLOSE", "Acknowledged", "BooksProof", "Checked", "Checklist", "Closed", "ClosedThrough", "DayRow",
    "ExportRow", "Exported", "Fault", "JournalCounts", "MonthAccount", "MonthFigures", "NightProof",
    "Prepared", "PreparedThrough", "Proof", "Proved", "acknowledge", "close_day", "close_month",
    "close_through", "export_days", "get_day_checklist", "get_export", "get_first_day", "get_last_proof",
    "get_month_checklist", "get_month_figures", "get_prepared", "get_proof", "get_through_checklist",
    "list_closes", "list_days", "list_exports", "list_month_accounts", "list_months", "prepare_day",
    "prepare_month", "prepare_through", "prove_night", "read_balances", "read_journal", "read_proofs",
    "record_proof", "write_journal",
]  # fmt: skip
