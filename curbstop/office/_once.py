"""Every act is wrapped here: permission, key, transaction, event.

The plot is always the same: *once* (the key's lock, then the first outcome if there is one) -> the act itself, which locks,
loads values, asks a rule and writes rows -> one event. A key used again with other inputs is refused, saying what differs.
A denied attempt is an event too, in a transaction of its own, because the act's is never begun.
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import inspect
import types
import typing
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, Concatenate, ParamSpec, TypeVar

from django.db import connection, transaction

from curbstop.office import _events
from curbstop.office._events import Acting, Actor

P = ParamSpec("P")
R = TypeVar("R")

ACTS: dict[str, Callable[..., Any]] = {}
"""Every act of the office by its name, filled as its modules are imported."""


class Refused(Exception):
    """The office refuses: what, why, and what to do next. ``field`` names the input at fault, where there is one."""

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class KeyReused(Refused):
    """This key already did something else."""


class NotPermitted(Refused):
    """The actor's roles do not include this act."""


def act(name: str) -> Callable[[Callable[Concatenate[Acting, P], R]], Callable[P, R]]:
    """Make a function an act: ``def take(event, /, *, key, by, at, ...)`` becomes ``take(*, key, by, at, ...)``.

    The function's return annotation says how an outcome is read back when its key comes again: ``None``, a plain value, a
    frozen dataclass of such, or tuples and dicts of them.
    """

    def wrap(do: Callable[Concatenate[Acting, P], R]) -> Callable[P, R]:
        returns = functools.cache(lambda: typing.get_type_hints(do)["return"])

        @functools.wraps(do)
        def once(*args: P.args, **given: P.kwargs) -> R:
            if args:
                raise TypeError(f"{name} takes keywords only")
            key, by, at = str(given["key"]), typing.cast(Actor, given["by"]), typing.cast(datetime, given["at"])
            inputs = {k: plain(v) for k, v in given.items() if k not in ("key", "by", "at")}
            _check_permission(name, by, at, inputs)
            with transaction.atomic():
                event_id, first = _take_key(key)
                if first is not None:
                    return typing.cast(R, _repeat(key, name, by, inputs, first, returns()))
                event = Acting(id=event_id, act=name, by=by, at=at)
                outcome = do(event, **given)
                _events.record(event, key=key, inputs=inputs, outcome=plain(outcome))
                return outcome

        signature = inspect.signature(do)
        once.__signature__ = signature.replace(parameters=list(signature.parameters.values())[1:])  # type: ignore[attr-defined]
        once.act_name = name  # type: ignore[attr-defined]
        ACTS[name] = once
        return once

    return wrap


def _check_permission(name: str, by: Actor, at: datetime, inputs: Mapping[str, Any]) -> None:
    from curbstop.office import staff  # the table of rights imports nothing from here, but acts of staff do

    if staff.may(by, name):
        return
    says = f"{by.name} may not do this: {name} needs the role {staff.roles_for(name)}."
    with transaction.atomic():
        event = Acting(id=_events.reserve_ids(1)[0], act=name, by=by, at=at, says=says)
        _events.record(event, key=None, inputs=inputs, outcome=None, denied=True)
    raise NotPermitted(f"{says} Ask somebody who has it, or a supervisor.")


def _take_key(key: str) -> tuple[int, tuple[str, int, Any, Any] | None]:
    """Wait for anybody using this key now, then look whether it was used."""
    if not key:
        raise Refused(
            "An act needs a key; the form or the caller gives a new one for each thing it wants done.", field="key"
        )
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 1)), nextval('base_event_id_seq')", [key])
        event_id = cursor.fetchone()[1]
        # a statement of its own, so that its snapshot is taken after the lock was had
        cursor.execute("select act, by_id, inputs::text, outcome::text from base_event where key = %s", [key])
        return event_id, cursor.fetchone()


def _repeat(
    key: str, name: str, by: Actor, inputs: dict[str, Any], first: tuple[str, int, Any, Any], returns: Any
) -> Any:
    import json

    act_name, by_id, then, outcome = first[0], first[1], json.loads(first[2]), json.loads(first[3] or "null")
    differs = [
        f"{field} was {then.get(field)!r}, now {inputs.get(field)!r}"
        for field in {**then, **inputs}
        if then.get(field) != inputs.get(field)
    ]
    if act_name != name:
        differs.insert(0, f"it was {act_name}, now {name}")
    if by_id != by.id:
        differs.append("it was somebody else's")
    if differs:
        raise KeyReused(
            f"Key {key} was already used for something else: {'; '.join(differs)}. Use a new key for a new act.",
            field="key",
        )
    return read_back(outcome, returns)


def plain(value: Any) -> Any:
    """A value as JSON has it: dates as ISO text, dataclasses and mappings as objects, sequences as lists."""
    if value is None or isinstance(value, (bool, int, str)) and not isinstance(value, enum.Enum):
        return value
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        items = sorted(value) if isinstance(value, (set, frozenset)) else value
        return [plain(v) for v in items]
    raise TypeError(f"an act's inputs and outcome are plain values; {type(value).__name__} is not")


def read_back(value: Any, kind: Any) -> Any:
    """The inverse of :func:`plain` for the annotated type ``kind``."""
    if value is None or kind is Any:
        return value
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return read_back(value, next(a for a in args if a is not type(None)))
    if origin in (tuple, list) or kind in (tuple, list):
        if origin is tuple and len(args) > 1 and args[1] is not Ellipsis:
            return tuple(read_back(v, a) for v, a in zip(value, args, strict=True))
        return (tuple if origin is tuple else list)(read_back(v, args[0] if args else Any) for v in value)
    if origin in (dict, Mapping):
        return {k: read_back(v, args[1]) for k, v in value.items()}
    if dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        return kind(**{f.name: read_back(value[f.name], hints[f.name]) for f in dataclasses.fields(kind)})  # type: ignore[operator]
    if kind is datetime:
        return datetime.fromisoformat(value)
    if kind is date:
        return date.fromisoformat(value)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return kind(value)
    return value
