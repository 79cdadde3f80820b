"""The bank: statements as they come, what their lines showed of ours, and what neither side has of the other.

``load`` keeps a file byte for byte, whether it can be read or not. ``match_all`` pairs lines with deposits, batches
and returns by amount and date where there is no doubt; the rest is matched by hand with a reason. What a match shows
is posted in the same act: what was on the way is at the bank.
"""

from curbstop.office.banking.matching import (
    Item,
    Matched,
    MatchedAll,
    Settled,
    match,
    match_all,
    settle,
)
from curbstop.office.banking.reads import (
    BankAccountRow,
    LineRow,
    MatchRow,
    Reconciliation,
    StatementRow,
    WaitingRow,
    get_reconciliation,
    get_statement_file,
    list_bank_accounts,
    list_lines,
    list_matches,
    list_statement_files,
    list_statements,
    list_waiting,
)
from curbstop.office.banking.statements import AccountOpened, Loaded, load, open_account
from curbstop.office.banking.undoing import MatchUndone, undo_match

__all__ = [
    "AccountOpened", "BankAccountRow", "Item", "LineRow", "Loaded", "MatchRow", "MatchUndone", "Matched", "MatchedAll",
    "Reconciliation", "Settled", "StatementRow", "WaitingRow", "get_reconciliation", "get_statement_file",
    "list_bank_accounts", "list_lines", "list_matches", "list_statement_files", "list_statements", "list_waiting",
    "load", "match", "match_all", "open_account", "settle", "undo_match",
]  # fmt: skip
