"""Sets of distinct members."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import filterfalse, islice
from sys import getsizeof
from typing import Any, Literal, overload

from ..effects import effect
from ..encoding import Encodable, ScanCount, encode, encode_all, integer, keys_of, scan_count, scan_cursor
from ..errors import MUST_BE_POSITIVE, NUMKEYS_NOT_POSITIVE, OUT_OF_RANGE, SYNTAX, ResponseError, wrong_arity
from ..globs import compile_glob
from ..keyspace import Keyspace, T
from ..numbers import INT64_MAX, parse_int
from ..structs.collection import weight
from ..structs.set import Set

FEW_LEFT = 5
"""Where SPOP takes this many times more than it leaves, what it leaves becomes a new set."""


class Sets(Keyspace[T]):
    """The set commands."""

    # Reading

    def sismember(self, name: Encodable, value: Encodable) -> Literal[0, 1]:
        """1 if `value` is a member, else 0. O(1)."""
        key = name.encode() if type(name) is str else encode(name)
        member = value.encode() if type(value) is str else encode(value)
        db = self._db
        if key not in db.deadlines:
            held = db.data.get(key)
            if type(held) is Set:
                found = member in held.positions
                if db.doubt is None or not db.doubt(key):
                    return 1 if found else 0
        return 1 if self._sismember(key, member) else 0

    def _sismember(self, key: bytes, member: bytes) -> bool:
        self._acquire()
        try:
            held = self._read(key, Set)
            return held is not None and member in held.positions
        finally:
            self._release()

    def smismember(
        self, name: Encodable, values: Encodable | Iterable[Encodable], *args: Encodable
    ) -> list[Literal[0, 1]]:
        """For each value 1 if it is a member, else 0. O(values)."""
        members = keys_of(values, args)
        return self._smismember(encode(name), members)

    def _smismember(self, key: bytes, members: list[bytes]) -> list[Literal[0, 1]]:
        if not members:
            raise wrong_arity("smismember")
        self._acquire()
        try:
            held = self._read(key, Set)
            positions = {} if held is None else held.positions
            return [1 if member in positions else 0 for member in members]
        finally:
            self._release()

    def scard(self, name: Encodable) -> int:
        """The number of members, 0 for a missing key. O(1)."""
        return self._scard(encode(name))

    def _scard(self, key: bytes) -> int:
        self._acquire()
        try:
            held = self._read(key, Set)
            return 0 if held is None else len(held.items)
        finally:
            self._release()

    def smembers(self, name: Encodable) -> set[T]:
        """All members, none for a missing key. O(n)."""
        return set(self._many(self._smembers(encode(name))))

    def _smembers(self, key: bytes) -> list[bytes]:
        self._acquire()
        try:
            held = self._read(key, Set)
            return [] if held is None else held.members()
        finally:
            self._release()

    @overload
    def srandmember(self, name: Encodable, number: None = None) -> T | None: ...
    @overload
    def srandmember(self, name: Encodable, number: int) -> list[T]: ...
    @overload
    def srandmember(self, name: Encodable, number: int | None = None) -> T | list[T] | None: ...
    def srandmember(self, name: Encodable, number: int | None = None) -> T | list[T] | None:
        """A member at random, or None. O(1).

        With a positive `number` a list of so many different members, or of all there are; with a negative
        one each of `-number` members is picked from all. O(number).
        """
        key = encode(name)
        if number is None:
            return self._maybe(self._srandmember(key))
        return self._many(self._srandmembers(key, integer(number)))

    def _srandmember(self, key: bytes) -> bytes | None:
        self._acquire()
        try:
            held = self._read(key, Set)
            return None if held is None else held.choose(self._shared.random)
        finally:
            self._release()

    def _srandmembers(self, key: bytes, count: int) -> list[bytes]:
        if count < -INT64_MAX:
            raise ResponseError(f"{OUT_OF_RANGE}, value must between -{INT64_MAX} and {INT64_MAX}")
        self._acquire()
        try:
            held = self._read(key, Set)
            if held is None:
                return []
            random = self._shared.random
            return held.sample(random, count) if count >= 0 else held.choices(random, -count)
        finally:
            self._release()

    def sscan(
        self, name: Encodable, cursor: int = 0, match: Encodable | None = None, count: int | None = None
    ) -> tuple[int, list[T]]:
        """The next cursor, 0 at the end, and some members. O(count).

        Begin with cursor 0. A member that is there from the first call to the last is returned at least
        once. `match` is a glob pattern, `count` how many members to look at, 10 if not given; up to 512
        integers come at once.
        """
        key, position = encode(name), encode(cursor)
        pattern = None if match is None else encode(match)
        limit = None if count is None else encode(count)
        following, page = self._sscan(key, scan_cursor(position), pattern, limit)
        return following, self._many(page)

    def _sscan(
        self, key: bytes, cursor: int, match: bytes | None, count: ScanCount
    ) -> tuple[int, list[bytes]]:
        """As Redis does, `count` is only read when there is a set to scan."""
        self._acquire()
        try:
            held = self._read(key, Set)
            if held is None:
                return 0, []
            following, page = held.scan(cursor, scan_count(count))
        finally:
            self._release()
        return following, page if match is None else list(filter(compile_glob(match), page))

    def sscan_iter(
        self, name: Encodable, match: Encodable | None = None, count: int | None = None
    ) -> Iterator[T]:
        """All members, or those that `match`, by one `sscan` after the other."""
        cursor, page = self.sscan(name, 0, match, count)
        yield from page
        while cursor != 0:
            cursor, page = self.sscan(name, cursor, match, count)
            yield from page

    # Several sets

    def sinter(self, keys: Encodable | Iterable[Encodable], *args: Encodable) -> set[T]:
        """The members that are in all of the sets. O(the smallest set * keys)."""
        return set(self._many(self._sinter(keys_of(keys, args))))

    def _sinter(self, keys: list[bytes]) -> list[bytes]:
        self._acquire()
        try:
            return list(_common(self._read_sets(keys, "sinter")))
        finally:
            self._release()

    def sintercard(self, numkeys: int, keys: Iterable[Encodable], limit: int = 0) -> int:
        """How many members are in all of the sets, counted up to `limit`, 0 for no limit.

        O(the smallest set * keys), less where the limit ends it. `numkeys` is the number of keys.
        """
        return self._sintercard(*parse_sintercard(encode_all([numkeys, *keys, b"LIMIT", limit])))

    def _sintercard(self, keys: list[bytes], limit: int) -> int:
        self._acquire()
        try:
            common = _common(self._read_sets(keys, "sintercard"))
            return sum(1 for _ in islice(common, limit or None))
        finally:
            self._release()

    def sunion(self, keys: Encodable | Iterable[Encodable], *args: Encodable) -> set[T]:
        """The members of any of the sets. O(members of all sets)."""
        return set(self._many(self._sunion(keys_of(keys, args))))

    def _sunion(self, keys: list[bytes]) -> list[bytes]:
        self._acquire()
        try:
            return _together(self._read_sets(keys, "sunion"))
        finally:
            self._release()

    def sdiff(self, keys: Encodable | Iterable[Encodable], *args: Encodable) -> set[T]:
        """The members of the first set that are in none of the others. O(the first set * keys)."""
        return set(self._many(self._sdiff(keys_of(keys, args))))

    def _sdiff(self, keys: list[bytes]) -> list[bytes]:
        self._acquire()
        try:
            return _rest(self._read_sets(keys, "sdiff"))
        finally:
            self._release()

    def sinterstore(self, dest: Encodable, keys: Encodable | Iterable[Encodable], *args: Encodable) -> int:
        """Make what `sinter` gives the set at `dest`, whatever was there; its size. An empty one is none."""
        sources = keys_of(keys, args)
        return self._sinterstore(encode(dest), sources)

    def _sinterstore(self, dest: bytes, keys: list[bytes]) -> int:
        self._acquire()
        try:
            self._reap()
            members = list(_common(self._read_sets(keys, "sinterstore")))
            return self._store_set(dest, members, b"sinterstore")
        finally:
            self._release()

    def sunionstore(self, dest: Encodable, keys: Encodable | Iterable[Encodable], *args: Encodable) -> int:
        """Make what `sunion` gives the set at `dest`, whatever was there; its size. An empty one is none."""
        sources = keys_of(keys, args)
        return self._sunionstore(encode(dest), sources)

    def _sunionstore(self, dest: bytes, keys: list[bytes]) -> int:
        self._acquire()
        try:
            self._reap()
            return self._store_set(dest, _together(self._read_sets(keys, "sunionstore")), b"sunionstore")
        finally:
            self._release()

    def sdiffstore(self, dest: Encodable, keys: Encodable | Iterable[Encodable], *args: Encodable) -> int:
        """Make what `sdiff` gives the set at `dest`, whatever was there; its size. An empty one is none."""
        sources = keys_of(keys, args)
        return self._sdiffstore(encode(dest), sources)

    def _sdiffstore(self, dest: bytes, keys: list[bytes]) -> int:
        self._acquire()
        try:
            self._reap()
            sets = self._read_sets(keys, "sdiffstore")
            return self._store_set(dest, _rest(sets), b"sdiffstore", _passing(sets))
        finally:
            self._release()

    def _read_sets(self, keys: list[bytes], command: str) -> list[Set | None]:
        """The sets at `keys`; WRONGTYPE if one of them is something else, wherever it stands."""
        if not keys:
            raise wrong_arity(command)
        return [self._read(key, Set) for key in keys]

    def _store_set(
        self, dest: bytes, members: list[bytes], event: bytes, passing: list[bytes] | None = None
    ) -> int:
        """`passing` are members that Redis puts in on the way: they decide how the set is kept."""
        value = Set(members, self._shared.limits) if members else None
        if value is not None and passing is not None:
            value.integers = Set(passing, self._shared.limits).integers
        self._put_result(dest, value, event)
        return len(members)

    # Writing

    def sadd(self, name: Encodable, *values: Encodable) -> int:
        """Add members to the set at `name`, made if missing; how many are new. O(values)."""
        key = name.encode() if type(name) is str else encode(name)
        try:
            (value,) = values
        except ValueError:
            return self._sadd(key, encode_all(values))
        member = value.encode() if type(value) is str else encode(value)
        db = self._db
        if key not in db.deadlines:
            held = db.data.get(key)
            found = type(held) is Set and member in held.positions
            if found and (db.doubt is None or not db.doubt(key)):
                return 0
        acquire = self._acquire
        acquire()
        try:
            if self._shared.next_due is not None:
                self._reap()
            db = self._db
            held = db.data.get(key)
            if type(held) is not Set or key in db.special:
                held = self._held(key, Set)
            if held is not None:
                positions = held.positions
                if member in positions:
                    return 0
                if self._unobserved and not held.integers:
                    items = held.items
                    positions[member] = len(items)
                    items.append(member)
                    return 1
            self._effect_sadd_one(key, member)
            if self._notify is not None:
                self._notify(b"sadd", key)
            return 1
        finally:
            release = self._release
            release()

    def _sadd(self, key: bytes, members: list[bytes]) -> int:
        if not members:
            raise wrong_arity("sadd")
        self._acquire()
        try:
            held = self._write(key, Set)
            if held is None:
                new = list(dict.fromkeys(members))
            else:
                new = list(filterfalse(held.positions.__contains__, dict.fromkeys(members)))
            if held is None or len(new) == 1:
                self._effect_sadd(key, new)
            elif new:
                # Who reads without the lock must not see some of them.
                self._begin()
                try:
                    self._effect_sadd(key, new)
                finally:
                    self._end()
            if new and self._notify is not None:
                self._notify(b"sadd", key)
            return len(new)
        finally:
            self._release()

    def srem(self, name: Encodable, *values: Encodable) -> int:
        """Remove members, and the set with its last one; how many were there. O(values)."""
        return self._srem(encode(name), encode_all(values))

    def _srem(self, key: bytes, members: list[bytes]) -> int:
        if not members:
            raise wrong_arity("srem")
        self._acquire()
        try:
            held = self._write(key, Set)
            if held is None:
                return 0
            found = list(filter(held.positions.__contains__, dict.fromkeys(members)))
            if found:
                self._take_out(key, held, found)
                if self._notify is not None:
                    self._notify(b"srem", key)
            return len(found)
        finally:
            self._release()

    @overload
    def spop(self, name: Encodable, count: None = None) -> T | None: ...
    @overload
    def spop(self, name: Encodable, count: int) -> list[T]: ...
    @overload
    def spop(self, name: Encodable, count: int | None = None) -> T | list[T] | None: ...
    def spop(self, name: Encodable, count: int | None = None) -> T | list[T] | None:
        """Remove a member at random; it, or None. O(1).

        With `count` so many, or all there are, as a list. O(count).
        """
        key = encode(name)
        if count is None:
            return self._maybe(self._spop(key))
        return self._many(self._spops(key, integer(count, MUST_BE_POSITIVE)))

    def _spop(self, key: bytes) -> bytes | None:
        self._acquire()
        try:
            held = self._write(key, Set)
            if held is None:
                return None
            member = held.choose(self._shared.random)
            self._effect_srem(key, [member])
            if self._notify is not None:
                self._notify(b"spop", key)
            return member
        finally:
            self._release()

    def _spops(self, key: bytes, count: int) -> list[bytes]:
        if count < 0:
            raise ResponseError(MUST_BE_POSITIVE)
        self._acquire()
        try:
            held = self._write(key, Set)
            if held is None or not count:
                return []
            members = held.sample(self._shared.random, count)
            left = len(held.items) - len(members)
            if 0 < left * FEW_LEFT <= count:
                rest = dict.fromkeys(held.items)
                for member in members:
                    del rest[member]
                self._effect_load(key, Set(rest, self._shared.limits), self._db.deadlines.get(key))
            else:
                self._take_out(key, held, members)
            if self._notify is not None:
                self._notify(b"spop", key)
            return members
        finally:
            self._release()

    def _take_out(self, key: bytes, held: Set, members: list[bytes]) -> None:
        """Remove different members that are there, as one for those who read without the lock."""
        if len(members) == len(held.items):
            self._effect_drop(key)
        elif len(members) == 1:
            self._effect_srem(key, members)
        else:
            self._begin()
            try:
                self._effect_srem(key, members)
            finally:
                self._end()

    def smove(self, src: Encodable, dst: Encodable, value: Encodable) -> bool:
        """Move a member from one set to another; False if it is not in the first. O(1)."""
        return self._smove(encode(src), encode(dst), encode(value))

    def _smove(self, source: bytes, destination: bytes, member: bytes) -> bool:
        self._acquire()
        try:
            held = self._write(source, Set)
            if held is None:
                return False
            if source == destination:
                return member in held.positions
            target = self._held(destination, Set)
            if member not in held.positions:
                return False
            self._begin()
            try:
                self._effect_srem(source, [member])
                if self._notify is not None:
                    self._notify(b"srem", source)
                if target is None or member not in target.positions:
                    self._effect_sadd_one(destination, member)
                    if self._notify is not None:
                        self._notify(b"sadd", destination)
            finally:
                self._end()
            return True
        finally:
            self._release()

    # Effects

    @effect(40, on=Set, weigh=lambda held, members: weight(members))
    def _effect_sadd(self, key: bytes, members: list[bytes]) -> None:
        """Add `members`, none of which is there, to the set at `key`, made if missing."""
        held: Any = self._db.data.get(key)
        if held is None:
            self._birth(key, Set(members, self._shared.limits))
        else:
            held.add_new(members, self._shared.limits)

    @effect(41, on=Set, weigh=lambda held, members: -weight(members))
    def _effect_srem(self, key: bytes, members: list[bytes]) -> None:
        """Remove `members`, which are there, and the set at `key` with its last one."""
        held: Any = self._db.data[key]
        for member in members:
            held.remove(member)
        if not held.items:
            self._db.remove(key)

    @effect(42, on=Set, weigh=lambda held, member: getsizeof(member))
    def _effect_sadd_one(self, key: bytes, member: bytes) -> None:
        """Add `member`, which is not there, to the set at `key`, made if missing."""
        held: Any = self._db.data.get(key)
        if held is None:
            self._birth(key, Set((member,), self._shared.limits))
        elif held.integers:
            held.add(member, self._shared.limits)
        else:
            items = held.items
            held.positions[member] = len(items)
            items.append(member)


def parse_sintercard(args: list[bytes]) -> tuple[list[bytes], int]:
    """The keys and the limit of SINTERCARD, from all its arguments as they are sent."""
    numkeys = parse_int(args[0])
    if numkeys is None or numkeys < 1:
        raise ResponseError(NUMKEYS_NOT_POSITIVE)
    if numkeys > len(args) - 1:
        raise ResponseError("Number of keys can't be greater than number of args")
    keys, options = args[1 : numkeys + 1], args[numkeys + 1 :]
    limit: int | None = 0
    for word, text in zip(options[::2], [*options[1::2], None], strict=False):
        if word.upper() != b"LIMIT" or text is None:
            raise ResponseError(SYNTAX)
        limit = parse_int(text)
        if limit is None or limit < 0:
            raise ResponseError("LIMIT can't be negative")
    return keys, limit or 0


# What follows keeps the order of the sets it is given: in a store with a seed, what is picked at random from
# a stored result must not hang on how Python hashes bytes.


def _common(sets: list[Set | None]) -> Iterator[bytes]:
    """The members that are in all of the sets, found one by one, beginning with the smallest set."""
    known = [each for each in sets if each is not None]
    if len(known) < len(sets):
        return iter(())
    smallest, *others = sorted(known, key=len)
    common = iter(smallest.items)
    for other in others:
        if other is not smallest:
            common = filter(other.positions.__contains__, common)
    return common


def _together(sets: list[Set | None]) -> list[bytes]:
    members: dict[bytes, None] = {}
    for each in sets:
        if each is not None:
            members |= dict.fromkeys(each.items)
    return list(members)


def _rest(sets: list[Set | None]) -> list[bytes]:
    """The members of the first set that are in none of the others."""
    first, *others = sets
    if first is None:
        return []
    rest = iter(first.items)
    for other in others:
        if other is not None:
            rest = filterfalse(other.positions.__contains__, rest)
    return list(rest)


def _passing(sets: list[Set | None]) -> list[bytes] | None:
    """All members of the first set, where Redis takes those of the others out of a copy; else None."""
    known = [each for each in sets if each is not None]
    if not known or known[0] is not sets[0]:
        return None
    one_by_one = len(known) * len(known[0]) // 2
    return known[0].items if one_by_one > sum(map(len, known)) else None
