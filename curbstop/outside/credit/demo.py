"""The demonstration bureau of example towns: it asks nobody, and the last digit of the number decides.

| last digit | answer |
|---|---|
| 0 to 5 | grade 1, score 742 |
| 6 to 8 | grade 2, score 604 |
| 9 | grade 3, score 511 |

A number of nine equal digits has no file, and one that begins with 999 gets no answer, so that both can be tried.
"""

from __future__ import annotations

from datetime import date

from curbstop.outside.credit.port import Adult, BureauSilent, Grade, NoFile

BUREAU = "Demonstration bureau"
FACTORS = (
    "Accounts paid late in the last two years",
    "Too little time since the last late account",
    "Balances high against their limits",
    "Few accounts that are paid as agreed",
)


class DemoBureau:
    """Answers by the table above, the same every time."""

    def check(self, adult: Adult, *, on: date) -> Grade:
        """The grade of the number's last digit."""
        if len(set(adult.ssn)) == 1:
            raise NoFile(f"{BUREAU} has no file of {adult.name}.")
        if adult.ssn.startswith("999"):
            raise BureauSilent(f"{BUREAU} does not answer.")
        last = int(adult.ssn[-1])
        if last <= 5:
            return Grade(1, 742, 300, 850, FACTORS[2:], BUREAU)
        if last <= 8:
            return Grade(2, 604, 300, 850, FACTORS, BUREAU)
        return Grade(3, 511, 300, 850, FACTORS, BUREAU)
