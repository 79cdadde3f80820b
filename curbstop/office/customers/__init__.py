"""Customers and their accounts; premises and the points at which they are served."""

from curbstop.office.customers.asking import Asking
from curbstop.office.customers.changing import Changed, change, change_holder
from curbstop.office.customers.exporting import Exported, build_export, export
from curbstop.office.customers.finding import AccountKey, Likeness, find_account, find_duplicates
from curbstop.office.customers.many import COLUMNS as FILE_COLUMNS
from curbstop.office.customers.many import FileSeen, ManyChanged, RowSeen, change_many, look_at_file
from curbstop.office.customers.marks import (
    Look,
    MarkRow,
    Opening,
    end_mark,
    list_looks,
    list_marks,
    log_search,
    mark,
    remind_cards,
    unmask,
    view,
)
from curbstop.office.customers.opening import KINDS, Opened, note, open
from curbstop.office.customers.papers import PaperFile, PaperRow, attach, list_papers, read_paper, see_paper
from curbstop.office.customers.people import PersonRow, end_person, list_people, name_person
from curbstop.office.customers.premises import (
    PremiseEntry,
    PremisesEntered,
    ServicePointRow,
    enter_premises,
    list_service_points,
)
from curbstop.office.customers.proving import Proof, get_born_on, prove, same_people, take_proof
from curbstop.office.customers.standing import ChangeRow, Master, get_master, list_changes

__all__ = [
    "FILE_COLUMNS",
    "FileSeen",
    "ManyChanged",
    "RowSeen",
    "change_many",
    "look_at_file",
    "KINDS",
    "AccountKey",
    "Exported",
    "Likeness",
    "Look",
    "MarkRow",
    "Opened",
    "Opening",
    "PaperFile",
    "PaperRow",
    "PremiseEntry",
    "PremisesEntered",
    "ServicePointRow",
    "attach",
    "build_export",
    "end_mark",
    "enter_premises",
    "export",
    "find_account",
    "find_duplicates",
    "list_looks",
    "list_marks",
    "list_papers",
    "list_service_points",
    "log_search",
    "mark",
    "note",
    "open",
    "read_paper",
    "remind_cards",
    "see_paper",
    "unmask",
    "view",
    "Asking",
    "Changed",
    "ChangeRow",
    "Master",
    "PersonRow",
    "Proof",
    "change",
    "change_holder",
    "end_person",
    "get_born_on",
    "get_master",
    "list_changes",
    "list_people",
    "name_person",
    "prove",
    "same_people",
    "take_proof",
]
