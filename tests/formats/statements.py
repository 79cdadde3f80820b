"""Bank statements for tests: BAI2 with totals and counts that meet."""

from collections.abc import Sequence
from datetime import date


def bai2(on: date, lines: Sequence[tuple[str, int, str]], *, account: str = "0040112233", opening: int = 0) -> bytes:
    """A file of one account on one day. A line: type code, cents, text; codes from 400 take money out."""
    closing = opening + sum(cents if int(code) < 400 else -cents for code, cents, _ in lines)
    body = [f"03,{account},USD,010,{opening},,,015,{closing},,/"]
    for code, cents, text in lines:
        body.append(f"16,{code},{cents},0,,,{text}")
    control = opening + closing + sum(cents for _, cents, _ in lines)
    body.append(f"49,{control},{len(body) + 1}/")
    group = [f"02,CITY,BANK,1,{on:%y%m%d},2359,USD,2/", *body, f"98,{control},1,{len(body) + 2}/"]
    file = [f"01,BANK,CITY,{on:%y%m%d},0600,1,,,2/", *group, f"99,{control},1,{len(group) + 2}/"]
    return ("\n".join(file) + "\n").encode()
