"""Values to bytes and back: msgpack with Python's common types, JSON, or pickle.

Msgpack and JSON make only what is written down here or was registered by name, so reading them is safe
whoever wrote them. Pickle runs whatever it is told to: it is for servers that only you can write to, or
signed (see `entries`).
"""

from __future__ import annotations

import builtins
import json
import pickle
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from enum import Enum
from typing import Any, Protocol, TypeVar, runtime_checkable
from uuid import UUID

from msgpack import ExtType, packb, unpackb

from .keys import name_of

C = TypeVar("C", bound=type[Any])


@runtime_checkable
class Serializer(Protocol):
    """What makes bytes of values. Any exception of `loads` says that the bytes cannot be read."""

    def dumps(self, value: Any) -> bytes:
        """The bytes of `value`; TypeError if it has none."""

    def loads(self, data: bytes) -> Any:
        """The value again."""


class Types:
    """The types that are kept by name: dataclasses, enums, exceptions, or any with functions of its own."""

    def __init__(self) -> None:
        self._names: dict[type, tuple[str, Callable[[Any], Any]]] = {}
        self._loads: dict[str, Callable[[Any], Any]] = {}

    def register(
        self,
        kind: type[Any],
        name: str | None = None,
        dump: Callable[[Any], Any] | None = None,
        load: Callable[[Any], Any] | None = None,
    ) -> None:
        name = name_of(kind) if name is None else name
        if (dump is None) is not (load is None):
            raise TypeError("dump and load go together")
        if dump is None or load is None:
            dump, load = _functions_for(kind)
        if name in self._loads and self._names.get(kind, ("",))[0] != name:
            raise ValueError(f"another type is registered as {name!r}")
        self._names[kind] = name, dump
        self._loads[name] = load

    def dump(self, value: Any) -> tuple[str, Any]:
        """The name of its type, and what it is made from again; TypeError if the type is not known."""
        known = self._names.get(type(value))
        if known is not None:
            return known[0], known[1](value)
        if isinstance(value, BaseException) and getattr(builtins, type(value).__name__, None) is type(value):
            return type(value).__name__, list(value.args)
        raise TypeError(
            f"a {name_of(type(value))} cannot be kept: register the type, or choose the pickle serializer"
        )

    def load(self, name: str, state: Any) -> Any:
        load = self._loads.get(name)
        if load is not None:
            return load(state)
        kind = getattr(builtins, name, None)
        if isinstance(kind, type) and issubclass(kind, BaseException):
            return kind(*state)
        raise ValueError(f"no type is registered as {name!r}")


def _functions_for(kind: type[Any]) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    if issubclass(kind, Enum):
        return (lambda member: member.name), (lambda name: kind[name])
    if issubclass(kind, BaseException):
        return (lambda error: list(error.args)), (lambda arguments: kind(*arguments))
    if is_dataclass(kind):
        names = [(field.name, field.init) for field in fields(kind)]

        def load(state: dict[str, Any]) -> Any:
            value = kind(**{name: state.pop(name) for name, init in names if init and name in state})
            for name, init in names:
                if not init and name in state:
                    object.__setattr__(value, name, state.pop(name))
            if state:
                raise ValueError(f"{kind.__name__} has no field {next(iter(state))!r} any more")
            return value

        return (lambda value: {name: getattr(value, name) for name, _ in names if hasattr(value, name)}), load
    if issubclass(kind, tuple) and hasattr(kind, "_fields"):
        return list, (lambda values: kind(*values))
    raise TypeError(
        f"{kind.__name__} is no dataclass, named tuple, enum or exception: register it with dump= and load="
    )


class Msgpack:
    """Msgpack, with extension types for what Python has besides, and for registered types."""

    def __init__(self, types: Types) -> None:
        self._types = types
        self._dump: dict[type, tuple[int, Callable[[Any], Any]]] = {}
        self._load: dict[int, Callable[[Any], Any]] = {1: lambda named: types.load(*named)}
        for code, (kind, dump, load) in EXTENSIONS.items():
            self._dump[kind] = code, dump
            self._load[code] = load

    def dumps(self, value: Any) -> bytes:
        try:
            packed: bytes = packb(value, strict_types=True, default=self._extension)
        except (OverflowError, ValueError) as error:
            raise TypeError(f"this cannot be kept: {error}") from error
        return packed

    def loads(self, data: bytes) -> Any:
        return unpackb(data, ext_hook=self.ext_hook, strict_map_key=False)

    def _extension(self, value: Any) -> ExtType:
        known = self._dump.get(type(value))
        if known is None:
            return ExtType(1, self.dumps(list(self._types.dump(value))))
        code, dump = known
        return ExtType(code, self.dumps(dump(value)))

    def ext_hook(self, code: int, data: bytes) -> Any:
        return self._load[code](self.loads(data))


