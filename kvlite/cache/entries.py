"""What is kept under a key of a cache, and how it is read again.

    entry   := counter | payload | 0xC1 "h" length header payload | 0xC1 "s" mac entry
    counter := an int of 64 bits in decimal digits, so that INCR counts with it
    payload := what the serializer makes of the value
    length  := the header's, 2 bytes, most significant first
    header  := msgpack of [version, failed, due, deadline, cost, tags]
    mac     := 32 bytes: HMAC-SHA256 of the key, a zero byte and the entry, by the cache's secret

Most entries are a payload alone, so other programs can read them, and reading costs least. No payload of
msgpack, JSON or pickle begins with the byte 0xC1; one of another serializer has a header in any case.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any

from msgpack import packb, unpackb

from .serializers import Json, Msgpack, Pickle, Serializer, Types

VERSION = 1
MARK = 0xC1
MAC = 32
NO_TAGS: Mapping[str, str] = {}
INT64 = range(-(1 << 63), 1 << 63)


class Entry:
    """What was read: a value, and what is known of it."""

    __slots__ = ("cost", "deadline", "due", "failed", "tags", "value")

    def __init__(
        self,
        value: Any,
        failed: bool = False,
        due: int = 0,
        deadline: int = 0,
        cost: int = 0,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        self.value = value
        self.failed = failed
        """The value is an exception, to be raised."""
        self.due = due
        """When it is to be computed anew, though it is kept on; milliseconds since the epoch, 0 for never."""
        self.deadline = deadline
        """When its time to live ends, for the early refresh; 0 where nobody asks."""
        self.cost = cost
        """How many milliseconds computing it took."""
        self.tags = tags or NO_TAGS
        """Its tags, with their versions from before it was computed."""

    @property
    def is_plain(self) -> bool:
        return not (self.failed or self.due or self.deadline or self.tags)


class Unreadable(Exception):
    """Bytes are no entry of this cache."""


class Entries:
    """How the entries of one cache are written and read."""

    def __init__(self, serializer: Serializer, types: Types, secret: bytes | str | None) -> None:
        self._serializer = serializer
        self._errors = serializer if isinstance(serializer, Pickle) else Msgpack(types)
        if secret is not None and not secret:
            raise ValueError("a secret is not empty")
        self._secret = secret.encode() if isinstance(secret, str) else secret
        self._bare = isinstance(serializer, (Msgpack, Json, Pickle))
        """Its payloads can be told from everything else; those of others have a header in any case."""
        self.reads_plainly = secret is None and isinstance(serializer, Msgpack)
        """Bytes that begin above 0x7F can be given to msgpack as they are; what fails goes to `read`."""

    def write(self, key: str, entry: Entry) -> bytes:
        """The bytes of an entry under `key`; TypeError if the value has none."""
        value = entry.value
        if type(value) is int and entry.is_plain and value in INT64:
            return b"%d" % value
        data = (self._errors if entry.failed else self._serializer).dumps(value)
        if not (self._bare and entry.is_plain):
            header = packb([VERSION, entry.failed, entry.due, entry.deadline, entry.cost, dict(entry.tags)])
            if len(header) > 0xFFFF:
                raise TypeError("an entry has too many tags")
            data = b"\xc1h" + len(header).to_bytes(2, "big") + header + data
        return data if self._secret is None else b"\xc1s" + self._mac(key, data) + data

    def read(self, key: str, data: bytes) -> Entry:
        """The entry that is kept under `key`; Unreadable, or whatever a serializer raises."""
        return Entry(*self.parts(key, data))

    def parts(self, key: str, data: bytes) -> tuple[Any, bool, int, int, int, Mapping[str, str]]:
        """What an `Entry` is made of; for who only looks at it, and has no time for more."""
        if data.isdigit() or (data[:1] == b"-" and data[1:].isdigit()):
            return int(data), False, 0, 0, 0, NO_TAGS
        if self._secret is not None:
            if data[:2] != b"\xc1s" or not hmac.compare_digest(
                data[2 : MAC + 2], self._mac(key, data[MAC + 2 :])
            ):
                raise Unreadable("the signature is missing or wrong")
            data = data[MAC + 2 :]
        if data[:1] != b"\xc1":
            return self._serializer.loads(data), False, 0, 0, 0, NO_TAGS
        if data[:2] != b"\xc1h":
            raise Unreadable("the entry is signed, or of a later version")
        start = 4 + int.from_bytes(data[2:4], "big")
        version, failed, due, deadline, cost, tags = unpackb(data[4:start])
        if version != VERSION:
            raise Unreadable(f"the entry is of version {version}")
        value = (self._errors if failed else self._serializer).loads(data[start:])
        return value, failed, due, deadline, cost, tags

    def _mac(self, key: str, data: bytes) -> bytes:
        assert self._secret is not None
        return hmac.digest(self._secret, key.encode() + b"\0" + data, "sha256")
