"""Hashes. What has to do with deadlines of their fields is in `hash_expiry`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from sys import getsizeof
from typing import Any, Literal, TypeAlias, overload

from ..effects import effect
from ..encoding import (
    Encodable,
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
    ResponseError,
    wrong_arity,
)
from ..globs import compile_glob
from ..keyspace import Keyspace, T
from ..numbers import INT64_MAX, INT64_MIN, add_long_double, format_long_double, parse_int, parse_long_double
from ..structs.collection import weight
from ..structs.hash import Hash
from .strings import MAX_LENGTH

FieldMapping: TypeAlias = (
    Mapping[str, Encodable]
    | Mapping[bytes, Encodable]
    | Mapping[int, Encodable]
    | Mapping[Encodable, Encodable]
)


def _weight_of_field(held: Hash, field: bytes, text: bytes, deadline: int | None) -> int:
    old = held.fields.get(field)
    return getsizeof(text) + (getsizeof(field) if old is None else -getsizeof(old))


def _weight_of_removed(held: Hash, fields: list[bytes]) -> int:
    return -weight(fields) - weight(held.fields[field] for field in fields)


class Hashes(Keyspace[T]):
    """The commands of hashes that know of no deadlines, but for the effects: those give and take them."""

    # Reading

    def hget(self, name: Encodable, key: Encodable) -> T | None:
        """The value of the field `key`, or None. O(1)."""
        name = name.encode() if isinstance(name, str) else encode(name)
        field = key.encode() if isinstance(key, str) else encode(key)
        db = self._db
        if name not in db.deadlines:
            hash = db.data.get(name)
            # Without the lock deadlines are looked at before values, and writers change values first.
            if isinstance(hash, Hash) and hash.deadlines is None:
                text = hash.fields.get(field)
                if db.doubt is None or not db.doubt(name):
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
        if name not in db.deadlines:
            hash = db.data.get(name)
            if isinstance(hash, Hash) and hash.deadlines is None:
                found = field in hash.fields
                if db.doubt is None or not db.doubt(name):
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
            pieces = pieces_of("hset", key, value, mapping, items)
            return self._hset(encode(name), pairs_of("hset", pieces))
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
        refuse_long(pairs)
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
        pieces = pieces_of("hmset", None, None, mapping, None)
        self._hset(encode(name), pairs_of("hmset", pieces))
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

    def _remove_fields(self, key: bytes, fields: list[bytes]) -> None:
        self._effect_remove_fields(key, fields)
        if self._notify is not None:
            self._notify(b"hdel", key)

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

    # Effects

    @effect(30, on=Hash, weigh=_weight_of_field)
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

    @effect(32, on=Hash, weigh=_weight_of_removed)
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


def pieces_of(
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


def pairs_of(command: str, pieces: list[Any]) -> list[tuple[bytes, bytes]]:
    texts = encode_all(pieces)
    if len(texts) % 2:
        raise wrong_arity(command)
    return list(zip(texts[::2], texts[1::2], strict=True))


def refuse_long(pairs: list[tuple[bytes, bytes]]) -> None:
    if any(len(text) > MAX_LENGTH for _, text in pairs):
        raise ResponseError(STRING_TOO_LONG)
