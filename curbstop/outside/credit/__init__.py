"""Credit checks by a bureau: a port, a documented fake for example towns, and which of them an office uses."""

from curbstop.outside.credit.choosing import NoBureau, chosen
from curbstop.outside.credit.demo import DemoBureau
from curbstop.outside.credit.port import Adult, Bureau, BureauSilent, Grade, NoFile

__all__ = ["Adult", "Bureau", "BureauSilent", "DemoBureau", "Grade", "NoBureau", "NoFile", "chosen"]
