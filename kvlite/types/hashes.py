"""Hashes, and the deadlines of their fields."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from enum import Enum
from functools import partial
from typing import Any, Literal, TypeAlias, overload

from .. import deadlines
from ..deadlines import Lifetime, lifetime, refuse_several
from ..effects import effect
from ..encoding import (
    AbsoluteExpiry,
    Encodable,
    Expiry,
    ScanCount,
    encode,
    encode_all,
    integer,
    keys_of,
    scan_count,
    scan_cursor,
)
from ..errors import (
    INCREMENT_NOT_FINITE,
    INCREMENT_OVERFLOWS,
    NOT_A_FLOAT,
    NOT_AN_INTEGER,
    OUT_OF_RANGE,
    STRING_TOO_LONG,
    DataError,
    PersistenceError,
    ResponseError,
    invalid_expire,
    wrong_arity,
)
from ..globs import compile_glob
from ..keyspace import Keyspace, T
from ..numbers import INT64_MAX, INT64_MIN, add_long_double, format_long_double, parse_int, parse_long_double
from ..structs.hash import Hash
from .strings import MAX_LENGTH

FieldMapping: TypeAlias = (
    Mapping[str, Encodable]
    | Mapping[bytes, Encodable]
    | Mapping[int, Encodable]
    | Mapping[Encodable, Encodable]
)
Condition: TypeAlias = Literal["nx", "xx", "gt", "lt"]

LAST_DEADLINE = (1 << 46) - 1
"""Redis keeps the deadline of a field in 46 bits."""
NO_FIELD, NOT_MET, DONE, REMOVED = -2, 0, 1, 2
"""What HEXPIRE says of each field."""
NO_DEADLINE = -1


class HashDataPersistOptions(Enum):
    """A condition of `hsetex`: FNX if none of the fields exists, FXX if all of them do."""

    FNX = "FNX"
    FXX = "FXX"


class Hashes(Keyspace[T]):
    """The hash commands."""

    # Reading

    def hget(self, name: Encodable, key: Encodable) -> T | None:
        """The value of the field `key`, or None. O(1)."""
        name = name.encode() if isinstance(name, str) else encode(name)
        field = key.encode() if isinstance(key, str) else encode(key)
        db = self._db
        if name not in db.special:
            hash = db.data.get(name)
            # Without the lock deadlines are looked at before values, and writers change values first.
            if isinstance(hash, Hash) and hash.deadlines is None:
                text = hash.fields.get(field)
                if not db.busy:
                    return text  # type: ignore[return-value]  # decoding stores have another `hget`
        return self._hget(name, field)  # type: ignore[return-value]

    def _hget(self, key: bytes, field: bytes) -> bytes | None:
        self._acquire()
        try:
            hash = self._read(key, Hash)
            return None if hash is None else hash.fields.get(field)
        finally:
            self._release()

    def hexists(self, name: Encodable, key: Encodable) -> bool:
        """Whether there is a field `key`. O(1)."""
        name = name.encode() if isinstance(name, str) else encode(name)
        field = key.encode() if isinstance(key, str) else encode(key)
        db = self._db
        if name not in db.special:
            hash = db.data.get(name)
            if isinstance(hash, Hash) and hash.deadlines is None:
                found = field in hash.fields
                if not db.busy:
                    return found
        return self._hget(name, field) is not None

    def hstrlen(self, name: Encodable, key: Encodable) -> int:
        """The length of the value of the field `key` in bytes, 0 if there is none. O(1)."""
        return self._hstrlen(encode(name), encode(key))

    def _hstrlen(self, key: bytes, field: bytes) -> int:
        return len(self._hget(key, field) or b"")

    def hlen(self, name: Encodable) -> int:
        """The number of fields, 0 for a missing key. O(1)."""
        return self._hlen(encode(name))

    def _hlen(self, key: bytes) -> int:
        self._acquire()
        try:
            hash = self._read(key, Hash)
            return 0 if hash is None else len(hash.fields)
        finally:
            self._release()

    def hmget(
        self, name: Encodable, keys: Encodable | Iterable[Encodable], *args: Encodable
    ) -> list[T | None]:
        """The values of several fields, None for each that is missing. O(keys)."""
        name = encode(name)
        fields = keys_of(keys, args)
        if not fields:
            raise wrong_arity("hmget")
        return self._many_maybe(self._hmget(name, fields))

    def _hmget(self, key: bytes, fields: list[bytes]) -> list[bytes | None]:
        self._acquire()
        try:
            hash = self._read(key, Hash)
            return [None] * len(fields) if hash is None else [hash.fields.get(field) for field in fields]
        finally:
            self._release()

    def hgetall(self, name: Encodable) -> dict[T, T]:
        """All fields with their values, in the order in which the fields came. O(n)."""
        return self._mapping(self._hgetall(encode(name)))

    def _hgetall(self, key: bytes) -> dict[bytes, bytes]:
        self._acquire()
        try:
            hash = self._read(key, Hash)
            return {} if hash is None else hash.fields.copy()
        finally:
            self._release()

    def hkeys(self, name: Encodable) -> list[T]:
        """All fields, in the order in which they came. O(n)."""
        return self._many(self._hkeys(encode(name)))

    def _hkeys(self, key: bytes) -> list[bytes]:
        self._acquire()
        try:
            hash = self._read(key, Hash)
            return [] if hash is None else list(hash.fields)
        finally:
            self._release()

    def hvals(self, name: Encodable) -> list[T]:
        """The values of all fields, in the order in which the fields came. O(n)."""
        return self._many(self._hvals(encode(name)))

    def _hvals(self, key: bytes) -> list[bytes]:
        self._acquire()
        try:
            hash = self._read(key, Hash)
            return [] if hash is None else list(hash.fields.values())
        finally:
            self._release()

    @overload
    def hrandfield(
        self, key: Encodable, count: None = None, withvalues: Literal[False] = False
    ) -> T | None: ...
    @overload
    def hrandfield(self, key: Encodable, count: int, withvalues: bool = False) -> list[T]: ...
    @overload
    def hrandfield(
        self, key: Encodable, count: int | None = None, withvalues: bool = False
    ) -> T | list[T] | None: ...
    def hrandfield(
        self, key: Encodable, count: int | None = None, withvalues: bool = False
    ) -> T | list[T] | None:
        """A field at random, or None. O(1).

        With a positive `count` a list of so many different fields, or of all there are; with a negative one
        each of `-count` fields is picked from all. O(count). With `withvalues` the value follows each field.
        """
        name = encode(key)
        if count is None:
            if withvalues:
                # Redis takes the word WITHVALUES for the count.
                integer("WITHVALUES")
            return self._maybe(self._hrandfield(name))
        pairs = self._hrandfields(name, integer(count), bool(withvalues))
        if withvalues:
            return self._many([text for pair in pairs for text in pair])
        return self._many([field for field, _ in pairs])

    def _hrandfield(self, key: bytes) -> bytes | None:
        self._acquire()
        try:
            hash = self._read(key, Hash)
            return None if hash is None else hash.choose(self._shared.random)
        finally:
            self._release()

    def _hrandfields(self, key: bytes, count: int, withvalues: bool) -> list[tuple[bytes, bytes]]:
        """Fields with their values; `withvalues` only makes the limits of `count` narrower, as in Redis."""
        if count < -INT64_MAX:
            raise ResponseError(f"{OUT_OF_RANGE}, value must between -{INT64_MAX} and {INT64_MAX}")
        if withvalues and abs(count) > INT64_MAX // 2:
            raise ResponseError(OUT_OF_RANGE)
        self._acquire()
        try:
            hash = self._read(key, Hash)
            if hash is None:
                return []
            pick = hash.sample if count >= 0 else hash.choices
            fields = hash.fields
            return [(field, fields[field]) for field in pick(self._shared.random, abs(count))]
        finally:
            self._release()

    @overload
    def hscan(
        self,
        name: Encodable,
        cursor: int = 0,
        match: Encodable | None = None,
        count: int | None = None,
        no_values: Literal[False] | None = None,
    ) -> tuple[int, dict[T, T]]: ...
    @overload
    def hscan(
        self,
        name: Encodable,
        cursor: int = 0,
        match: Encodable | None = None,
        count: int | None = None,
        *,
        no_values: Literal[True],
    ) -> tuple[int, list[T]]: ...
    @overload
    def hscan(
        self,
        name: Encodable,
        cursor: int = 0,
        match: Encodable | None = None,
        count: int | None = None,
        no_values: bool | None = None,
    ) -> tuple[int, dict[T, T]] | tuple[int, list[T]]: ...
    def hscan(
        self,
        name: Encodable,
        cursor: int = 0,
        match: Encodable | None = None,
        count: int | None = None,
        no_values: bool | None = None,
    ) -> tuple[int, dict[T, T]] | tuple[int, list[T]]:
        """The next cursor, 0 at the end, and some fields with their values. O(count).

        Begin with cursor 0. A field that is there from the first call to the last is returned at least once.
        `match` is a glob pattern for fields, `count` about how many to look at, 10 if not given; a hash
        that Redis would keep as a listpack comes at once. With `no_values` only the fields, as a list.
        """
        key, start = encode(name), encode(cursor)
        pattern = None if match is None else encode(match)
        limit = None if count is None else encode(count)
        following, page = self._hscan(key, scan_cursor(start), pattern, limit)
        if no_values:
            return following, self._many(list(page))
        return following, self._mapping(page)

    def _hscan(
        self, key: bytes, cursor: int, match: bytes | None, count: ScanCount
    ) -> tuple[int, dict[bytes, bytes]]:
        """As Redis does, `count` is only read when there is a hash to scan."""
        self._acquire()
        try:
            hash = self._read(key, Hash)
            if hash is None:
                return 0, {}
            following, page = hash.scan(cursor, scan_count(count))
            if match is not None:
                page = list(filter(compile_glob(match), page))
            fields = hash.fields
            return following, {field: fields[field] for field in page}
        finally:
            self._release()

    @overload
    def hscan_iter(
        self,
        name: Encodable,
        match: Encodable | None = None,
        count: int | None = None,
        no_values: Literal[False] | None = None,
    ) -> Iterator[tuple[T, T]]: ...
    @overload
    def hscan_iter(
        self,
        name: Encodable,
        match: Encodable | None = None,
        count: int | None = None,
        *,
        no_values: Literal[True],
    ) -> Iterator[T]: ...
    @overload
    def hscan_iter(
        self,
        name: Encodable,
        match: Encodable | None = None,
        count: int | None = None,
        no_values: bool | None = None,
    ) -> Iterator[tuple[T, T]] | Iterator[T]: ...
    def hscan_iter(
        self,
        name: Encodable,
        match: Encodable | None = None,
        count: int | None = None,
        no_values: bool | None = None,
    ) -> Iterator[tuple[T, T]] | Iterator[T]:
        """All fields with their values, or without with `no_values`, by one `hscan` after the other."""
        return self._hscan_all(name, match, count, bool(no_values))

    def _hscan_all(
        self, name: Encodable, match: Encodable | None, count: int | None, no_values: bool
    ) -> Iterator[Any]:
        cursor = 0
        while True:
            cursor, page = self.hscan(name, cursor, match, count, no_values)
            yield from page.items() if isinstance(page, dict) else page
            if cursor == 0:
                return

    # Writing

    def hset(
        self,
        name: Encodable,
        key: Encodable | None = None,
        value: Encodable | None = None,
        mapping: FieldMapping | None = None,
        items: Sequence[Encodable] | None = None,
    ) -> int:
        """Give fields values; the number of fields that are new. O(fields).

        One field as `key` and `value`, several as `mapping` or as `items`, a flat list of fields and values.
        A field that had a deadline lives on without.
        """
        if key is None or mapping or items:
            pieces = _pieces("hset", key, value, mapping, items)
            return self._hset(encode(name), _pairs("hset", pieces))
        name = name.encode() if isinstance(name, str) else encode(name)
        field = key.encode() if isinstance(key, str) else encode(key)
        text = value if isinstance(value, bytes) else encode(value)  # type: ignore[arg-type]  # None is refused
        fits = len(text) <= self._shared.limits.hash_text_in_place
        if not fits and len(text) > MAX_LENGTH:
            raise ResponseError(STRING_TOO_LONG)
        acquire = self._acquire
        acquire()
        try:
            if self._shared.next_due is not None:
                self._reap()
            db = self._db
            hash = db.data.get(name)
            if type(hash) is Hash and hash.deadlines is None and name not in db.special:
                values = hash.fields
                if self._unobserved and field in values and (fits or hash.dense is not None):
                    values[field] = text
                    return 0
            else:
                self._held(name, Hash)
            new = self._effect_field(name, field, text, None)
            if self._notify is not None:
                self._notify(b"hset", name)
            return new
        finally:
            release = self._release
            release()

    def _hset(self, key: bytes, pairs: list[tuple[bytes, bytes]]) -> int:
        _refuse_long(pairs)
        self._acquire()
        try:
            self._write(key, Hash)
            new = self._effect_fields(key, pairs, None)
            if self._notify is not None:
                self._notify(b"hset", key)
            return new
        finally:
            self._release()

    def hmset(self, name: Encodable, mapping: FieldMapping) -> bool:
        """`hset` with a mapping, under its old name. True."""
        if not mapping:
            raise DataError("'hmset' with 'mapping' of length 0")
        pieces = _pieces("hmset", None, None, mapping, None)
        self._hset(encode(name), _pairs("hmset", pieces))
        return True

    def hsetnx(self, name: Encodable, key: Encodable, value: Encodable) -> int:
        """Give the field `key` a value if it does not exist; 1 if it was given, else 0. O(1)."""
        return self._hsetnx(encode(name), encode(key), encode(value))

    def _hsetnx(self, key: bytes, field: bytes, text: bytes) -> int:
        if len(text) > MAX_LENGTH:
            raise ResponseError(STRING_TOO_LONG)
        self._acquire()
        try:
            hash = self._write(key, Hash)
            if hash is not None and field in hash.fields:
                return 0
            self._effect_field(key, field, text, None)
            if self._notify is not None:
                self._notify(b"hset", key)
            return 1
        finally:
            self._release()

    def hdel(self, name: Encodable, *keys: Encodable) -> int:
        """Remove fields; how many there were. O(keys)."""
        name = encode(name)
        fields = encode_all(keys)
        if not fields:
            raise wrong_arity("hdel")
        return self._hdel(name, fields)

    def _hdel(self, key: bytes, fields: list[bytes]) -> int:
        self._acquire()
        try:
            hash = self._write(key, Hash)
            if hash is None:
                return 0
            found = [field for field in dict.fromkeys(fields) if field in hash.fields]
            if found:
                self._remove_fields(key, found)
            return len(found)
        finally:
            self._release()

    # Counting

    def hincrby(self, name: Encodable, key: Encodable, amount: int = 1) -> int:
        """Add `amount` to the number in the field `key`, 0 if missing; the sum. O(1).

        A ResponseError if there is no integer, or the sum would leave 64 bits. The field keeps its deadline.
        """
        name = name.encode() if isinstance(name, str) else encode(name)
        field = key.encode() if isinstance(key, str) else encode(key)
        return self._hincrby(name, field, amount if type(amount) is int else integer(amount))

    def _hincrby(self, key: bytes, field: bytes, amount: int) -> int:
        if not INT64_MIN <= amount <= INT64_MAX:
            raise ResponseError(NOT_AN_INTEGER)
        self._acquire()
        try:
            hash = self._write(key, Hash)
            text = None if hash is None else hash.fields.get(field)
            number = 0 if text is None else parse_int(text)
            if number is None:
                raise ResponseError("hash value is not an integer")
            number += amount
            if not INT64_MIN <= number <= INT64_MAX:
                raise ResponseError(INCREMENT_OVERFLOWS)
            deadline = None if hash is None or hash.deadlines is None else hash.deadlines.get(field)
            self._effect_field(key, field, b"%d" % number, deadline)
            if self._notify is not None:
                self._notify(b"hincrby", key)
            return number
        finally:
            self._release()

    def hincrbyfloat(self, name: Encodable, key: Encodable, amount: float = 1.0) -> float:
        """Add `amount` to the number in the field `key`, 0 if missing; the sum. O(1).

        Counted and kept as Redis does, in 80-bit long doubles printed with 17 decimals: 0.1 + 0.2 is 0.3.
        The field keeps its deadline.
        """
        return float(self._hincrbyfloat(encode(name), encode(key), encode(amount)))

    def _hincrbyfloat(self, key: bytes, field: bytes, amount: bytes) -> bytes:
        increment = parse_long_double(amount)
        if increment is None:
            raise ResponseError(NOT_A_FLOAT)
        if increment.is_infinite:
            raise ResponseError("value is NaN or Infinity")
        self._acquire()
        try:
            hash = self._write(key, Hash)
            text = None if hash is None else hash.fields.get(field)
            number = parse_long_double(b"0" if text is None else text)
            if number is None:
                raise ResponseError("hash value is not a float")
            total = add_long_double(number, increment)
            if total is None:
                raise ResponseError(INCREMENT_NOT_FINITE)
            result = format_long_double(total)
            self._effect_field(key, field, result, None if hash is None else hash.deadline(field))
            if self._notify is not None:
                self._notify(b"hincrbyfloat", key)
            return result
        finally:
            self._release()

    # Deadlines of fields

    def hexpire(
        self,
        name: Encodable,
        seconds: Expiry,
        *fields: Encodable,
        nx: bool = False,
        xx: bool = False,
        gt: bool = False,
        lt: bool = False,
    ) -> list[int]:
        """Let fields live for `seconds` from now. O(fields * log n).

        For each field: 1 if it got the deadline, 2 if that had passed and the field was removed, 0 if the
        condition was not met, -2 if there is no such field. Conditions: `nx` where there is no deadline, `xx`
        where there is one, `gt` and `lt` where the new one is later or earlier; having none counts as never.
        """
        condition = _condition(nx, xx, gt, lt)
        key, amount, names = _expiry(name, deadlines.seconds(seconds), fields, condition, "hexpire")
        return self._hexpire(key, Lifetime(amount, 1000, absolute=False), names, condition, "hexpire")

    def hpexpire(
        self,
        name: Encodable,
        milliseconds: Expiry,
        *fields: Encodable,
        nx: bool = False,
        xx: bool = False,
        gt: bool = False,
        lt: bool = False,
    ) -> list[int]:
        """`hexpire` in milliseconds."""
        condition = _condition(nx, xx, gt, lt)
        key, amount, names = _expiry(
            name, deadlines.milliseconds(milliseconds), fields, condition, "hpexpire"
        )
        return self._hexpire(key, Lifetime(amount, 1, absolute=False), names, condition, "hpexpire")

    def hexpireat(
        self,
        name: Encodable,
        unix_time_seconds: AbsoluteExpiry,
        *fields: Encodable,
        nx: bool = False,
        xx: bool = False,
        gt: bool = False,
        lt: bool = False,
    ) -> list[int]:
        """`hexpire` until a Unix time in seconds."""
        condition = _condition(nx, xx, gt, lt)
        when = deadlines.unix_seconds(unix_time_seconds)
        key, amount, names = _expiry(name, when, fields, condition, "hexpireat")
        return self._hexpire(key, Lifetime(amount, 1000, absolute=True), names, condition, "hexpireat")

    def hpexpireat(
        self,
        name: Encodable,
        unix_time_milliseconds: AbsoluteExpiry,
        *fields: Encodable,
        nx: bool = False,
        xx: bool = False,
        gt: bool = False,
        lt: bool = False,
    ) -> list[int]:
        """`hexpire` until a Unix time in milliseconds."""
        condition = _condition(nx, xx, gt, lt)
        when = deadlines.unix_milliseconds(unix_time_milliseconds)
        key, amount, names = _expiry(name, when, fields, condition, "hpexpireat")
        return self._hexpire(key, Lifetime(amount, 1, absolute=True), names, condition, "hpexpireat")

    def _hexpire(
        self, key: bytes, life: Lifetime, fields: list[bytes], condition: Condition | None, command: str
    ) -> list[int]:
        self._acquire()
        try:
            hash = self._write(key, Hash)
            now = self._shared.now()
            deadline = field_deadline(life, now, command)
            if hash is None:
                return [NO_FIELD] * len(fields)
            gone = deadline <= now
            done: dict[bytes, None] = {}
            answers = []
            for field in fields:
                if field not in hash.fields or (gone and field in done):
                    answers.append(NO_FIELD)
                elif not _meets(condition, deadline if field in done else hash.deadline(field), deadline):
                    answers.append(NOT_MET)
                else:
                    done[field] = None
                    answers.append(REMOVED if gone else DONE)
            if done and gone:
                self._remove_fields(key, list(done))
            elif done:
                self._let_fields_live(key, list(done), deadline)
            return answers
        finally:
            self._release()

    def hpersist(self, name: Encodable, *fields: Encodable) -> list[int]:
        """Let fields live for ever. O(fields).

        For each field: 1 if it had a deadline, -1 if it had none, -2 if there is no such field.
        """
        name = encode(name)
        return self._hpersist(name, _fields("hpersist", fields))

    def _hpersist(self, key: bytes, fields: list[bytes]) -> list[int]:
        self._acquire()
        try:
            hash = self._write(key, Hash)
            if hash is None:
                return [NO_FIELD] * len(fields)
            done: dict[bytes, None] = {}
            answers = []
            for field in fields:
                if field not in hash.fields:
                    answers.append(NO_FIELD)
                elif field in done or hash.deadline(field) is None:
                    answers.append(NO_DEADLINE)
                else:
                    done[field] = None
                    answers.append(DONE)
            if done:
                self._let_fields_live(key, list(done), None)
            return answers
        finally:
            self._release()

    def httl(self, key: Encodable, *fields: Encodable) -> list[int]:
        """How many seconds fields have left, rounded up. O(fields).

        -1 for a field without a deadline, -2 where there is no such field.
        """
        name = encode(key)
        return self._httl(name, _fields("httl", fields), 1000, absolute=False)

    def hpttl(self, key: Encodable, *fields: Encodable) -> list[int]:
        """`httl` in milliseconds."""
        name = encode(key)
        return self._httl(name, _fields("hpttl", fields), 1, absolute=False)

    def hexpiretime(self, key: Encodable, *fields: Encodable) -> list[int]:
        """The Unix times in seconds, rounded up, until which fields live; -1 and -2 as in `httl`."""
        name = encode(key)
        return self._httl(name, _fields("hexpiretime", fields), 1000, absolute=True)

    def hpexpiretime(self, key: Encodable, *fields: Encodable) -> list[int]:
        """The Unix times in milliseconds until which fields live; -1 and -2 as in `httl`."""
        name = encode(key)
        return self._httl(name, _fields("hpexpiretime", fields), 1, absolute=True)

    def _httl(self, key: bytes, fields: list[bytes], unit: int, absolute: bool) -> list[int]:
        """`unit` is how many milliseconds one of the answers is."""
        self._acquire()
        try:
            hash = self._read(key, Hash)
            start = 0 if absolute else self._shared.now()
            answers = []
            for field in fields:
                if hash is None or field not in hash.fields:
                    answers.append(NO_FIELD)
                else:
                    deadline = hash.deadline(field)
                    answers.append(NO_DEADLINE if deadline is None else -((start - deadline) // unit))
            return answers
        finally:
            self._release()

    def hgetdel(self, name: Encodable, *keys: Encodable) -> list[T | None]:
        """Remove fields; their values, None for each that was missing. O(keys)."""
        if not keys:
            raise DataError("'hgetdel' should have at least one key provided")
        name = encode(name)
        return self._many_maybe(self._hgetdel(name, encode_all(keys)))

    def _hgetdel(self, key: bytes, fields: list[bytes]) -> list[bytes | None]:
        self._acquire()
        try:
            hash = self._write(key, Hash)
            if hash is None:
                return [None] * len(fields)
            found: dict[bytes, None] = {}
            values = []
            for field in fields:
                values.append(None if field in found else hash.fields.get(field))
                if field in hash.fields:
                    found[field] = None
            if found:
                self._remove_fields(key, list(found))
            return values
        finally:
            self._release()

    def hgetex(
        self,
        name: Encodable,
        *keys: Encodable,
        ex: Expiry | None = None,
        px: Expiry | None = None,
        exat: AbsoluteExpiry | None = None,
        pxat: AbsoluteExpiry | None = None,
        persist: bool = False,
    ) -> list[T | None]:
        """The values of fields, None for each that is missing; they get a new lifetime. O(keys * log n).

        `ex` is in seconds, `px` in milliseconds, `exat` and `pxat` are Unix times; what lies in the past
        removes the field. `persist` takes the deadline away.
        """
        if not keys:
            raise DataError("'hgetex' should have at least one key provided")
        refuse_several(ex, px, exat, pxat, persist=persist)
        life = lifetime(ex, px, exat, pxat)
        name, amount = encode(name), None if life is None else encode(life.amount)
        fields = encode_all(keys)
        return self._many_maybe(self._hgetex(name, fields, _sent(life, amount), bool(persist)))

    def _hgetex(
        self, key: bytes, fields: list[bytes], life: Lifetime | None, persist: bool
    ) -> list[bytes | None]:
        self._acquire()
        try:
            hash = self._write(key, Hash)
            now = self._shared.now()
            deadline = None if life is None else field_deadline(life, now, "hgetex")
            if hash is None:
                return [None] * len(fields)
            values = [hash.fields.get(field) for field in fields]
            found = [field for field in dict.fromkeys(fields) if field in hash.fields]
            if deadline is not None and deadline <= now:
                for place, field in enumerate(fields):
                    if field in fields[:place]:
                        values[place] = None
                if found:
                    self._remove_fields(key, found)
            elif deadline is not None or persist:
                if deadline is None:
                    found = [field for field in found if hash.deadline(field) is not None]
                if found:
                    self._let_fields_live(key, found, deadline)
            return values
        finally:
            self._release()

    def hsetex(
        self,
        name: Encodable,
        key: Encodable | None = None,
        value: Encodable | None = None,
        mapping: FieldMapping | None = None,
        items: Sequence[Encodable] | None = None,
        ex: Expiry | None = None,
        px: Expiry | None = None,
        exat: AbsoluteExpiry | None = None,
        pxat: AbsoluteExpiry | None = None,
        data_persist_option: Enum | None = None,
        keepttl: bool = False,
    ) -> int:
        """Give fields values and a lifetime; 1, or 0 if the condition was not met. O(fields * log n).

        Fields as in `hset`, lifetimes as in `hgetex`; `keepttl` leaves the deadlines there are, and without
        any of these they are taken away. `data_persist_option` is one of `HashDataPersistOptions`.
        """
        pieces = _pieces("hsetex", key, value, mapping, items)
        if items and len(items) % 2 != 0:
            raise DataError(
                "'hsetex' with odd number of items. 'items' must contain a list of key/value pairs."
            )
        refuse_several(ex, px, exat, pxat, keepttl=keepttl)
        life = lifetime(ex, px, exat, pxat)
        name, amount = encode(name), None if life is None else encode(life.amount)
        option = encode(data_persist_option.value) if data_persist_option else None
        pairs = _pairs("hsetex", pieces)
        return self._hsetex(name, pairs, _sent(life, amount), bool(keepttl), _exist(option))

    def _hsetex(
        self,
        key: bytes,
        pairs: list[tuple[bytes, bytes]],
        life: Lifetime | None,
        keepttl: bool = False,
        exist: bool | None = None,
    ) -> int:
        """`exist` says whether all of the fields, or none of them, must be there."""
        _refuse_long(pairs)
        self._acquire()
        try:
            now = self._shared.now()
            deadline = None if life is None else field_deadline(life, now, "hsetex")
            hash = self._write(key, Hash)
            if exist is not None and any(
                (hash is not None and field in hash.fields) is not exist for field, _ in pairs
            ):
                return 0
            if deadline is not None and deadline <= now:
                if hash is not None:
                    found = [field for field in dict(pairs) if field in hash.fields]
                    if found:
                        self._remove_fields(key, found)
                return 1
            if keepttl and hash is not None and hash.deadlines is not None:
                self._begin()
                try:
                    for field, text in pairs:
                        self._effect_field(key, field, text, hash.deadline(field))
                finally:
                    self._end()
            else:
                self._effect_fields(key, pairs, deadline)
            if self._notify is not None:
                self._notify(b"hset", key)
                if deadline is not None:
                    self._notify(b"hexpire", key)
            return 1
        finally:
            self._release()

    def _hcheck(self, key: bytes) -> None:
        """WRONGTYPE if something else than a hash is at `key`."""
        self._acquire()
        try:
            self._held(key, Hash)
        finally:
            self._release()

    def _remove_fields(self, key: bytes, fields: list[bytes]) -> None:
        self._effect_remove_fields(key, fields)
        if self._notify is not None:
            self._notify(b"hdel", key)

    def _let_fields_live(self, key: bytes, fields: list[bytes], deadline: int | None) -> None:
        self._effect_field_deadline(key, fields, deadline)
        if self._notify is not None:
            self._notify(b"hpersist" if deadline is None else b"hexpire", key)

    def _expire_fields(self, key: bytes, limit: int | None = None) -> None:
        db = self._db
        now = self._shared.now()
        if db.field_deadlines[key] > now:
            return
        hash = db.data.get(key)
        first = hash.next_due() if isinstance(hash, Hash) else None
        if isinstance(hash, Hash) and first is not None and first[0] <= now:
            # Where nothing may change, the dead are cleared away unannounced: nobody can tell.
            frozen = self._shared.frozen
            remove = partial(Hashes._effect_remove_fields, self) if frozen else self._effect_remove_fields
            self._begin()
            try:
                while first is not None and first[0] <= now and limit != 0:
                    remove(key, [first[1]])
                    first = hash.next_due()
                    if limit is not None:
                        limit -= 1
                if self._notify is not None and not frozen:
                    self._notify(b"hexpired", key)
            finally:
                with suppress(PersistenceError):  # nothing is lost if dead fields stay in the files
                    self._end()
        db.set_field_deadline(key, None if first is None else first[0])

    # Effects

    @effect(30, on=Hash)
    def _effect_field(self, key: bytes, field: bytes, text: bytes, deadline: int | None) -> int:
        """Give `field` of the hash at `key` this value, to live until `deadline`; 1 if it is new, else 0."""
        hash: Any = self._db.data.get(key)
        born = hash is None
        if born:
            hash = Hash()
        new = int(hash.put(field, text, self._shared.limits))
        if born:
            self._birth(key, hash)
        if deadline is not None or hash.deadlines is not None:
            self._schedule_fields(key, hash, [field], deadline)
        return new

    @effect(31, on=Hash)
    def _effect_fields(self, key: bytes, pairs: Sequence[tuple[bytes, bytes]], deadline: int | None) -> int:
        """`_effect_field` for several fields with one deadline; how many are new."""
        hash: Any = self._db.data.get(key)
        if hash is None:
            return self._fields_of_new(key, pairs, deadline)
        new, limits = 0, self._shared.limits
        for field, text in pairs:
            new += hash.put(field, text, limits)
        if deadline is not None or hash.deadlines is not None:
            self._schedule_fields(key, hash, [field for field, _ in pairs], deadline)
        return new

    @effect(32, on=Hash)
    def _effect_remove_fields(self, key: bytes, fields: list[bytes]) -> None:
        """Remove `fields`, which are there, from the hash at `key`, and the key with its last field."""
        db = self._db
        hash: Any = db.data[key]
        for field in fields:
            hash.remove(field)
        if not hash.fields:
            db.remove(key)
        elif hash.deadlines is None and key in db.field_deadlines:
            db.set_field_deadline(key, None)

    @effect(33, on=Hash)
    def _effect_field_deadline(self, key: bytes, fields: list[bytes], deadline: int | None) -> None:
        """Let `fields`, which are there, of the hash at `key` live until `deadline`, or for ever."""
        hash: Any = self._db.data[key]
        if not hash.fields.keys() >= set(fields):
            raise KeyError(key)
        self._schedule_fields(key, hash, fields, deadline)

    def _fields_of_new(self, key: bytes, pairs: Sequence[tuple[bytes, bytes]], deadline: int | None) -> int:
        hash = Hash(pairs, self._shared.limits)
        self._birth(key, hash)
        if deadline is not None:
            self._schedule_fields(key, hash, list(hash.fields), deadline)
        return len(hash.fields)

    def _schedule_fields(self, key: bytes, hash: Hash, fields: list[bytes], deadline: int | None) -> None:
        for field in fields:
            hash.set_deadline(field, deadline)
        db = self._db
        if deadline is not None:
            earliest = db.field_deadlines.get(key)
            if earliest is None or deadline < earliest:
                db.set_field_deadline(key, deadline)
                self._shared.schedule(deadline)
        elif hash.deadlines is None and key in db.field_deadlines:
            db.set_field_deadline(key, None)


# Arguments, as redis-py takes them


def _pieces(
    command: str,
    key: Encodable | None,
    value: Encodable | None,
    mapping: FieldMapping | None,
    items: Sequence[Encodable] | None,
) -> list[Any]:
    """Fields and values in the order in which redis-py would send them."""
    if key is None and not mapping and not items:
        raise DataError(f"'{command}' with no key value pairs")
    pieces: list[Any] = list(items) if items else []
    if key is not None:
        pieces += (key, value)
    if mapping:
        for pair in mapping.items():
            pieces += pair
    return pieces


def _pairs(command: str, pieces: list[Any]) -> list[tuple[bytes, bytes]]:
    texts = encode_all(pieces)
    if len(texts) % 2:
        raise wrong_arity(command)
    return list(zip(texts[::2], texts[1::2], strict=True))


def _refuse_long(pairs: list[tuple[bytes, bytes]]) -> None:
    if any(len(text) > MAX_LENGTH for _, text in pairs):
        raise ResponseError(STRING_TOO_LONG)


def _fields(command: str, fields: Iterable[Encodable]) -> list[bytes]:
    names = encode_all(fields)
    if not names:
        raise wrong_arity(command)
    return names


def _condition(nx: bool, xx: bool, gt: bool, lt: bool) -> Condition | None:
    if sum((nx, xx, gt, lt)) > 1:
        raise ValueError("Only one of 'nx', 'xx', 'gt', 'lt' can be specified.")
    return "nx" if nx else "xx" if xx else "gt" if gt else "lt" if lt else None


def _expiry(
    name: Encodable,
    amount: Encodable,
    fields: Iterable[Encodable],
    condition: Condition | None,
    command: str,
) -> tuple[bytes, bytes, list[bytes]]:
    key, text, names = encode(name), encode(amount), encode_all(fields)
    if not names:
        if condition is None:
            raise wrong_arity(command)
        raise ResponseError("Parameter `numFields` should be greater than 0")
    return key, text, names


def _sent(life: Lifetime | None, amount: bytes | None) -> Lifetime | None:
    """`life` with its amount as it is sent."""
    return None if life is None or amount is None else Lifetime(amount, life.unit, life.absolute)


def _exist(option: bytes | None) -> bool | None:
    if option is None:
        return None
    if option.upper() not in (b"FNX", b"FXX"):
        raise ResponseError(f"unknown argument: {option.decode(errors='replace')}")
    return option.upper() == b"FXX"


def field_deadline(life: Lifetime, now: int, command: str) -> int:
    """As `Lifetime.deadline`, by the rules for fields: 0 is a time, and 46 bits are all there is."""
    amount = integer(life.amount)
    start = 0 if life.absolute else now
    if amount < 0:
        raise ResponseError("invalid expire time, must be >= 0")
    if amount > LAST_DEADLINE // life.unit or amount * life.unit > LAST_DEADLINE - start:
        raise invalid_expire(command)
    return start + amount * life.unit


def _meets(condition: Condition | None, old: int | None, new: int) -> bool:
    if condition is None:
        return True
    if old is None:
        return condition in ("nx", "lt")
    return condition == "xx" or (condition == "gt" and new > old) or (condition == "lt" and new < old)
