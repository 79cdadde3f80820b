"""Every act is wrapped here: permission, key, transaction, event.

The plot is always the same: *once* (the key's lock, then the first outcome if there is one) -> the act itself, which
locks, loads values, asks a rule and writes rows -> one event. A key used again with other inputs is refused, saying
what differs. An attempt that the office refuses (:class:`Refused`) is an event too, written after the act's transaction
is undone; a value that was merely mistyped (``rules.faults.BadValue``) is not.

No input may hold a card number: the act is refused before it begins, and the event of the attempt tells neither the
number nor a digest of it (docs/decisions/120).
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import hashlib
import inspect
import json
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Concatenate, ParamSpec, TypeVar

from django.db import transaction

from curbstop.office import _events, _rights
from curbstop.office._events import Acting, Actor
from curbstop.office._statements import Asked, Rows, ask_all
from curbstop.rules.cards import fields_with_card_numbers
from curbstop.rules.faults import BadValue

P = ParamSpec("P")
R = TypeVar("R")

ACTS: dict[str, Callable[..., Any]] = {}
"""Every act of the office by its name, filled as its modules are imported."""

LONGEST_KEY = 200
MANY = 500
"""A list of inputs longer than this is remembered by its count and digest; the rows it became carry the event's id."""


class Refused(Exception):
    """The office refuses: what, why, and what to do next. ``field`` names the input at fault, where there is one.

    ``about`` are subjects of the attempt (``"account:12"``) that its event names beside those of the act.
    """

    def __init__(self, message: str, *, field: str | None = None, about: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.field = field
        self.about = tuple(about)


class KeyReused(Refused):
    """This key already did something else."""


class NotPermitted(Refused):
    """The actor's roles do not include this act."""


class CardNumberTyped(Refused):
    """Somebody typed a card number where text is kept."""


def act(
    name: str,
    *,
    secret: Sequence[str] = (),
    reserved: Callable[[Mapping[str, Any]], int] | None = None,
    about: Callable[[Mapping[str, Any]], Iterable[str]] | None = None,
    ahead: Callable[[Mapping[str, Any]], Sequence[Asked]] | None = None,
) -> Callable[[Callable[Concatenate[Acting, P], R]], Callable[P, R]]:
    """Make a function an act: ``def take(event, /, *, key, by, at, ...)`` becomes ``take(*, key, by, at, ...)``.

    The function's return annotation says how an outcome is read back when its key comes again: ``None``, a plain value,
    a frozen dataclass of such, or tuples and dicts of them.

    :param name: as the table of rights and the event have it, ``"payments.take"``
    :param secret: inputs of which the event keeps a digest only
    :param reserved: finds, from the inputs, the event id that was reserved for this act before (a bill run's chunk)
    :param about: finds, from the inputs, whom an attempt without the right to it was about
    :param ahead: the statements, from the inputs, that lock and load what the act always needs: they go to the server
        in one trip with the key, after its lock, and what they find is ``event.ahead``
    """

    def wrap(do: Callable[Concatenate[Acting, P], R]) -> Callable[P, R]:
        returns = functools.cache(lambda: typing.get_type_hints(do)["return"])
        signature = inspect.signature(do)
        signature = signature.replace(parameters=list(signature.parameters.values())[1:])
        bound = _binding(signature)

        @functools.wraps(do)
        def once(*args: P.args, **given: P.kwargs) -> R:
            values = bound(args, given)
            key, by, at = str(values["key"]), typing.cast(Actor, values["by"]), _aware(values["at"])
            inputs = _inputs({k: v for k, v in values.items() if k not in ("key", "by", "at")}, secret)
            _refuse_card_numbers(name, by, at, values, inputs)
            if not _rights.may(by, name):
                raise _deny(name, by, at, inputs, about(values) if about else ())
            event = Acting(id=0, act=name, by=by, at=at)
            try:
                # durable: an act inside somebody else's transaction could be undone after it said that it was done
                with transaction.atomic(durable=True):
                    event.id, first, event.ahead = _take_key(key, ahead(values) if ahead else ())
                    if first is not None:
                        return typing.cast(R, _repeat(key, event, inputs, first, returns()))
                    if reserved is not None:
                        event.id = reserved(values)
                    outcome = do(event, **values)  # type: ignore[call-arg]
                    _events.record(event, key=key, inputs=inputs, outcome=plain(outcome))
                    return outcome
            except KeyReused:
                raise
            except Refused as refusal:
                event.about(*refusal.about)
                _record_refusal(event, str(refusal), inputs)
                raise

        once.__signature__ = signature  # type: ignore[attr-defined]
        once.act_name = name  # type: ignore[attr-defined]
        ACTS[name] = once
        return once

    return wrap


def _binding(signature: inspect.Signature) -> Callable[[Sequence[object], Mapping[str, Any]], dict[str, Any]]:
    """What gives every input of an act its value, in their order, as ``Signature.bind`` does, which takes longer."""
    names = tuple(signature.parameters)
    defaults = {one.name: one.default for one in signature.parameters.values() if one.default is not one.empty}
    needed = frozenset(names) - defaults.keys()

    def bound(args: Sequence[object], given: Mapping[str, Any]) -> dict[str, Any]:
        if args or not needed <= given.keys() <= signature.parameters.keys():
            signature.bind(*args, **given)  # TypeError names what is missing or unknown
        return {name: given[name] if name in given else defaults[name] for name in names}

    return bound


def _aware(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError(f"at={at.isoformat()}: an instant needs its time zone")
    return at


def _inputs(values: Mapping[str, Any], secret: Sequence[str]) -> dict[str, Any]:
    """The inputs as the event keeps them."""
    found: dict[str, Any] = {}
    for field, value in values.items():
        try:
            told = plain(value)
            text = b"" if _fits(told) else json.dumps(told, ensure_ascii=False).encode()
            if field in secret or (isinstance(told, list) and len(told) > MANY):
                count = {} if field in secret else {"count": len(told)}
                text = text or json.dumps(told, ensure_ascii=False).encode()
                told = {**count, "sha256": hashlib.sha256(text).hexdigest()}
        except UnicodeError:
            why = "holds a character that no record can keep"
            raise BadValue(field=field, value=value, why=why, remedy="type it again instead of pasting it") from None
        found[field] = told
    return found


def _fits(told: Any) -> bool:
    """Whether a value can be encoded without a look at it: a lone surrogate cannot."""
    return told is None or isinstance(told, int) or (isinstance(told, str) and told.isascii())


def _is_digest(told: Any) -> bool:
    return isinstance(told, dict) and "sha256" in told


def _refuse_card_numbers(
    name: str, by: Actor, at: datetime, values: Mapping[str, Any], inputs: Mapping[str, Any]
) -> None:
    """Refuse an act whose inputs hold a card number, ``secret`` ones too, and keep the attempt without it."""
    typed = {field: plain(values[field]) if _is_digest(told) else told for field, told in inputs.items()}
    found = fields_with_card_numbers(typed)
    if not found:
        return
    what = f"A card number cannot be kept in {_NAMES.get(found[0], 'this field')}"
    told = {field: {"withheld": "card number"} if field in found else value for field, value in inputs.items()}
    event = Acting(id=0, act=name, by=by, at=at)
    if isinstance(account := inputs.get("account_id"), int):
        event.about(f"account:{account}")
    _record_refusal(event, f"{what}.", told)
    raise CardNumberTyped(f"{what}; take the payment by link or terminal, and write the rest again.", field=found[0])


_NAMES = {"text": "a note", "reason": "a reason", "payer": "a name", "name": "a name", "tenders": "a tender's number"}
"""Fields in the words of whoever typed into them."""


def _deny(name: str, by: Actor, at: datetime, inputs: Mapping[str, Any], about: Iterable[str]) -> NotPermitted:
    says = f"{by.name} may not do this: {name} needs the role {_rights.roles_for(name)}."
    _record_refusal(Acting(id=0, act=name, by=by, at=at, subjects=list(about)), says, inputs)
    return NotPermitted(f"{says} Ask somebody who has it, or a supervisor.")


def _record_refusal(event: Acting, says: str, inputs: Mapping[str, Any]) -> None:
    """Keep the attempt: what was asked, by whom, and the reason it was refused."""
    with transaction.atomic():
        told = dataclasses.replace(event, id=0, says=says)
        _events.record(told, key=None, inputs=inputs, outcome=None, denied=True)


_KEY = "select pg_advisory_xact_lock(hashtextextended(%(key)s::text, 1)), nextval('base_event_id_seq')"
# a statement of its own, so that its snapshot is taken after the lock was had
_FIRST = "select act, by_id, inputs::text, outcome::text from base_event where key = %(key)s::text"


def _take_key(key: str, ahead: Sequence[Asked]) -> tuple[int, tuple[str, int, Any, Any] | None, list[Rows]]:
    """Wait for anybody using this key now, then look whether it was used; then what the act asks for, all in one trip.

    A key that was used asks for it in vain, which costs the few who try again, and spares everybody else a trip.
    """
    if not key.strip() or len(key) > LONGEST_KEY or not key.isprintable():
        remedy = (
            f"the form or the caller gives a new one, of at most {LONGEST_KEY} characters, for each thing it wants done"
        )
        raise BadValue(field="key", value=key, why="not a key", remedy=remedy)
    taken, first, *found = ask_all((_KEY, {"key": key}), (_FIRST, {"key": key}), *ahead)
    return taken[0][1], typing.cast("tuple[str, int, Any, Any] | None", first[0] if first else None), found


def _repeat(key: str, event: Acting, inputs: Mapping[str, Any], first: tuple[str, int, Any, Any], returns: Any) -> Any:
    act_name, by_id, then, outcome = first[0], first[1], json.loads(first[2]), json.loads(first[3] or "null")
    differs = [
        f"{field} was {then.get(field)!r}, now {inputs.get(field)!r}"
        for field in {**then, **inputs}
        if then.get(field) != inputs.get(field)
    ]
    if act_name != event.act:
        differs.insert(0, f"it was {act_name}, now {event.act}")
    if by_id != event.by.id:
        differs.append("it was somebody else's")
    if differs:
        raise KeyReused(
            f"Key {key} was already used for something else: {'; '.join(differs)}. Use a new key for a new act.",
            field="key",
        )
    return read_back(outcome, returns)


def plain(value: Any) -> Any:
    """A value as JSON has it: dates as ISO text, dataclasses and mappings as objects, sequences as lists."""
    kind = type(value)
    if kind in _AS_THEY_ARE:
        return value
    if kind is str:
        if "\0" in value:
            raise UnicodeError("PostgreSQL keeps no character zero")
        return value
    if kind is tuple or kind is list:
        return [v if type(v) in _AS_THEY_ARE else plain(v) for v in value]
    if kind is date:
        return value.isoformat()
    fields = _FIELDS.get(kind) or _fields(kind)
    if fields is not None:
        return {field: v if type(v := getattr(value, field)) in _AS_THEY_ARE else plain(v) for field in fields}
    return _plain_other(value)


_AS_THEY_ARE = frozenset({int, bool, type(None)})


def _plain_other(value: Any) -> Any:
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, str):
        return plain(str(value))
    if isinstance(value, (bool, int)):
        return value
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        items = sorted(value) if isinstance(value, (set, frozenset)) else value
        return [plain(v) for v in items]
    raise TypeError(f"an act's inputs and outcome are plain values; {type(value).__name__} is not")


_FIELDS: dict[type, tuple[str, ...]] = {}


def _fields(kind: type) -> tuple[str, ...] | None:
    """The fields of a dataclass; none of anything else, and of an enumeration, which is its value."""
    if issubclass(kind, enum.Enum) or not dataclasses.is_dataclass(kind):
        return None
    _FIELDS[kind] = tuple(field.name for field in dataclasses.fields(kind))
    return _FIELDS[kind]


def read_back(value: Any, kind: Any) -> Any:
    """The inverse of :func:`plain` for the annotated type ``kind``."""
    if value is None or kind is Any:
        return value
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return read_back(value, next(a for a in args if a is not type(None)))
    if origin in (tuple, list, set, frozenset) or kind in (tuple, list, set, frozenset):
        return _read_back_many(value, origin or kind, args)
    if origin is not None and issubclass(origin, Mapping):
        number = args[0] is int
        return {(int(k) if number else k): read_back(v, args[1]) for k, v in value.items()}
    if dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        # a field that the outcome lacks was added since: it has its default
        return kind(**{field: read_back(value[field], hints[field]) for field in hints if field in value})  # type: ignore[operator]
    if kind is datetime or kind is date:
        return kind.fromisoformat(value)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return kind(value)
    return value


def _read_back_many(value: Any, kind: type, args: tuple[Any, ...]) -> Any:
    if kind is tuple and args and args[-1] is not Ellipsis:
        return tuple(read_back(v, a) for v, a in zip(value, args, strict=True))
    return kind(read_back(v, args[0] if args else Any) for v in value)
