"""Strings: bytes, counters and growing buffers.

A string is kept as `bytes`; as an `int` after it was counted with, so that INCR neither reads nor writes
digits; as a `bytearray` after it was appended to or written into, so that it grows in place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, TypeVar, overload

from ..database import Database, Text, Value
from ..deadlines import Lifetime, lifetime, milliseconds, refuse_several, seconds
from ..effects import effect
from ..encoding import AbsoluteExpiry, Encodable, Expiry, encode, integer, keys_of
from ..errors import (
    DECREMENT_OVERFLOWS,
    INCREMENT_NOT_FINITE,
    INCREMENT_OVERFLOWS,
    NOT_A_FLOAT,
    NOT_AN_INTEGER,
    OFFSET_OUT_OF_RANGE,
    STRING_TOO_LONG,
    SYNTAX,
    WRONG_TYPE,
    DataError,
    ResponseError,
    wrong_arity,
)
from ..keyspace import Keyspace, T
from ..numbers import INT64_MAX, INT64_MIN, add_long_double, format_long_double, parse_int, parse_long_double
from ..structs import Collection

if TYPE_CHECKING:
    from ..structs.subsequence import Match

K = TypeVar("K", bound=Encodable)

MAX_LENGTH = 512 * 1024 * 1024
WIDEST_FIELD = 8
"""So many bytes a field that begins within the largest string may end behind it."""
LCS_LENGTH_AND_RANGES = "If you want both the length and indexes, please just use IDX."


def text_of(value: Value) -> bytes:
    """The bytes of a string, however it is kept; WRONGTYPE for anything else."""
    if type(value) is bytes:
        return value
    if isinstance(value, int):
        return b"%d" % value
    if isinstance(value, (bytes, bytearray)):
        return bytes(value)
    raise ResponseError(WRONG_TYPE)


def length_of(value: Value) -> int:
    return len(value) if isinstance(value, bytearray) else len(text_of(value))


def matching_ranges(matches: Iterable[Match], least: int, withmatchlen: bool) -> list[list[list[int] | int]]:
    """Where two strings match, in both, as LCS lists it: matches of `least` bytes and more."""
    ranges: list[list[list[int] | int]] = []
    for match in matches:
        if match.length >= least:
            row: list[list[int] | int] = [
                [match.first, match.first + match.length - 1],
                [match.second, match.second + match.length - 1],
            ]
            ranges.append([*row, match.length] if withmatchlen else row)
    return ranges


class Strings(Keyspace[T]):
    """The string commands."""

    # Reading

    def get(self, name: Encodable) -> T | None:
        """The string at `name`, or None. O(1)."""
        key = name.encode() if isinstance(name, str) else encode(name)
        db = self._db
        if key in db.deadlines:
            return self._get_mortal(db, key)  # type: ignore[return-value]  # decoding stores have another
        value = db.data.get(key)
        if type(value) is bytes:
            if db.doubt is None or not db.doubt(key):
                return value  # type: ignore[return-value]
        elif value is None and self._notify is None and not db.busy:
            return None
        return self._get(key)  # type: ignore[return-value]

    def _get_mortal(self, db: Database, key: bytes) -> bytes | None:
        """`_get` of a key with a deadline, without the lock where that is not here yet."""
        deadline = db.deadlines.get(key)
        if deadline is not None and deadline > self._shared.now():
            value = db.data.get(key)
            if type(value) is bytes and (db.doubt is None or not db.doubt(key)):
                return value
        return self._get(key)

    def _get(self, key: bytes) -> bytes | None:
        self._acquire()
        try:
            return self._read_text(key)
        finally:
            self._release()

    def _read_text(self, key: bytes) -> bytes | None:
        value = self._look_up(key)
        return None if value is None else text_of(value)

    def _write_string(self, key: bytes) -> Value | None:
        """The string at `key`, as it is kept, for a command that may change it."""
        if self._shared.next_due is not None:
            self._reap()
        value = self._find(key)
        if isinstance(value, Collection):
            raise ResponseError(WRONG_TYPE)
        return value

    def _read_string(self, key: bytes) -> Value | None:
        """`_write_string` for a command that reads as well: that nothing is there is an event."""
        value = self._write_string(key)
        if value is None and self._notify is not None:
            self._notify(b"keymiss", key)
        return value

    def mget(self, keys: Encodable | Iterable[Encodable], *args: Encodable) -> list[T | None]:
        """The strings at several keys, None for a missing key or another type. O(keys)."""
        names = keys_of(keys, args)
        return self._many_maybe(self._mget(names)) if names else []

    def _mget(self, keys: list[bytes]) -> list[bytes | None]:
        self._acquire()
        try:
            values = list(map(self._look_up, keys))
        finally:
            self._release()
        return [
            None if value is None or isinstance(value, Collection) else text_of(value) for value in values
        ]

    def strlen(self, name: Encodable) -> int:
        """The length of the string at `name` in bytes, 0 if there is none. O(1)."""
        return self._strlen(encode(name))

    def _strlen(self, key: bytes) -> int:
        self._acquire()
        try:
            value = self._look_up(key)
            return 0 if value is None else length_of(value)
        finally:
            self._release()

    def getrange(self, key: Encodable, start: int, end: int) -> T:
        """The bytes from `start` to `end`, both included; negative ones count from the end. O(result)."""
        return self._one(self._getrange(encode(key), integer(start), integer(end)))

    def substr(self, name: Encodable, start: int, end: int = -1) -> T:
        """`getrange` under its old name."""
        return self._one(self._getrange(encode(name), integer(start), integer(end)))

    def _getrange(self, key: bytes, start: int, end: int) -> bytes:
        self._acquire()
        try:
            value = self._look_up(key)
            if value is None:
                return b""
            text = value if isinstance(value, bytearray) else text_of(value)
            length = len(text)
            if start < 0 and end < 0 and start > end:
                return b""
            first = max(0, start + length if start < 0 else start)
            last = max(0, end + length if end < 0 else end)
            return bytes(text[first : last + 1])
        finally:
            self._release()

    @overload
    def lcs(
        self,
        key1: Encodable,
        key2: Encodable,
        len: Literal[False] | None = False,
        idx: Literal[False] | None = False,
        minmatchlen: int | None = 0,
        withmatchlen: bool | None = False,
    ) -> T: ...
    @overload
    def lcs(
        self,
        key1: Encodable,
        key2: Encodable,
        len: Literal[True],
        idx: Literal[False] | None = False,
        minmatchlen: int | None = 0,
        withmatchlen: bool | None = False,
    ) -> int: ...
    @overload
    def lcs(
        self,
        key1: Encodable,
        key2: Encodable,
        len: bool | None = False,
        *,
        idx: Literal[True],
        minmatchlen: int | None = 0,
        withmatchlen: bool | None = False,
    ) -> list[T | int | list[list[list[int] | int]]]: ...
    @overload
    def lcs(
        self,
        key1: Encodable,
        key2: Encodable,
        len: bool | None = False,
        idx: bool | None = False,
        minmatchlen: int | None = 0,
        withmatchlen: bool | None = False,
    ) -> T | int | list[T | int | list[list[list[int] | int]]]: ...
    def lcs(
        self,
        key1: Encodable,
        key2: Encodable,
        len: bool | None = False,
        idx: bool | None = False,
        minmatchlen: int | None = 0,
        withmatchlen: bool | None = False,
    ) -> T | int | list[T | int | list[list[list[int] | int]]]:
        """The longest common subsequence of two strings. O(n * m).

        The subsequence itself; its length with `len`; with `idx` the matching ranges, last first, as
        Redis lists them: `[b"matches", [[[start1, end1], [start2, end2]], ...], b"len", length]`.
        """
        first, second = encode(key1), encode(key2)
        from ..structs.subsequence import common_subsequence  # rarely needed

        least = encode(minmatchlen) if minmatchlen else b"0"
        texts = self._lcs_texts(first, second)
        shortest = integer(least)
        if len and idx:
            raise ResponseError(LCS_LENGTH_AND_RANGES)
        text, matches = common_subsequence(*texts)
        if len:
            return text.__len__()
        if not idx:
            return self._one(text)
        ranges = matching_ranges(matches, shortest, bool(withmatchlen))
        return [self._one(b"matches"), ranges, self._one(b"len"), text.__len__()]

    def _lcs_texts(self, first: bytes, second: bytes) -> list[bytes]:
        self._acquire()
        try:
            values = [self._look_up(key) for key in (first, second)]
            if any(isinstance(value, Collection) for value in values):
                raise ResponseError("The specified keys must contain string values")
            return [b"" if value is None else text_of(value) for value in values]
        finally:
            self._release()

    # Writing

    @overload
    def set(
        self,
        name: Encodable,
        value: Encodable,
        ex: Expiry | None = None,
        px: Expiry | None = None,
        nx: bool = False,
        xx: bool = False,
        keepttl: bool = False,
        get: Literal[False] = False,
        exat: AbsoluteExpiry | None = None,
        pxat: AbsoluteExpiry | None = None,
        ifeq: Encodable | None = None,
        ifne: Encodable | None = None,
        ifdeq: str | None = None,
        ifdne: str | None = None,
    ) -> bool | None: ...
    @overload
    def set(
        self,
        name: Encodable,
        value: Encodable,
        ex: Expiry | None = None,
        px: Expiry | None = None,
        nx: bool = False,
        xx: bool = False,
        keepttl: bool = False,
        *,
        get: Literal[True],
        exat: AbsoluteExpiry | None = None,
        pxat: AbsoluteExpiry | None = None,
        ifeq: Encodable | None = None,
        ifne: Encodable | None = None,
        ifdeq: str | None = None,
        ifdne: str | None = None,
    ) -> T | None: ...
    @overload
    def set(
        self,
        name: Encodable,
        value: Encodable,
        ex: Expiry | None = None,
        px: Expiry | None = None,
        nx: bool = False,
        xx: bool = False,
        keepttl: bool = False,
        get: bool = False,
        exat: AbsoluteExpiry | None = None,
        pxat: AbsoluteExpiry | None = None,
        ifeq: Encodable | None = None,
        ifne: Encodable | None = None,
        ifdeq: str | None = None,
        ifdne: str | None = None,
    ) -> bool | T | None: ...
    def set(
        self,
        name: Encodable,
        value: Encodable,
        ex: Expiry | None = None,
        px: Expiry | None = None,
        nx: bool = False,
        xx: bool = False,
        keepttl: bool = False,
        get: bool = False,
        exat: AbsoluteExpiry | None = None,
        pxat: AbsoluteExpiry | None = None,
        ifeq: Encodable | None = None,
        ifne: Encodable | None = None,
        ifdeq: str | None = None,
        ifdne: str | None = None,
    ) -> bool | T | None:
        """Put a string at `name`, whatever was there. True, or None if a condition did not hold. O(1).

        `ex` and `px` let it live for so many seconds or milliseconds, `exat` and `pxat` until that Unix
        time; `keepttl` keeps the deadline there is. `nx` sets only a missing key, `xx` only an existing one,
        `ifeq` and `ifne` only where the old value is, or is not, this. With `get` the answer is the old
        string instead, or None; WRONGTYPE if it is none. `ifdeq` and `ifdne` are not supported.
        """
        key = name.encode() if isinstance(name, str) else encode(name)
        text = value if isinstance(value, bytes) else encode(value)
        if (
            nx
            or xx
            or get
            or keepttl
            or ex is not None
            or px is not None
            or exat is not None
            or pxat is not None
            or ifeq is not None
            or ifne is not None
            or ifdeq is not None
            or ifdne is not None
        ):
            refuse_several(ex, px, exat, pxat, keepttl=keepttl)
            conditions = (nx, xx, ifeq is not None, ifne is not None, ifdeq is not None, ifdne is not None)
            if sum(map(bool, conditions)) > 1:
                raise DataError(
                    "``nx``, ``xx``, ``ifeq``, ``ifne``, ``ifdeq``, ``ifdne`` are mutually exclusive."
                )
            if ifdeq is not None or ifdne is not None:
                raise ResponseError(SYNTAX)
            done, old = self._set(
                key,
                text,
                lifetime(ex, px, exat, pxat),
                keepttl=keepttl,
                exists=False if nx else True if xx else None,
                equal=None if ifeq is None else encode(ifeq),
                differs=None if ifne is None else encode(ifne),
                get=get,
            )
            return self._maybe(old) if get else done or None
        if len(text) > MAX_LENGTH:
            raise ResponseError(STRING_TOO_LONG)
        acquire = self._acquire
        acquire()
        try:
            if self._shared.next_due is not None:
                self._reap()
            db = self._db
            data = db.data
            if self._unobserved and key in data and key not in db.special:
                data[key] = text
            else:
                if db.uses is not None and key in data:
                    db.uses.note(key)
                self._effect_put(key, text, None)
                if self._notify is not None:
                    self._notify(b"set", key)
        finally:
            release = self._release
            release()
        return True

    def _set(
        self,
        key: bytes,
        text: bytes,
        life: Lifetime | None = None,
        *,
        keepttl: bool = False,
        exists: bool | None = None,
        equal: bytes | None = None,
        differs: bytes | None = None,
        get: bool = False,
        command: str = "set",
    ) -> tuple[bool, bytes | None]:
        """Whether it was set, and the old string where `get` asks for it."""
        if len(text) > MAX_LENGTH:
            raise ResponseError(STRING_TOO_LONG)
        self._acquire()
        try:
            deadline = None if life is None else life.deadline(self._shared.now(), command)
            self._reap()
            found = self._look_up(key) if get else self._find(key)
            old = None
            if found is not None and (get or equal is not None or differs is not None):
                old = text_of(found)
            if (
                (exists is not None and exists is (found is None))
                or (equal is not None and old != equal)
                or (differs is not None and old == differs)
            ):
                return False, old
            if keepttl:
                deadline = self._db.deadlines.get(key)
            self._effect_put(key, text, deadline)
            if self._notify is not None:
                self._notify(b"set", key)
                if life is not None:
                    self._notify(b"expire", key)
            return True, old
        finally:
            self._release()

    def setex(self, name: Encodable, time: Expiry, value: Encodable) -> bool:
        """Put a string that lives for `time` seconds. True. O(1)."""
        life = Lifetime(seconds(time), 1000, absolute=False)
        return self._set(encode(name), encode(value), life, command="setex")[0]

    def psetex(self, name: Encodable, time_ms: Expiry, value: Encodable) -> bool:
        """Put a string that lives for `time_ms` milliseconds. True. O(1)."""
        life = Lifetime(milliseconds(time_ms), 1, absolute=False)
        return self._set(encode(name), encode(value), life, command="psetex")[0]

    def setnx(self, name: Encodable, value: Encodable) -> bool:
        """Put a string only if there is nothing at `name`; whether it was put. O(1)."""
        return self._set(encode(name), encode(value), exists=False)[0]

    def getset(self, name: Encodable, value: Encodable) -> T | None:
        """Put a string; the old one, or None. WRONGTYPE if there is another type. O(1)."""
        return self._maybe(self._set(encode(name), encode(value), get=True)[1])

    def getdel(self, name: Encodable) -> T | None:
        """Remove the string at `name`; what it was, or None. O(1)."""
        return self._maybe(self._getdel(encode(name)))

    def _getdel(self, key: bytes) -> bytes | None:
        self._acquire()
        try:
            value = self._read_string(key)
            if value is None:
                return None
            self._effect_drop(key)
            if self._notify is not None:
                self._notify(b"del", key)
            return text_of(value)
        finally:
            self._release()

    def getex(
        self,
        name: Encodable,
        ex: Expiry | None = None,
        px: Expiry | None = None,
        exat: AbsoluteExpiry | None = None,
        pxat: AbsoluteExpiry | None = None,
        persist: bool = False,
    ) -> T | None:
        """The string at `name`, or None, with a new lifetime, or none with `persist`. O(1).

        `ex` is in seconds, `px` in milliseconds, `exat` and `pxat` are Unix times.
        """
        refuse_several(ex, px, exat, pxat, persist=persist)
        return self._maybe(self._getex(encode(name), lifetime(ex, px, exat, pxat), persist))

    def _getex(self, key: bytes, life: Lifetime | None, persist: bool) -> bytes | None:
        self._acquire()
        try:
            value = self._read_string(key)
            if value is None:
                return None
            if life is not None:
                now = self._shared.now()
                self._live_until(key, life.deadline(now, "getex"), now)
            elif persist:
                self._live_on(key)
            return text_of(value)
        finally:
            self._release()

    def mset(self, mapping: Mapping[K, Encodable]) -> bool:
        """Put several strings at once. True. O(keys)."""
        self._mset([(encode(key), encode(value)) for key, value in mapping.items()], "mset")
        return True

    def msetnx(self, mapping: Mapping[K, Encodable]) -> bool:
        """Put several strings at once, if none of the keys exists; whether they were put. O(keys)."""
        pairs = [(encode(key), encode(value)) for key, value in mapping.items()]
        return self._mset(pairs, "msetnx", only_new=True)

    def _mset(self, pairs: Sequence[tuple[bytes, bytes]], command: str, only_new: bool = False) -> bool:
        if not pairs:
            raise wrong_arity(command)
        if any(len(text) > MAX_LENGTH for _, text in pairs):
            raise ResponseError(STRING_TOO_LONG)
        self._acquire()
        try:
            self._reap()
            if only_new and any(self._peek(key) is not None for key, _ in pairs):
                return False
            self._begin()
            try:
                for key, text in pairs:
                    self._find(key)
                    self._effect_put(key, text, None)
                    if self._notify is not None:
                        self._notify(b"set", key)
            finally:
                self._end()
            return True
        finally:
            self._release()

    def append(self, key: Encodable, value: Encodable) -> int:
        """Add to the end of the string at `key`, made if missing; its new length. O(value), amortized."""
        return self._append(encode(key), encode(value))

    def _append(self, key: bytes, tail: bytes) -> int:
        self._acquire()
        try:
            value = self._write_string(key)
            if value is None:
                if len(tail) > MAX_LENGTH:
                    raise ResponseError(STRING_TOO_LONG)
                self._effect_put(key, tail, None)
                length = len(tail)
            else:
                length = length_of(value) + len(tail)
                if length > self._shared.limits.proto_max_bulk_len:
                    raise ResponseError(STRING_TOO_LONG)
                self._effect_append(key, tail)
            if self._notify is not None:
                self._notify(b"append", key)
            return length
        finally:
            self._release()

    def setrange(self, name: Encodable, offset: int, value: Encodable) -> int:
        """Write into the string from `offset` on, after zero bytes if it is shorter; its length. O(value)."""
        return self._setrange(encode(name), integer(offset), encode(value))

    def _setrange(self, key: bytes, offset: int, chunk: bytes) -> int:
        if offset < 0:
            raise ResponseError(OFFSET_OUT_OF_RANGE)
        self._acquire()
        try:
            value = self._write_string(key)
            length = 0 if value is None else length_of(value)
            if not chunk:
                return length
            if offset + len(chunk) > self._shared.limits.proto_max_bulk_len:
                raise ResponseError(STRING_TOO_LONG)
            if value is None:
                self._effect_put(key, bytes(offset) + chunk, None)
                self._to_buffer(key)
            else:
                start = min(length, offset)
                self._effect_overlay(key, start, bytes(offset - start) + chunk)
            if self._notify is not None:
                self._notify(b"setrange", key)
            return max(length, offset + len(chunk))
        finally:
            self._release()

    # Counting

    def incr(self, name: Encodable, amount: int = 1) -> int:
        """Add `amount` to the number at `name`, 0 if missing; the sum. O(1).

        A ResponseError if there is no integer, or the sum would leave 64 bits.
        """
        key = name.encode() if isinstance(name, str) else encode(name)
        if type(amount) is not int or not INT64_MIN <= amount <= INT64_MAX:
            return self._incr(key, integer(amount))
        acquire = self._acquire
        acquire()
        try:
            if self._shared.next_due is not None:
                self._reap()
            db = self._db
            number = db.data.get(key)
            if self._unobserved and type(number) is int and key not in db.special:
                number += amount
                if INT64_MIN <= number <= INT64_MAX:
                    db.data[key] = number
                    return number
            return self._incr(key, amount)
        finally:
            release = self._release
            release()

    def incrby(self, name: Encodable, amount: int = 1) -> int:
        """`incr`."""
        return self._incr(encode(name), integer(amount))

    def decr(self, name: Encodable, amount: int = 1) -> int:
        """Subtract `amount` from the number at `name`, 0 if missing; the difference. O(1)."""
        return self.decrby(name, amount)

    def decrby(self, name: Encodable, amount: int = 1) -> int:
        """`decr`."""
        decrement = integer(amount)
        if decrement == INT64_MIN:
            raise ResponseError(DECREMENT_OVERFLOWS)
        return self._incr(encode(name), -decrement)

    def _incr(self, key: bytes, amount: int) -> int:
        self._acquire()
        try:
            if self._shared.next_due is not None:
                self._reap()
            db = self._db
            value = self._find(key)
            if not isinstance(value, int):
                value = self._number(value)
            value += amount
            if not INT64_MIN <= value <= INT64_MAX:
                raise ResponseError(INCREMENT_OVERFLOWS)
            self._effect_put(key, value, db.deadlines.get(key))
            if self._notify is not None:
                self._notify(b"incrby", key)
            return value
        finally:
            self._release()

    @staticmethod
    def _number(value: Value | None) -> int:
        if value is None:
            return 0
        number = parse_int(text_of(value))
        if number is None:
            raise ResponseError(NOT_AN_INTEGER)
        return number

    def incrbyfloat(self, name: Encodable, amount: float = 1.0) -> float:
        """Add `amount` to the number at `name`, 0 if missing; the sum. O(1).

        Counted and kept as Redis does, in 80-bit long doubles printed with 17 decimals: 0.1 + 0.2 is 0.3.
        """
        return float(self._incrbyfloat(encode(name), encode(amount)))

    def _incrbyfloat(self, key: bytes, amount: bytes) -> bytes:
        self._acquire()
        try:
            value = self._write_string(key)
            number = parse_long_double(b"0" if value is None else text_of(value))
            increment = parse_long_double(amount)
            if number is None or increment is None:
                raise ResponseError(NOT_A_FLOAT)
            total = add_long_double(number, increment)
            if total is None:
                raise ResponseError(INCREMENT_NOT_FINITE)
            text = format_long_double(total)
            kept = text if b"." in text else Text(text)
            self._effect_put(key, kept, self._db.deadlines.get(key))
            if self._notify is not None:
                self._notify(b"incrbyfloat", key)
            return text
        finally:
            self._release()

    # Effects

    @effect(10)
    def _effect_put(self, key: bytes, text: bytes | int, deadline: int | None) -> None:
        """Make the string `text` the value of `key`, to live until `deadline` or for ever."""
        db = self._db
        if key in db.data:
            db.data[key] = text
            if self._watchers:
                self._went(key)
        else:
            db.add(key, text)
            if db.uses is not None:
                db.uses.born(key)
        if deadline is not None:
            db.set_deadline(key, deadline)
            self._shared.schedule(deadline)
        elif key in db.deadlines:
            del db.deadlines[key]

    @effect(11)
    def _effect_append(self, key: bytes, tail: bytes) -> None:
        """Add `tail` to the end of the string at `key`."""
        self._growing(key).extend(tail)

    @effect(12)
    def _effect_overlay(self, key: bytes, offset: int, chunk: bytes) -> None:
        """Write `chunk` into the string at `key`, from `offset` on, which is not behind its end."""
        text = self._growing(key)
        if not 0 <= offset <= len(text):
            raise ValueError("an offset beyond the end")
        text[offset : offset + len(chunk)] = chunk

    @effect(13)
    def _effect_write(self, key: bytes, chunks: dict[int, bytes]) -> None:
        """Write `chunks` into the string at `key`, made if missing, each from its offset on.

        Zeros fill what is then between them and the end that the string had.
        """
        ends = [at + len(chunk) for at, chunk in chunks.items()]
        if min(chunks) < 0 or max(ends) > MAX_LENGTH + WIDEST_FIELD:
            raise ValueError("an offset beyond the end")
        db = self._db
        size = max(ends)
        if key not in db.data:
            db.add(key, bytearray(size))
            if db.uses is not None:
                db.uses.born(key)
        text = self._growing(key)
        if len(text) < size:
            text.extend(bytes(size - len(text)))
        for at, chunk in chunks.items():
            text[at : at + len(chunk)] = chunk

    def _to_buffer(self, key: bytes) -> bytearray:
        """`_growing` outside of effects, which do not count then what it takes."""
        account, value = self._db.account, self._db.data[key]
        text = self._growing(key)
        if account is not None and value is not text:
            account.total += account.entered(key, text) - account.entered(key, value)
        return text

    def _growing(self, key: bytes) -> bytearray:
        """The string at `key` as a buffer that changes in place. For effects."""
        value = self._db.data[key]
        if isinstance(value, bytearray):
            return value
        text = bytearray(text_of(value))
        self._db.data[key] = text
        return text
