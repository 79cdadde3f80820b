"""NACHA files read whole, or refused with every fault and its line."""

from __future__ import annotations

from dataclasses import dataclass, field

from curbstop.formats.layouts import BadField, Line, built_in, decode, read_line, read_record
from curbstop.formats.nacha.writing import LENGTH, Totals
from curbstop.rules.autopay import aba_check_digit
from curbstop.rules.faults import Fault, Faults
from curbstop.rules.money import show

KNOWN_SEC = frozenset(
    "ACK ADV ARC ATX BOC CCD CIE COR CTX DNE ENR IAT MTE POP POS PPD RCK SHR TEL TRC TRX WEB XCK".split()
)
_CODES = (
    frozenset(f"{tens}{ones}" for tens in "2345" for ones in "12346789") | {"55", "56"} | {f"8{n}" for n in range(1, 9)}
)
_ADDENDA = frozenset({"02", "05", "98", "99", *(str(n) for n in range(10, 19))})


class AchErrors(Faults):
    """Everything wrong with a NACHA file, each with its line: nothing of it is used."""

    what = "NACHA file"


@dataclass(frozen=True, slots=True)
class AchReturn:
    """An addenda 99: why an entry came back, and the trace number that we gave it."""

    line: int
    code: str
    original_trace: str
    original_rdfi: str
    information: str
    died_on: str


@dataclass(frozen=True, slots=True)
class AchChange:
    """An addenda 98: what the bank says is otherwise, and the trace number that we gave the entry."""

    line: int
    code: str
    original_trace: str
    original_rdfi: str
    corrected: str


@dataclass(frozen=True, slots=True)
class AchEntry:
    """One entry with its addenda. `text` is the line as it came."""

    line: int
    text: str
    sec: str
    code: str
    routing: str
    account: str
    cents: int
    individual_id: str
    name: str
    trace: str
    returns: tuple[AchReturn, ...]
    changes: tuple[AchChange, ...]
    addenda: tuple[str, ...]

    @property
    def is_debit(self) -> bool:
        """Whether it takes from the account: codes that end in 6 to 9, and the reversal of a loan's credit."""
        return _is_debit(self.code)

    @property
    def is_prenote(self) -> bool:
        """Whether it only tries the account."""
        return self.code[1] in "38" and self.code[0] in "2345"


@dataclass(frozen=True, slots=True)
class AchBatch:
    """A batch; `sec` and `company` are empty where the bank left its header out."""

    line: int
    sec: str
    company: str
    company_id: str
    description: str
    effective_on: str
    entries: tuple[AchEntry, ...]
    debit_cents: int
    credit_cents: int


@dataclass(frozen=True, slots=True)
class AchFile:
    """A file read whole: every line understood, every total met. `remarks` say what it came without."""

    original: bytes
    destination: str
    origin: str
    created_on: str
    batches: tuple[AchBatch, ...]
    remarks: tuple[str, ...]

    @property
    def entries(self) -> tuple[AchEntry, ...]:
        """All entries, in order."""
        return tuple(entry for batch in self.batches for entry in batch.entries)

    @property
    def debit_cents(self) -> int:
        """Sum of the debits."""
        return sum(batch.debit_cents for batch in self.batches)

    @property
    def credit_cents(self) -> int:
        """Sum of the credits."""
        return sum(batch.credit_cents for batch in self.batches)


def read_file(data: bytes, *, name: str = "file") -> AchFile:
    """Read a file whole, or refuse it with every fault and its line.

    :raises AchErrors: a line that is no record, a digit that does not fit, a total that is not met
    """
    reading = _Reading(name)
    for no, line in _lines(data, reading):
        reading.take(no, line)
    reading.end()
    if reading.faults:
        raise AchErrors(reading.faults)
    head = reading.header
    return AchFile(
        data,
        _of(head, "destination").strip(),
        _of(head, "origin").strip(),
        _of(head, "created_on"),
        tuple(reading.batches),
        tuple(dict.fromkeys(reading.remarks)),
    )


