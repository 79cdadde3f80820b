"""The reads that whole screens need: frozen dataclasses shaped for a screen, so that a template never queries.

Each takes the day it is asked on (``on``); none writes. What a screen cannot find it says by :class:`NotThere`.
"""

from curbstop.office.pages.found import NotThere
from curbstop.office.pages.frame import Frame, get_frame

__all__ = ["Frame", "NotThere", "get_frame"]
