"""Data for tests, written down: JSON, YAML or a dict of what each key is to hold."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

from .encoding import PathLike
from .errors import DataError

_COLLECTIONS: dict[str, type] = {"$list": list, "$set": list, "$hash": dict, "$zset": dict, "$stream": dict}
_WORDS = "$string, $list, $set, $hash, $zset and $stream"


class Seed(NamedTuple):
    """What one key is to hold."""

    key: str | bytes
    kind: str
    """`$string`, `$list`, `$set`, `$hash`, `$zset` or `$stream`."""
    value: Any
    ttl: float | None
    """In seconds; None is for ever."""


def read_seeds(data: Mapping[str, Any] | PathLike) -> list[Seed]:
    """The seeds in `data`, or in the file it names; DataError that says which key is wrong."""
    if isinstance(data, (str, os.PathLike)):
        data = _read_file(os.fspath(data))
    if not isinstance(data, Mapping):
        raise DataError(f"data is a mapping of keys to values, not of the type {type(data).__name__}")
    return [_seed(_key(key), value) for key, value in data.items()]


def _key(key: Any) -> str | bytes:
    if not _is_plain(key):
        raise DataError(f"key {key!r} is neither a text nor a number")
    return key if isinstance(key, (str, bytes)) else str(key)


def _is_plain(value: Any) -> bool:
    """Whether it is a text or a number."""
    return isinstance(value, (str, bytes, int, float)) and not isinstance(value, bool)


def _read_file(path: str) -> Any:
    with open(path, encoding="utf-8") as file:
        if path.endswith((".yaml", ".yml")):
            return _yaml().safe_load(file)
        try:
            return json.load(file)
        except ValueError as error:
            raise DataError(f"{path} is no JSON: {error}") from error


def _yaml() -> Any:
    try:
        import yaml
    except ImportError as error:
        raise ImportError("data in YAML takes PyYAML: pip install pyyaml") from error
    return yaml


def _seed(key: str | bytes, value: Any) -> Seed:
    ttl = None
    if isinstance(value, Mapping) and any(str(word).startswith("$") for word in value):
        rest = dict(value)
        ttl = rest.pop("$ttl", None)
        if len(rest) != 1:
            raise DataError(f"key {key!r}: one of {_WORDS} is needed, with $ttl or without")
        ((kind, value),) = rest.items()
    elif isinstance(value, Mapping):
        kind = "$hash"
    elif isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        kind = "$list"
    else:
        kind = "$string"
    _check(key, kind, value, ttl)
    return Seed(key, kind, value, ttl)


def _check(key: str | bytes, kind: str, value: Any, ttl: Any) -> None:
    if kind == "$string":
        parts = [value]
    elif kind in _COLLECTIONS:
        parts = _parts(key, kind, value, _COLLECTIONS[kind])
        if kind == "$stream":
            entries = [_parts(key, "an entry of $stream", fields, dict) for fields in value.values()]
            parts = [*value, *chain(*entries)]
    else:
        raise DataError(f"key {key!r}: {kind} is none of {_WORDS}")
    for part in parts:
        if not _is_plain(part):
            raise DataError(f"key {key!r}: {part!r} is neither a text nor a number")
    if ttl is not None and (isinstance(ttl, bool) or not isinstance(ttl, (int, float)) or ttl <= 0):
        raise DataError(f"key {key!r}: $ttl is a number of seconds, not {ttl!r}")


def _parts(key: str | bytes, what: str, value: Any, kind: type) -> list[Any]:
    """The members of a list, or fields and values of a dict; DataError if `value` is none, or is empty."""
    shape = Mapping if kind is dict else Sequence
    if not isinstance(value, shape) or isinstance(value, (str, bytes)) or not value:
        raise DataError(f"key {key!r}: {what} takes a {kind.__name__} that is not empty")
    return [*value, *value.values()] if isinstance(value, Mapping) else list(value)
