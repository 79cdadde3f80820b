"""Debt that is written off by an approved list and never forgotten: the lists, recovery, provision, the agency."""

from curbstop.office.writeoffs.agency import (
    AgencyFileMade,
    AgencyFileRow,
    PlacementRow,
    Remitted,
    Terms,
    get_agency_file,
    get_terms,
    list_agency_files,
    list_placements,
    list_terms,
    place,
    recall,
    receive_remittance,
)
from curbstop.office.writeoffs.listing import (
    Candidate,
    Provided,
    Recovered,
    WrittenDocument,
    WrittenLine,
    get_criteria,
    get_open,
    get_provision,
    list_candidates,
    list_written_off,
)
from curbstop.office.writeoffs.listing import provide_for as provide
from curbstop.office.writeoffs.listing import recover_debt as recover

__all__ = [
    "AgencyFileMade",
    "AgencyFileRow",
    "Candidate",
    "PlacementRow",
    "Provided",
    "Recovered",
    "Remitted",
    "Terms",
    "WrittenDocument",
    "WrittenLine",
    "get_agency_file",
    "get_criteria",
    "get_open",
    "get_provision",
    "get_terms",
    "list_agency_files",
    "list_candidates",
    "list_placements",
    "list_terms",
    "list_written_off",
    "place",
    "provide",
    "recall",
    "receive_remittance",
    "recover",
]
