"""Bill runs and bills: plan, calculate, review, approve, post; then show, explain and print what was billed.

A run goes through ``plan`` (whom, frozen) -> ``calculate`` (rated, nothing posted) -> ``hold``, ``release``,
``own`` (people) -> ``approve`` (a supervisor, with the figures seen) -> ``post_all`` (chunk by chunk, each its own
commit).
"""

from curbstop.office.bills.driving import Progress, get_progress, post_all
from curbstop.office.bills.figuring import calculate, dry_run
from curbstop.office.bills.planning import plan
from curbstop.office.bills.posting import finish, post
from curbstop.office.bills.reviewing import approve, hold, own, release
from curbstop.office.bills.values import (
    Approved,
    Calculated,
    ChunkPosted,
    KindFigure,
    Planned,
    RunFigures,
    RunPosted,
)

__all__ = [
    "Approved",
    "Calculated",
    "ChunkPosted",
    "KindFigure",
    "Planned",
    "Progress",
    "RunFigures",
    "RunPosted",
    "approve",
    "calculate",
    "dry_run",
    "finish",
    "get_progress",
    "hold",
    "own",
    "plan",
    "post",
    "post_all",
    "release",
]
