"""The digest of a value, and of everything in a store: the same as Redis's DEBUG DIGEST for the same data.

Two states of the same content have the same digest, whatever the order in which they came to be. It is made
of SHA-1 by the rules of debug.c: what has an order is mixed in, what has none is combined by exclusive or.
"""

from __future__ import annotations

from hashlib import sha1
from typing import Any

from .database import Database, Value
from .keyspace import Keyspace
from .numbers import format_double
from .structs.collection import Collection
from .structs.gap_list import GapList
from .structs.hash import Hash
from .structs.set import Set
from .structs.sorted_set import SortedSet
from .structs.stream import Stream
from .structs.stream_id import LARGEST, SEQUENCE
from .types.strings import text_of

NOTHING = 0
SIZE = 20
_TYPES: dict[type, int] = {GapList: 1, Set: 2, SortedSet: 3, Hash: 4, Stream: 6}
_STRING = 0


def of_store(stores: list[Keyspace[Any] | None]) -> bytes:
    """The digest of all databases, 40 hexadecimal digits; of nothing at all it is 0. Under the lock. O(n)."""
    total = NOTHING
    for index, store in enumerate(stores):
        if store is None or not store._db.data:
            continue
        total = _mix(total, index.to_bytes(4, "big"))
        for key, value in store._db.data.items():
            total ^= _hash(_bytes(_of_value(store._db, key, value, _mix(NOTHING, key))))
    return _digits(total)


def of_key(store: Keyspace[Any], key: bytes) -> bytes:
    """The digest of the value of `key`, 40 hexadecimal digits, 0 for a missing key. Under the lock. O(n)."""
    value = store._peek(key)
    return _digits(NOTHING if value is None else _of_value(store._db, key, value, NOTHING))


def _of_value(db: Database, key: bytes, value: Value, digest: int) -> int:
    """`digest` with a value and its having a deadline worked in."""
    kind = _TYPES[type(value)] if isinstance(value, Collection) else _STRING
    digest = _mix(digest, kind.to_bytes(4, "big"))
    if isinstance(value, GapList):
        for element in value:
            digest = _mix(digest, element)
    elif isinstance(value, Set):
        for member in value.items:
            digest ^= _hash(member)
    elif isinstance(value, SortedSet):
        for member, score in value.scores.items():
            digest ^= _pair(member, format_double(score))
    elif isinstance(value, Hash):
        for field, text in value.fields.items():
            digest ^= _pair(field, text)
    elif isinstance(value, Stream):
        for id, fields, texts in value.range(0, LARGEST):
            digest = _mix(digest, b"%d.%d" % (id >> 64, id & SEQUENCE))
            for pair in zip(fields, texts, strict=True):
                digest = _mix(_mix(digest, pair[0]), pair[1])
    else:
        digest = _mix(digest, text_of(value))
    return digest ^ _hash(b"!!expire!!") if key in db.deadlines else digest


def _pair(first: bytes, second: bytes) -> int:
    return _hash(_bytes(_mix(_mix(NOTHING, first), second)))


def _hash(data: bytes) -> int:
    return int.from_bytes(sha1(data, usedforsecurity=False).digest(), "big")


def _mix(digest: int, data: bytes) -> int:
    return _hash(_bytes(digest ^ _hash(data)))


def _bytes(digest: int) -> bytes:
    return digest.to_bytes(SIZE, "big")


def _digits(digest: int) -> bytes:
    return b"%040x" % digest
