"""What follows when a bill is not paid: the late charge, the ladder of notices, holds, and the day at the valve."""

from curbstop.rules.delinquency.late import late_charge

__all__ = ["late_charge"]