def _lines(data: bytes, reading: _Reading) -> list[tuple[int, str]]:
    """The lines with their numbers; a file without line ends is cut at 94."""
    try:
        text = decode(data)
    except BadField as bad:
        reading.fault(0, "file", "", bad.why, bad.remedy)
        return []
    lines = [(no, line) for no, line in enumerate(text.splitlines(), 1) if line.strip()]
    if len(lines) == 1 and len(lines[0][1].rstrip()) > LENGTH:
        whole = lines[0][1]
        reading.remarks.append("came without line ends")
        lines = [(n // LENGTH + 1, whole[n : n + LENGTH]) for n in range(0, len(whole), LENGTH)]
        lines = [(no, line) for no, line in lines if line.strip()]
    if not lines:
        reading.fault(0, "file", "", "empty", "ask the bank for the file again")
    return lines


def _of(line: Line | None, name: str) -> str:
    value = line.values.get(name) if line else None
    return "" if value is None else str(value)


def _return(a: Line) -> AchReturn:
    died_on = _of(a, "died_on").strip()
    return AchReturn(
        a.no, _of(a, "code"), _of(a, "original_trace"), _of(a, "original_rdfi"), _of(a, "information"), died_on
    )


def _change(a: Line) -> AchChange:
    return AchChange(a.no, _of(a, "code"), _of(a, "original_trace"), _of(a, "original_rdfi"), _of(a, "corrected"))


def _is_debit(code: str) -> bool:
    if code[0] == "8":
        return code[1] in "2468"
    return code[1] in "6789" or code in ("55", "56")


@dataclass(slots=True)
class _Open:
    """A batch while it is read."""

    header: Line | None
    line: int
    entries: list[AchEntry] = field(default_factory=list)
    totals: Totals = field(default_factory=Totals)

    @property
    def sec(self) -> str:
        return _of(self.header, "sec")


@dataclass(slots=True)
class _Reading:
    """The state of a file being read: what is open, what was found, what is wrong."""

    name: str
    faults: list[Fault] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    header: Line | None = None
    control: Line | None = None
    batches: list[AchBatch] = field(default_factory=list)
    open: _Open | None = None
    entry: Line | None = None
    addenda: list[Line] = field(default_factory=list)
    whole: Totals = field(default_factory=Totals)
    controls: int = 0

    def fault(
        self, no: int, name: str, value: object, why: str, remedy: str = "ask the bank for the file again"
    ) -> None:
        self.faults.append(Fault(self.name, no, name, str(value)[:60], why, remedy))

    def take(self, no: int, raw: str) -> None:
        """One line."""
        if not raw.strip().strip("9"):
            return
        line = read_line(built_in("nacha"), raw, no)
        if self.control is not None:
            self.fault(no, "record", raw[:10], "stands after the file control")
            return
        adv = self.open.sec == "ADV" if self.open else bool(self.batches) and self.batches[-1].sec == "ADV"
        if adv and line.record in ("entry", "batch_control", "file_control"):
            line = read_record(built_in("nacha"), f"adv_{line.record}", raw, no)
        for said in line.faults:
            self.fault(no, line.record or "record", raw[:40].rstrip(), said)
        if not line.faults or line.record.endswith(("header", "control")):
            self._record(line, raw)

    def _record(self, line: Line, raw: str) -> None:
        record = line.record.removeprefix("adv_")
        if record == "file_header":
            if self.header or self.open or self.batches:
                self.fault(line.no, "file header", raw[:10], "stands inside the file")
            self.header = line
        elif record == "batch_header":
            self._close_batch(None, line.no)
            self.open = _Open(line, line.no)
            self._check_header(line)
        elif record == "entry":
            self._end_entry()
            self.open = self.open or self._without_header(line.no)
            self.entry = line
        elif record in ("addenda", "returned", "change"):
            if self.entry is None:
                self.fault(line.no, "addenda", raw[:10], "belongs to no entry")
            elif record == "addenda" and _of(line, "kind") not in _ADDENDA:
                self.fault(line.no, "addenda", _of(line, "kind"), "no known type of addenda")
            self.addenda.append(line)
        elif record == "batch_control":
            self._close_batch(line, line.no)
        elif record == "file_control":
            self._close_batch(None, line.no)
            self.control = line
            self._check_file(line)

    def _without_header(self, no: int) -> _Open:
        if self.header:
            self.fault(no, "entry", "", "stands outside a batch")
        else:
            self.remarks.append("came without a batch header")
        return _Open(None, no)

    def _check_header(self, line: Line) -> None:
        if (sec := _of(line, "sec")) not in KNOWN_SEC:
            self.fault(line.no, "entry class", sec, "no known class of entries")
        if (service := _of(line, "service_class")) not in ("200", "220", "225", "280"):
            self.fault(line.no, "service class", service, "not 200, 220, 225 or 280")

    def _end_entry(self) -> None:
        """The entry before is complete: check it, keep it."""
        line, addenda = self.entry, self.addenda
        self.entry, self.addenda = None, []
        if line is None or self.open is None:
            return
        code, rdfi, digit = _of(line, "code"), _of(line, "rdfi"), _of(line, "check_digit")
        if code not in _CODES:
            self.fault(line.no, "transaction code", code, "no known code")
            return
        if aba_check_digit(rdfi) != int(digit):
            self.fault(line.no, "routing number", rdfi + digit, "its last digit does not fit the others")
        flag = _of(line, "has_addenda")
        if flag == "0" and addenda or flag == "1" and not addenda or flag not in ("0", "1"):
            why = f"says {flag}, and {len(addenda)} addenda follow"
            self.fault(line.no, "addenda indicator", flag, why)
        cents = int(line.values.get("cents") or 0)  # type: ignore[arg-type]
        debit = _is_debit(code)
        service = _of(self.open.header, "service_class")
        if cents and service in ("220", "225") and debit != (service == "225"):
            side = "a debit" if debit else "a credit"
            self.fault(line.no, "transaction code", code, f"{side} in a batch of class {service}")
        totals = Totals(1 + len(addenda), int(rdfi), cents * debit, cents * (not debit))
        self.open.totals.add(totals)
        self.open.entries.append(self._entry(line, addenda, cents))

    def _entry(self, line: Line, addenda: list[Line], cents: int) -> AchEntry:
        assert self.open is not None
        returns = tuple(_return(a) for a in addenda if a.record == "returned")
        changes = tuple(_change(a) for a in addenda if a.record == "change")
        return AchEntry(
            line.no, line.text, self.open.sec, _of(line, "code"), _of(line, "rdfi") + _of(line, "check_digit"),
            _of(line, "account").strip(), cents, _of(line, "individual_id").strip(), _of(line, "name").strip(),
            _of(line, "trace").strip(), returns, changes, tuple(a.text for a in addenda),
        )  # fmt: skip

    def _close_batch(self, control: Line | None, no: int) -> None:
        self._end_entry()
        batch, self.open = self.open, None
        if batch is None:
            if control is not None:
                self.fault(no, "batch control", "", "closes no batch")
            return
        if control is None:
            if self.header:
                self.fault(no or batch.line, "batch", batch.line, "does not end with its control")
            self.remarks.append("came without a batch control")
        else:
            self.controls += 1
            self._check_totals(control, batch.totals, "batch")
            if batch.header and _of(control, "batch_no") != _of(batch.header, "batch_no"):
                why = f"the batch's header says {_of(batch.header, 'batch_no')}"
                self.fault(no, "batch number", _of(control, "batch_no"), why)
        self.whole.add(batch.totals)
        head = batch.header
        self.batches.append(
            AchBatch(
                batch.line, batch.sec, _of(head, "company_name").strip(), _of(head, "company_id").strip(),
                _of(head, "description").strip(), _of(head, "effective_on"), tuple(batch.entries),
                batch.totals.debit_cents, batch.totals.credit_cents,
            )
        )  # fmt: skip

    def _check_totals(self, control: Line, found: Totals, what: str) -> None:
        there = {
            "entries": found.entries, "hash": found.hash % 10**10, "debit_cents": found.debit_cents,
            "credit_cents": found.credit_cents,
        }  # fmt: skip
        for name, value in there.items():
            said = control.values.get(name)
            if said != value:
                money = name.endswith("cents")
                words = (show(int(said or 0)), show(value)) if money else (str(said), str(value))  # type: ignore[arg-type]
                label = f"{what} {name.removesuffix('_cents').replace('hash', 'entry hash')}"
                self.fault(control.no, label, words[0], f"the {what} comes to {words[1]}")

    def _check_file(self, line: Line) -> None:
        self._check_totals(line, self.whole, "file")
        if line.values.get("batches") != len(self.batches):
            self.fault(line.no, "file batches", line.values.get("batches"), f"the file has {len(self.batches)}")
        if self.header is None:
            self.remarks.append("came without a file header")

    def end(self) -> None:
        """The last line was taken."""
        self._close_batch(None, 0)
        if self.header and self.control is None:
            self.fault(self.header.no, "file", "", "ends without its file control: it was cut off")
        elif not self.header:
            self.remarks.append("came without a file header")
        if self.control is None:
            self.remarks.append("came without a file control")
