"""Keys: finding, removing, moving and copying them, and how long they live, whatever is in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Literal, overload

from .. import rdb
from ..database import Value
from ..deadlines import milliseconds, seconds, unix_milliseconds, unix_seconds
from ..encoding import AbsoluteExpiry, Encodable, Expiry, encode, encode_all, integer, scan_count, scan_cursor
from ..errors import (
    BUSY_KEY,
    DB_INDEX_OUT_OF_RANGE,
    NO_SUCH_KEY,
    SAME_OBJECT,
    SYNTAX,
    DataError,
    ResponseError,
    invalid_expire,
    wrong_arity,
)
from ..globs import compile_glob
from ..keyspace import Keyspace, T
from ..memory import SAMPLES, usage
from ..numbers import INT64_MAX, parse_int
from ..structs import Collection
from ..uses import Frequencies, Times

NO_IDLE_TIME = (
    "An LFU maxmemory policy is selected, idle time not tracked. Please note that when switching between "
    "policies at runtime LRU and LFU data will take some time to adjust."
)
LONGEST_INTEGER = 20
"""How many digits, with a sign, an integer of 64 bits has at most."""
EMBEDDED = 44
"""How many bytes of text fit beside the header of a string."""
SHARED_INTEGERS = 10_000
SHARED_REFERENCES = 2**31 - 1

NO_ACCESS_FREQUENCY = (
    "An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when "
    "switching between policies at runtime LRU and LFU data will take some time to adjust."
)


def kind_of(value: Value) -> bytes:
    """What TYPE says of a value."""
    return value.kind.encode() if isinstance(value, Collection) else b"string"


def encoding_of(value: Value) -> bytes:
    """What OBJECT ENCODING says of a value. O(1)."""
    return value.encoding if isinstance(value, Collection) else _encoding_of_string(value)


def _encoding_of_string(value: bytes | bytearray | int) -> bytes:
    if _integer_in(value) is not None:
        return b"int"
    return b"embstr" if isinstance(value, bytes) and len(value) <= EMBEDDED else b"raw"


def _integer_in(value: Value) -> int | None:
    """The number that Redis keeps such a string as, None where it keeps text."""
    if type(value) is bytes:
        return parse_int(value) if len(value) <= LONGEST_INTEGER else None
    return value if isinstance(value, int) else None


def references_to(value: Value) -> int:
    """What OBJECT REFCOUNT says of a value: small integers are shared by everybody in Redis."""
    number = _integer_in(value)
    if number is not None and 0 <= number < SHARED_INTEGERS:
        return SHARED_REFERENCES
    return 1


def idle_time(text: bytes) -> int:
    """The seconds of RESTORE's IDLETIME."""
    seconds = integer(text)
    if seconds < 0:
        raise ResponseError("Invalid IDLETIME value, must be >= 0")
    return seconds


def frequency_of(text: bytes) -> int:
    """The counter of RESTORE's FREQ."""
    frequency = integer(text)
    if not 0 <= frequency <= 255:
        raise ResponseError("Invalid FREQ value, must be >= 0 and <= 255")
    return frequency


def _whole(value: Any, refusal: str) -> int:
    """An integer in whatever form Python reads one."""
    try:
        return int(value)
    except ValueError:
        raise DataError(refusal) from None


def database_index(value: int | bytes, databases: int) -> int:
    """The number of one of `databases`, as COPY and MOVE read it."""
    index = integer(value)
    if not -(2**31) <= index < 2**31:
        raise ResponseError("value is out of range, value must between -2147483648 and 2147483647")
    if not 0 <= index < databases:
        raise ResponseError(DB_INDEX_OUT_OF_RANGE)
    return index


def _swapped_index(value: int | bytes, which: str) -> int:
    """The number of a database, as SWAPDB reads it: any that fits in 32 bits."""
    error = f"invalid {which} DB index"
    index = integer(value, error)
    if not -(2**31) <= index < 2**31:
        raise ResponseError(error)
    return index