def _dump_zone(zone: tzinfo | None, offset: timedelta | None) -> Any:
    """None, the name of a zone, or the offset from UTC in seconds."""
    if zone is None or offset is None:
        return None
    name = getattr(zone, "key", None)
    return name if isinstance(name, str) else offset.total_seconds()


def _load_zone(zone: Any) -> tzinfo | None:
    if zone is None:
        return None
    if isinstance(zone, str):
        from zoneinfo import ZoneInfo

        return ZoneInfo(zone)
    return timezone(timedelta(seconds=zone))


def _dump_datetime(value: datetime) -> list[Any]:
    naive = value.replace(tzinfo=None, fold=0)
    return [naive.isoformat(), value.fold, _dump_zone(value.tzinfo, value.utcoffset())]


def _load_datetime(parts: list[Any]) -> datetime:
    text, fold, zone = parts
    return datetime.fromisoformat(text).replace(fold=fold, tzinfo=_load_zone(zone))


def _dump_time(value: time) -> list[Any]:
    naive = value.replace(tzinfo=None, fold=0)
    return [naive.isoformat(), value.fold, _dump_zone(value.tzinfo, value.utcoffset())]


def _load_time(parts: list[Any]) -> time:
    text, fold, zone = parts
    return time.fromisoformat(text).replace(fold=fold, tzinfo=_load_zone(zone))


EXTENSIONS: dict[int, tuple[type, Callable[[Any], Any], Callable[[Any], Any]]] = {
    2: (tuple, list, tuple),
    3: (set, list, set),
    4: (frozenset, list, frozenset),
    5: (int, hex, lambda text: int(text, 16)),  # beyond 64 bits
    6: (datetime, _dump_datetime, _load_datetime),
    7: (date, date.isoformat, date.fromisoformat),
    8: (time, _dump_time, _load_time),
    9: (timedelta, lambda value: [value.days, value.seconds, value.microseconds], lambda at: timedelta(*at)),
    10: (Decimal, str, Decimal),
    11: (UUID, lambda value: value.bytes, lambda data: UUID(bytes=data)),
    12: (complex, lambda value: [value.real, value.imag], lambda parts: complex(*parts)),
}
"""By the number in the bytes, which never changes: a type, what is packed of it, and the way back. 1 are the
types registered by name."""


_read_json = json.JSONDecoder().decode


class Json:
    """JSON, for what other programs are to read. It keeps what JSON has, and refuses what would come back as
    something else: tuples, keys of dicts that are no str, infinite numbers."""

    def dumps(self, value: Any) -> bytes:
        try:
            text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
            data = text.encode()
        except ValueError as error:
            raise TypeError(f"JSON has no {value!r}: {error}") from error
        if json.loads(text) != value:
            raise TypeError(
                f"{value!r} would not come back from JSON as it is: choose the msgpack serializer"
            )
        return data

    def loads(self, data: bytes) -> Any:
        try:
            return _read_json(data.decode())
        except ValueError:
            return json.loads(data)  # it may begin with a mark, or be UTF-16


class Pickle:
    """Pickle, by a protocol that every supported version of Python reads."""

    def dumps(self, value: Any) -> bytes:
        try:
            return pickle.dumps(value, protocol=5)
        except (pickle.PicklingError, AttributeError) as error:
            raise TypeError(f"this cannot be pickled: {error}") from error

    def loads(self, data: bytes) -> Any:
        return pickle.loads(data)


def serializer_of(choice: str | Serializer, types: Types) -> Serializer:
    """The serializer of this name, or the given one; ValueError for an unknown name."""
    if not isinstance(choice, str):
        if not isinstance(choice, Serializer):
            raise TypeError(f"a serializer has dumps and loads, and {choice!r} has not")
        return choice
    if choice not in ("msgpack", "json", "pickle"):
        raise ValueError(f"there is no serializer {choice!r}: choose msgpack, json or pickle")
    if choice == "msgpack":
        return Msgpack(types)
    return Json() if choice == "json" else Pickle()