class Keys(Keyspace[T]):
    """The generic key commands."""

    # Looking

    def exists(self, *names: Encodable) -> int:
        """How many of `names` exist; one that is named twice counts twice. O(names)."""
        if len(names) == 1:
            return int(names[0] in self)
        return self._exists(encode_all(names))

    def __contains__(self, name: Encodable) -> bool:
        """Whether there is something at `name`. O(1)."""
        key = name.encode() if isinstance(name, str) else encode(name)
        db = self._db
        if key not in db.deadlines and key not in db.field_deadlines:
            found = key in db.data
            if not db.busy and (found or self._notify is None):
                return found
        return self._exists([key]) > 0

    def _inspect(self, key: bytes) -> Value | None:
        """`_look_up`, without counting as a use of the key."""
        value = self._peek(key)
        if value is None and self._notify is not None:
            self._notify(b"keymiss", key)
        return value

    def _exists(self, keys: list[bytes]) -> int:
        if not keys:
            raise wrong_arity("exists")
        self._acquire()
        try:
            return sum(self._inspect(key) is not None for key in keys)
        finally:
            self._release()

    def touch(self, *args: Encodable) -> int:
        """How many of the keys exist; each counts as used now. O(keys)."""
        return self._touch(encode_all(args))

    def _touch(self, keys: list[bytes]) -> int:
        if not keys:
            raise wrong_arity("touch")
        self._acquire()
        try:
            return sum(self._look_up(key) is not None for key in keys)
        finally:
            self._release()

    def type(self, name: Encodable) -> T:
        """`string`, `list`, `hash`, `set`, `zset`, or `none` for a missing key. O(1)."""
        return self._one(self._type(encode(name)))

    def _type(self, key: bytes) -> bytes:
        self._acquire()
        try:
            value = self._inspect(key)
            return b"none" if value is None else kind_of(value)
        finally:
            self._release()

    def memory_usage(self, key: Encodable, samples: int | None = None) -> int | None:
        """About how many bytes `key` and its value take in this process, or None for a missing key.

        Values are judged by their first `samples` elements, 5 by default; 0 is all of them. O(samples).
        """
        count = SAMPLES if samples is None else integer(samples)
        if count < 0:
            raise ResponseError(SYNTAX)
        return self._memory_usage(encode(key), count)

    def _memory_usage(self, key: bytes, samples: int) -> int | None:
        self._acquire()
        try:
            return usage(self, key, samples)
        finally:
            self._release()

    @overload
    def object(self, infotype: Literal["encoding"], key: Encodable) -> T | None: ...
    @overload
    def object(self, infotype: Literal["freq", "idletime", "refcount"], key: Encodable) -> int | None: ...
    @overload
    def object(self, infotype: Encodable, key: Encodable) -> T | int | None: ...
    def object(self, infotype: Encodable, key: Encodable) -> T | int | None:
        """What Redis would tell of the inside of a value; None for a missing key. O(1).

        `encoding` is how Redis would keep the value, after all that happened to it. `refcount` is 1, or
        2147483647 for the integers that Redis shares. `idletime` is how many seconds ago the key was last
        used, where the store records that (with an LRU policy, a manual clock, or `record_accesses=True`),
        else 0. `freq` is Redis's logarithmic count of its uses. With an LFU policy there is the one, without
        it the other; the wrong one is a ResponseError.
        """
        topic, name = encode(infotype), encode(key)
        answer = self._object(topic, name)
        return self._one(answer) if isinstance(answer, bytes) else answer

    def _object(self, topic: bytes, key: bytes) -> bytes | int | None:
        wanted = topic.lower()
        if wanted == b"help":
            raise wrong_arity("object|help")
        if wanted not in (b"encoding", b"freq", b"idletime", b"refcount"):
            shown = topic.partition(b"\0")[0][:128].decode(errors="replace")
            raise ResponseError(f"unknown subcommand '{shown}'. Try OBJECT HELP.")
        self._acquire()
        try:
            value = self._peek(key)
            if value is None:
                return None
            if wanted == b"encoding":
                return encoding_of(value)
            if wanted == b"refcount":
                return references_to(value)
            uses = self._db.uses
            if wanted == b"freq":
                if not isinstance(uses, Frequencies):
                    raise ResponseError(NO_ACCESS_FREQUENCY)
                return uses.frequency(key)
            if isinstance(uses, Frequencies):
                raise ResponseError(NO_IDLE_TIME)
            return uses.idle(key) if isinstance(uses, Times) else 0
        finally:
            self._release()

    # Payloads

    def dump(self, name: Encodable) -> bytes | None:
        """The value at `name` as bytes that `restore`, or a Redis, makes the same value of. O(n).

        None for a missing key. They are Redis's own, with a checksum, and not decoded by a store that decodes
        responses. The deadline is not in them.
        """
        return self._dump(encode(name))

    def _dump(self, key: bytes) -> bytes | None:
        self._acquire()
        try:
            value = self._look_up(key)
            if value is None:
                return None
            if isinstance(value, (Collection, bytearray)):
                return rdb.dump(value, self._shared.limits)
        finally:
            self._release()
        return rdb.dump(value, self._shared.limits)  # nobody changes it, so nobody has to wait

    def restore(
        self,
        name: Encodable,
        ttl: float,
        value: Encodable,
        replace: bool = False,
        absttl: bool = False,
        idletime: int | None = None,
        frequency: int | None = None,
    ) -> T:
        """Make what `dump` gave, here or in a Redis, the value of `name` for `ttl` milliseconds. O(n).

        A `ttl` of 0 is for ever; with `absttl` it is a Unix time in milliseconds, and where that is past
        nothing is stored. The answer is `OK`; a ResponseError if something is at `name` and `replace` is not
        given, or if `value` is no payload. `idletime` is how many seconds ago the key was used, `frequency`
        how often, from 0 to 255; no more than one of them may be given.
        """
        words: list[Encodable] = [name, ttl, value]
        if idletime is not None:
            words.append(_whole(idletime, "idletimemust be an integer"))
        if frequency is not None:
            words.append(_whole(frequency, "frequency must be an integer"))
        key, life, payload, *uses = encode_all(words)
        idle = None if idletime is None else idle_time(uses[0])
        if frequency is not None and idle is not None:
            raise ResponseError(SYNTAX)
        often = None if frequency is None else frequency_of(uses[0])
        self._restore(key, life, payload, bool(replace), bool(absttl), idle, often)
        return self._one(b"OK")

    def _restore(
        self,
        key: bytes,
        ttl: int | bytes,
        payload: bytes,
        replace: bool = False,
        absolute: bool = False,
        idle: int | None = None,
        frequency: int | None = None,
    ) -> None:
        """`idle` is in seconds. As in Redis the key is looked for before anything else is refused."""
        value: bytes | Collection = b""
        flaw: ResponseError | None = None
        try:
            # Without the lock: it may take long.
            value = rdb.load(payload, self._shared.limits)
        except ResponseError as error:
            flaw = error
        self._acquire()
        try:
            self._reap()
            held = self._live(key)
            if held is not None and not replace:
                raise ResponseError(BUSY_KEY)
            life = integer(ttl)
            if life < 0:
                raise ResponseError("Invalid TTL value, must be >= 0")
            if flaw is not None:
                raise flaw
            now = self._shared.now()
            deadline = life if absolute or not life else now + life
            # What is beyond 64 bits comes out as past in Redis.
            if deadline and not now < deadline <= INT64_MAX:
                if held is not None:
                    self._effect_drop(key)
                    if self._notify is not None:
                        self._notify(b"del", key)
                return
            self._effect_load(key, value, deadline or None)
            uses = self._db.uses
            if idle is not None and isinstance(uses, Times):
                uses.set_idle(key, idle)
            if frequency is not None and isinstance(uses, Frequencies):
                uses.set_frequency(key, frequency)
            if self._notify is not None:
                if held is not None:
                    self._notify(b"new", key)
                self._notify(b"restore", key)
        finally:
            self._release()

    # All keys

    def dbsize(self) -> int:
        """How many keys this database has. O(1), and the keys that are due and not yet removed."""
        self._acquire()
        try:
            return len(self._db.data) if self._bury() else len(self._alive())
        finally:
            self._release()

    def __len__(self) -> int:
        """How many keys this database has."""
        return self.dbsize()

    def __bool__(self) -> bool:
        """True: a store is something, even with no keys."""
        return True

    def keys(self, pattern: Encodable = "*") -> list[T]:
        """The keys that match a glob pattern, in no particular order. O(n): see `scan` for large stores."""
        return self._many(self._keys(encode(pattern)))

    def _keys(self, pattern: bytes) -> list[bytes]:
        self._acquire()
        try:
            keys = list(self._db.data) if self._bury() else self._alive()
        finally:
            self._release()
        return keys if pattern == b"*" else list(filter(compile_glob(pattern), keys))

    def __iter__(self) -> Iterator[T]:
        """The keys there are at this moment, each once, in no particular order. A snapshot: O(n)."""
        return iter(self.keys())

    def _bury(self) -> bool:
        """Remove all that is due; whether that was possible, and only live keys are left."""
        shared = self._shared
        if shared.next_due is None or shared.next_due > shared.now():
            return True
        shared.expire_due()
        return not shared.frozen

    def _alive(self) -> list[bytes]:
        return [key for key in list(self._db.data) if self._peek(key) is not None]

    def randomkey(self) -> T | None:
        """A key at random, or None if there is none. O(1), and the dead keys it meets, which it removes."""
        return self._maybe(self._randomkey())

    def _randomkey(self) -> bytes | None:
        self._acquire()
        try:
            random = self._shared.random
            for _ in range(100):
                if not self._db.data:
                    return None
                key = self._db.keys.choose(random)
                if self._peek(key) is not None:
                    return key
            # Nearly all are dead.
            alive = list(self._db.data) if self._bury() else self._alive()
            return random.choice(alive) if alive else None
        finally:
            self._release()

    def scan(
        self,
        cursor: Encodable = 0,
        match: Encodable | None = None,
        count: int | None = None,
        _type: Encodable | None = None,
    ) -> tuple[int, list[T]]:
        """Some keys, and the cursor to go on with: start at 0, and at 0 all were visited. O(count).

        `count` is how many keys are looked at, 10 if not given; of these come those that match the glob
        pattern `match` and hold a value of this type. A key that is there from start to end comes at least
        once, and more than once only if others were removed meanwhile.
        """
        place = encode(cursor)
        pattern = None if match is None else encode(match)
        limit = None if count is None else encode(count)
        kind = None if _type is None else encode(_type)
        following, keys = self._scan(place, pattern, limit, kind)
        return following, self._many(keys)

    def _scan(
        self, place: bytes, pattern: bytes | None, limit: bytes | None, kind: bytes | None
    ) -> tuple[int, list[bytes]]:
        start = scan_cursor(place)
        count = scan_count(limit)
        if kind is not None:
            kind = kind.lower()
        self._acquire()
        try:
            db = self._db
            following, page = db.keys.scan(start, count)
            if pattern is not None and pattern != b"*":
                page = list(filter(compile_glob(pattern), page))
            if kind is not None or db.deadlines or db.field_deadlines:
                page = [key for key in page if self._is_alive(key, kind)]
            return following, page
        finally:
            self._release()

    def _is_alive(self, key: bytes, kind: bytes | None) -> bool:
        value = self._peek(key)
        return value is not None and (kind is None or kind_of(value) == kind)

    def scan_iter(
        self,
        match: Encodable | None = None,
        count: int | None = None,
        _type: Encodable | None = None,
    ) -> Iterator[T]:
        """All keys, or those that match, by `scan`: a little at a time, and with its guarantee."""
        place = 0
        while True:
            place, keys = self.scan(place, match, count, _type)
            yield from keys
            if place == 0:
                return

    # Removing

    def delete(self, *names: Encodable) -> int:
        """Remove keys; how many there were. O(names)."""
        if len(names) == 1:
            name = names[0]
            return self._delete([name.encode() if isinstance(name, str) else encode(name)])
        return self._delete(encode_all(names))

    def unlink(self, *names: Encodable) -> int:
        """`delete`."""
        return self._delete(encode_all(names), "unlink")

    def __delitem__(self, name: Encodable) -> None:
        """Remove `name`; as in redis-py nothing happens if it is missing."""
        self._delete([encode(name)])

    def _delete(self, keys: list[bytes], command: str = "del") -> int:
        if not keys:
            raise wrong_arity(command)
        self._acquire()
        try:
            if self._shared.next_due is not None:
                self._reap()
            if len(keys) == 1:
                key = keys[0]
                db = self._db
                plain = key not in db.deadlines and key not in db.field_deadlines
                if key not in db.data if plain else self._peek(key) is None:
                    return 0
                self._effect_drop(key)
                if self._notify is not None:
                    self._notify(b"del", key)
                return 1
            removed = 0
            self._begin()
            try:
                for key in keys:
                    if self._peek(key) is not None:
                        self._effect_drop(key)
                        removed += 1
                        if self._notify is not None:
                            self._notify(b"del", key)
            finally:
                self._end()
            return removed
        finally:
            self._release()

    def flushdb(self, asynchronous: bool = False) -> bool:
        """Remove all keys of this database. True. O(1); `asynchronous` changes nothing."""
        self._flush([self])
        return True

    def flushall(self, asynchronous: bool = False) -> bool:
        """Remove all keys of all sixteen databases. True. O(1); `asynchronous` changes nothing."""
        self._flush(self._shared.open_stores)
        return True

    def _flush(self, stores: Iterable[Keyspace[T]]) -> None:
        self._acquire()
        try:
            full = [store for store in stores if store._db.data]
            if len(full) == 1:
                full[0]._effect_flush()
            elif full:
                self._begin()
                try:
                    for store in full:
                        store._effect_flush()
                finally:
                    self._end()
        finally:
            self._release()

    # Moving

    def rename(self, src: Encodable, dst: Encodable) -> bool:
        """Let the value of `src`, with its deadline, be at `dst` instead, whatever was there. True. O(1).

        A ResponseError if `src` is missing.
        """
        return self._rename(encode(src), encode(dst))

    def renamenx(self, src: Encodable, dst: Encodable) -> bool:
        """`rename` only if `dst` is missing; whether it was done. O(1)."""
        return self._rename(encode(src), encode(dst), only_new=True)

    def _rename(self, key: bytes, new_key: bytes, only_new: bool = False) -> bool:
        self._acquire()
        try:
            self._reap()
            if self._live(key) is None:
                raise ResponseError(NO_SUCH_KEY)
            if key == new_key:
                return not only_new
            overwritten = self._live(new_key) is not None
            if only_new and overwritten:
                return False
            self._effect_move(key, self._index, new_key)
            if self._notify is not None:
                if overwritten:
                    self._notify(b"new", new_key)
                self._notify(b"rename_from", key)
                self._notify(b"rename_to", new_key)
            return True
        finally:
            self._release()

    def move(self, name: Encodable, db: int) -> bool:
        """Let the value of `name`, with its deadline, be in database `db` instead. O(1).

        False if it is missing here, or something is at `name` there already.
        """
        return self._move(encode(name), encode(db))

    def _move(self, key: bytes, database: int | bytes) -> bool:
        index = database_index(database, self._shared.databases)
        if index == self._index:
            raise ResponseError(SAME_OBJECT)
        self._acquire()
        try:
            self._reap()
            target = self._sibling(index)
            if self._live(key) is None or target._live(key) is not None:
                return False
            self._effect_move(key, index, key)
            if self._notify is not None and target._notify is not None:
                self._notify(b"move_from", key)
                target._notify(b"move_to", key)
            return True
        finally:
            self._release()

    def copy(
        self,
        source: Encodable,
        destination: Encodable,
        destination_db: Encodable | None = None,
        replace: bool = False,
    ) -> bool:
        """Put a copy of the value at `source`, with its deadline, at `destination`. O(n).

        False if `source` is missing, or if something is at `destination` and `replace` is not given. The copy
        goes to another database with `destination_db`.
        """
        key, new_key = encode(source), encode(destination)
        database = None if destination_db is None else encode(destination_db)
        return self._copy(key, new_key, database, bool(replace))

    def _copy(self, key: bytes, new_key: bytes, database: int | bytes | None, replace: bool) -> bool:
        index = self._index if database is None else database_index(database, self._shared.databases)
        if index == self._index and key == new_key:
            raise ResponseError(SAME_OBJECT)
        self._acquire()
        try:
            self._reap()
            target = self._sibling(index)
            value = self._look_up(key)
            if value is None:
                return False
            overwritten = target._live(new_key) is not None
            if overwritten and not replace:
                return False
            if isinstance(value, (Collection, bytearray)):
                value = value.copy()
            target._effect_load(new_key, value, self._db.deadlines.get(key))
            if target._notify is not None:
                if overwritten:
                    target._notify(b"new", new_key)
                target._notify(b"copy_to", new_key)
            return True
        finally:
            self._release()

    def swapdb(self, first: int, second: int) -> bool:
        """Let two databases change places, for everybody who uses them. True. O(1)."""
        one, other = encode(first), encode(second)
        self._swapdb(one, other)
        return True

    def _swapdb(self, first: int | bytes, second: int | bytes) -> None:
        one, other = _swapped_index(first, "first"), _swapped_index(second, "second")
        self._acquire()
        try:
            here, there = self._sibling(one), self._sibling(other)
            if one != other and (here._db.data or there._db.data):
                here._effect_swap(other)
        finally:
            self._release()

    # Deadlines

    def expire(
        self,
        name: Encodable,
        time: Expiry,
        nx: bool = False,
        xx: bool = False,
        gt: bool = False,
        lt: bool = False,
    ) -> bool:
        """Let `name` live for `time` seconds; whether that was set. O(log n).

        Only if it has no deadline (`nx`), if it has one (`xx`), or if this is later (`gt`) or earlier (`lt`)
        than the one it has; to have none is latest of all. False also for a missing key. A key whose time is
        not in the future is removed.
        """
        key, amount = encode(name), encode(seconds(time))
        return self._expire_at(key, amount, 1000, False, "expire", bool(nx), bool(xx), bool(gt), bool(lt))

    def pexpire(
        self,
        name: Encodable,
        time: Expiry,
        nx: bool = False,
        xx: bool = False,
        gt: bool = False,
        lt: bool = False,
    ) -> bool:
        """`expire` in milliseconds."""
        key, amount = encode(name), encode(milliseconds(time))
        return self._expire_at(key, amount, 1, False, "pexpire", bool(nx), bool(xx), bool(gt), bool(lt))

    def expireat(
        self,
        name: Encodable,
        when: AbsoluteExpiry,
        nx: bool = False,
        xx: bool = False,
        gt: bool = False,
        lt: bool = False,
    ) -> bool:
        """`expire` at a Unix time in seconds, or a datetime."""
        key, amount = encode(name), encode(unix_seconds(when))
        return self._expire_at(key, amount, 1000, True, "expireat", bool(nx), bool(xx), bool(gt), bool(lt))

    def pexpireat(
        self,
        name: Encodable,
        when: AbsoluteExpiry,
        nx: bool = False,
        xx: bool = False,
        gt: bool = False,
        lt: bool = False,
    ) -> bool:
        """`expire` at a Unix time in milliseconds, or a datetime."""
        key, amount = encode(name), encode(unix_milliseconds(when))
        return self._expire_at(key, amount, 1, True, "pexpireat", bool(nx), bool(xx), bool(gt), bool(lt))

    def _expire_at(
        self,
        key: bytes,
        amount: int | bytes,
        unit: int,
        absolute: bool,
        command: str,
        nx: bool = False,
        xx: bool = False,
        gt: bool = False,
        lt: bool = False,
    ) -> bool:
        """`unit` is how many milliseconds one of `amount` is."""
        if nx and (xx or gt or lt):
            raise ResponseError("NX and XX, GT or LT options at the same time are not compatible")
        if gt and lt:
            raise ResponseError("GT and LT options at the same time are not compatible")
        number = integer(amount)
        if unit > 1 and abs(number) > INT64_MAX // unit:
            raise invalid_expire(command)
        self._acquire()
        try:
            now = self._shared.now()
            deadline = number * unit if absolute else now + number * unit
            if deadline > INT64_MAX:
                raise invalid_expire(command)
            if self._shared.next_due is not None:
                self._reap()
            if self._live(key) is None:
                return False
            if nx or xx or gt or lt:
                old = self._db.deadlines.get(key)
                if (
                    (nx and old is not None)
                    or (xx and old is None)
                    or (gt and (old is None or deadline <= old))
                    or (lt and old is not None and deadline >= old)
                ):
                    return False
            self._live_until(key, deadline, now)
            return True
        finally:
            self._release()

    def persist(self, name: Encodable) -> bool:
        """Let `name` live for ever; whether it had a deadline. O(1)."""
        return self._persist(encode(name))

    def _persist(self, key: bytes) -> bool:
        self._acquire()
        try:
            if self._shared.next_due is not None:
                self._reap()
            return self._live(key) is not None and self._live_on(key)
        finally:
            self._release()

    def ttl(self, name: Encodable) -> int:
        """How many seconds, rounded, `name` has to live; -1 for ever, -2 for a missing key. O(1)."""
        left = self._pttl(encode(name))
        return left if left < 0 else (left + 500) // 1000

    def pttl(self, name: Encodable) -> int:
        """`ttl` in milliseconds."""
        return self._pttl(encode(name))

    def _pttl(self, key: bytes) -> int:
        deadline = self._pexpiretime(key)
        return deadline if deadline < 0 else max(0, deadline - self._shared.now())

    def expiretime(self, key: Encodable) -> int:
        """When `key` is due, a Unix time in rounded seconds; -1 if never, -2 for a missing key. O(1)."""
        deadline = self._pexpiretime(encode(key))
        return deadline if deadline < 0 else (deadline + 500) // 1000

    def pexpiretime(self, key: Encodable) -> int:
        """`expiretime` in milliseconds."""
        return self._pexpiretime(encode(key))

    def _pexpiretime(self, key: bytes) -> int:
        self._acquire()
        try:
            return -2 if self._inspect(key) is None else self._db.deadlines.get(key, -1)
        finally:
            self._release()

    def time(self) -> tuple[int, int]:
        """The store's clock: the Unix time in seconds, and the microseconds, in steps of a thousand."""
        self._acquire()
        try:
            now = self._shared.clock.now()  # it goes on within a script, though no key dies of it
        finally:
            self._release()
        return now // 1000, now % 1000 * 1000
