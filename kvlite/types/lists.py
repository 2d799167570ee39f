"""Lists: queues and stacks, read and changed at any position, and pops that wait."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from sys import getsizeof
from typing import Any, overload

from ..deadlines import waiting_time
from ..effects import effect
from ..encoding import Encodable, at_least, encode, encode_all, integer, keys_of, pop_arguments
from ..errors import (
    INDEX_OUT_OF_RANGE,
    MUST_BE_POSITIVE,
    NO_SUCH_KEY,
    NOT_AN_INTEGER,
    SYNTAX,
    ResponseError,
    wrong_arity,
)
from ..keyspace import Keyspace, T
from ..numbers import INT64_MAX, INT64_MIN, parse_int
from ..structs.collection import weight
from ..structs.gap_list import SLACK, GapList
from ..waiting import Attempt

RANK_IS_ZERO = (
    "RANK can't be zero: use 1 to start from the first match, 2 from the second ... "
    "or use negative to start from the end of the list"
)


def is_left(where: bytes) -> bool:
    """Which end of a list LEFT or RIGHT names, in any case; anything else is a syntax error."""
    word = where.lower()
    if word not in (b"left", b"right"):
        raise ResponseError(SYNTAX)
    return word == b"left"


def read_lmpop(words: list[bytes]) -> tuple[list[bytes], bool, int]:
    """The keys, whether from the left, and how many, of LMPOP's arguments."""
    keys, end, count = pop_arguments(words, (b"LEFT", b"RIGHT"))
    return keys, end == b"LEFT", count


def _two_integers(first: Encodable, second: Encodable) -> tuple[int, int]:
    if type(first) is int and type(second) is int:
        return integer(first), integer(second)
    one, other = encode(first), encode(second)
    return integer(one), integer(other)


def _integer_or_none(value: Encodable) -> int | None:
    """`value` as an integer; None where it is none, which some commands notice after looking the key up."""
    if type(value) is int and INT64_MIN <= value <= INT64_MAX:
        return value
    return parse_int(encode(value))


class Lists(Keyspace[T]):
    """The list commands.

    Positions count from 0; a negative one counts from the end, -1 being the last element. A list that loses
    its last element goes, with its key.
    """

    # Reading

    def llen(self, name: Encodable) -> int:
        """The number of elements, 0 if there is no list. O(1)."""
        return self._llen(encode(name))

    def _llen(self, key: bytes) -> int:
        self._acquire()
        try:
            found = self._read(key, GapList)
            return 0 if found is None else len(found)
        finally:
            self._release()

    def lindex(self, name: Encodable, index: int) -> T | None:
        """The element at `index`, or None. O(1)."""
        return self._maybe(self._lindex(encode(name), _integer_or_none(index)))

    def _lindex(self, key: bytes, index: int | None) -> bytes | None:
        """`index` is None where it was no integer; a missing key hides that."""
        self._acquire()
        try:
            found = self._read(key, GapList)
            if found is None:
                return None
            if index is None:
                raise ResponseError(NOT_AN_INTEGER)
            items, head = found.items, found.head
            index += head if index >= 0 else len(items)
            return items[index] if head <= index < len(items) else None
        finally:
            self._release()

    def lrange(self, name: Encodable, start: int, end: int) -> list[T]:
        """The elements from `start` to `end`, both included. O(result)."""
        key = encode(name)
        first, last = _two_integers(start, end)
        return self._many(self._lrange(key, first, last))

    def _lrange(self, key: bytes, first: int, last: int) -> list[bytes]:
        self._acquire()
        try:
            found = self._read(key, GapList)
            if found is None:
                return []
            start, stop = _bounds(first, last, len(found))
            return found.slice(start, stop)
        finally:
            self._release()

    @overload
    def lpos(
        self,
        name: Encodable,
        value: Encodable,
        rank: int | None = None,
        count: None = None,
        maxlen: int | None = None,
    ) -> int | None: ...
    @overload
    def lpos(
        self, name: Encodable, value: Encodable, rank: int | None, count: int, maxlen: int | None = None
    ) -> list[int]: ...
    @overload
    def lpos(
        self,
        name: Encodable,
        value: Encodable,
        rank: int | None = None,
        *,
        count: int,
        maxlen: int | None = None,
    ) -> list[int]: ...
    @overload
    def lpos(
        self,
        name: Encodable,
        value: Encodable,
        rank: int | None = None,
        count: int | None = None,
        maxlen: int | None = None,
    ) -> int | list[int] | None: ...
    def lpos(
        self,
        name: Encodable,
        value: Encodable,
        rank: int | None = None,
        count: int | None = None,
        maxlen: int | None = None,
    ) -> int | list[int] | None:
        """Where `value` stands, or None; with `count` a list of up to so many positions, 0 for all. O(n).

        `rank` 2 starts with the second one, -1 with the last, looking backward. `maxlen` is how many elements
        are looked at, 0 for all.
        """
        key, wanted = encode(name), encode(value)
        options = [None if option is None else encode(option) for option in (rank, count, maxlen)]
        first = 1 if options[0] is None else integer(options[0])
        if first == 0:
            raise ResponseError(RANK_IS_ZERO)
        most = 1 if options[1] is None else at_least(0, options[1], "COUNT can't be negative")
        limit = 0 if options[2] is None else at_least(0, options[2], "MAXLEN can't be negative")
        positions = self._lpos(key, wanted, first, most, limit)
        if count is not None:
            return positions
        return positions[0] if positions else None

    def _lpos(self, key: bytes, value: bytes, rank: int, count: int, limit: int) -> list[int]:
        if rank == INT64_MIN:  # Redis negates it, which overflows, and then skips nothing.
            rank = -1
        self._acquire()
        try:
            found = self._read(key, GapList)
            return [] if found is None else found.positions(value, rank, count, limit)
        finally:
            self._release()

    # Pushing

    def lpush(self, name: Encodable, *values: Encodable) -> int:
        """Put the values in front, one by one, the last becomes the first; the new length. O(values)."""
        key = name.encode() if isinstance(name, str) else encode(name)
        if len(values) != 1:
            texts = encode_all(values)
            if not texts:
                raise wrong_arity("lpush")
            return self._push(key, texts, left=True)
        value = values[0]
        text = value if isinstance(value, bytes) else encode(value)
        acquire = self._acquire
        acquire()
        try:
            if self._shared.next_due is not None:
                self._reap()
            db = self._db
            found = db.data.get(key)
            if type(found) is GapList and key not in db.special:
                if self._unobserved and found.head:
                    items = found.items
                    found.head = head = found.head - 1
                    items[head] = text
                    return len(items) - head
            else:
                self._held(key, GapList)
            length = self._effect_lpush(key, (text,))
            if self._notify is not None:
                self._notify(b"lpush", key)
            return length
        finally:
            release = self._release
            release()

    def rpush(self, name: Encodable, *values: Encodable) -> int:
        """Put the values at the end; the new length. O(values)."""
        key = name.encode() if isinstance(name, str) else encode(name)
        if len(values) != 1:
            texts = encode_all(values)
            if not texts:
                raise wrong_arity("rpush")
            return self._push(key, texts, left=False)
        value = values[0]
        text = value if isinstance(value, bytes) else encode(value)
        acquire = self._acquire
        acquire()
        try:
            if self._shared.next_due is not None:
                self._reap()
            db = self._db
            found = db.data.get(key)
            if type(found) is GapList and key not in db.special:
                if self._unobserved:
                    items = found.items
                    items.append(text)
                    return len(items) - found.head
            else:
                self._held(key, GapList)
            length = self._effect_rpush(key, (text,))
            if self._notify is not None:
                self._notify(b"rpush", key)
            return length
        finally:
            release = self._release
            release()

    def lpushx(self, name: Encodable, *values: Encodable) -> int:
        """`lpush` onto a list that exists; its new length, or 0 if there is none. O(values)."""
        key, texts = encode(name), encode_all(values)
        if not texts:
            raise wrong_arity("lpushx")
        return self._push(key, texts, left=True, create=False)

    def rpushx(self, name: Encodable, *values: Encodable) -> int:
        """`rpush` onto a list that exists; its new length, or 0 if there is none. O(values)."""
        key, texts = encode(name), encode_all(values)
        if not texts:
            raise wrong_arity("rpushx")
        return self._push(key, texts, left=False, create=False)

    def _push(self, key: bytes, values: list[bytes], left: bool, create: bool = True) -> int:
        """The new length; 0 if there is no list and none is to be made."""
        self._acquire()
        try:
            if self._write(key, GapList) is None and not create:
                return 0
            length = self._effect_lpush(key, values) if left else self._effect_rpush(key, values)
            if self._notify is not None:
                self._notify(b"lpush" if left else b"rpush", key)
            return length
        finally:
            self._release()

    # Popping

    @overload
    def lpop(self, name: Encodable, count: None = None) -> T | None: ...
    @overload
    def lpop(self, name: Encodable, count: int) -> list[T] | None: ...
    @overload
    def lpop(self, name: Encodable, count: int | None = None) -> T | list[T] | None: ...
    def lpop(self, name: Encodable, count: int | None = None) -> T | list[T] | None:
        """Take out the first element; None if there is no list. With `count` a list of as many. O(count)."""
        key = name.encode() if isinstance(name, str) else encode(name)
        if count is not None:
            return self._popped(key, encode(count), left=True)
        acquire = self._acquire
        acquire()
        try:
            if self._shared.next_due is not None:
                self._reap()
            db = self._db
            found = db.data.get(key)
            if type(found) is GapList and key not in db.special:
                items, head = found.items, found.head
                length = len(items) - head
                if self._unobserved and length > 1 and head < length + SLACK:
                    found.head = head + 1
                    value, items[head] = items[head], b""
                    return self._one(value)
            elif self._held(key, GapList) is None:
                return None
            value = self._effect_lpop(key)
            if self._notify is not None:
                self._notify(b"lpop", key)
            return self._one(value)
        finally:
            release = self._release
            release()

    @overload
    def rpop(self, name: Encodable, count: None = None) -> T | None: ...
    @overload
    def rpop(self, name: Encodable, count: int) -> list[T] | None: ...
    @overload
    def rpop(self, name: Encodable, count: int | None = None) -> T | list[T] | None: ...
    def rpop(self, name: Encodable, count: int | None = None) -> T | list[T] | None:
        """Take out the last element; None if there is no list. With `count` a list of as many, the last
        first. O(count)."""
        key = name.encode() if isinstance(name, str) else encode(name)
        if count is not None:
            return self._popped(key, encode(count), left=False)
        acquire = self._acquire
        acquire()
        try:
            if self._shared.next_due is not None:
                self._reap()
            db = self._db
            found = db.data.get(key)
            if type(found) is GapList and key not in db.special:
                items, head = found.items, found.head
                length = len(items) - head
                if self._unobserved and length > 1 and head < length + SLACK:
                    return self._one(items.pop())
            elif self._held(key, GapList) is None:
                return None
            value = self._effect_rpop(key)
            if self._notify is not None:
                self._notify(b"rpop", key)
            return self._one(value)
        finally:
            release = self._release
            release()

    def _popped(self, key: bytes, count: bytes, left: bool) -> list[T] | None:
        values = self._pop_several(key, left, at_least(0, count, MUST_BE_POSITIVE))
        return None if values is None else self._many(values)

    def _pop(self, key: bytes, left: bool) -> bytes | None:
        self._acquire()
        try:
            if self._write(key, GapList) is None:
                return None
            value = self._effect_lpop(key) if left else self._effect_rpop(key)
            if self._notify is not None:
                self._notify(b"lpop" if left else b"rpop", key)
            return value
        finally:
            self._release()

    def _pop_several(self, key: bytes, left: bool, count: int) -> list[bytes] | None:
        """Up to `count` elements in the order they are taken out, or None if there is no list."""
        self._acquire()
        try:
            found = self._write(key, GapList)
            if found is None:
                return None
            if count == 0:
                return []
            length = len(found)
            count = min(count, length)
            if left:
                values = found.slice(0, count)
                self._effect_ltrim(key, count, length)
            else:
                values = found.slice(length - count, length)[::-1]
                self._effect_ltrim(key, 0, length - count)
            if self._notify is not None:
                self._notify(b"lpop" if left else b"rpop", key)
            return values
        finally:
            self._release()

    def lmpop(
        self, num_keys: int, *args: Encodable, direction: str, count: int | None = 1
    ) -> list[T | list[T]] | None:
        """Pop up to `count` elements of the first list there is: `[name, [element, ...]]`, or None. O(count).

        `args` are the names, `num_keys` of them; `direction` is the end, LEFT or RIGHT.
        """
        words = [encode(num_keys), *map(encode, args), encode(direction)]
        if count != 1:
            words += [b"COUNT", encode(count)]  # type: ignore[arg-type]  # encode says what is wrong
        if len(words) < 3:
            raise wrong_arity("lmpop")
        return self._name_and_values(self._lmpop(*read_lmpop(words)))

    def _lmpop(self, keys: list[bytes], left: bool, count: int) -> tuple[bytes, list[bytes]] | None:
        self._acquire()
        try:
            for key in keys:
                values = self._pop_several(key, left, count)
                if values is not None:
                    return key, values
            return None
        finally:
            self._release()

    def _name_and_values(self, popped: tuple[bytes, list[bytes]] | None) -> list[T | list[T]] | None:
        return None if popped is None else [self._one(popped[0]), self._many(popped[1])]

    # Moving

    def lmove(
        self, first_list: Encodable, second_list: Encodable, src: str = "LEFT", dest: str = "RIGHT"
    ) -> T | None:
        """Take an element out of the first list, at its end `src`, and put it at the end `dest` of the
        second, which may be the same. The element; None if there is no first list. O(1)."""
        source, destination, *ends = encode(first_list), encode(second_list), encode(src), encode(dest)
        return self._maybe(self._lmove(source, destination, is_left(ends[0]), is_left(ends[1])))

    def rpoplpush(self, src: Encodable, dst: Encodable) -> T | None:
        """Carry the last element of `src` to the front of `dst`; it, or None if there is none. O(1)."""
        return self._maybe(self._lmove(encode(src), encode(dst), from_left=False, to_left=True))

    def _lmove(self, source: bytes, destination: bytes, from_left: bool, to_left: bool) -> bytes | None:
        self._acquire()
        try:
            found = self._write(source, GapList)
            if found is None:
                return None
            # Not `_write`: what that clears away could be `source`, should its time come just now.
            self._held(destination, GapList)
            value = found[0 if from_left else len(found) - 1]
            self._begin()
            try:
                # Pushed first, so that a list of one that is its own destination keeps its deadline.
                if to_left:
                    self._effect_lpush(destination, (value,))
                else:
                    self._effect_rpush(destination, (value,))
                if from_left:
                    self._effect_lpop(source)
                else:
                    self._effect_rpop(source)
            finally:
                self._end()
            if self._notify is not None:
                self._notify(b"lpush" if to_left else b"rpush", destination)
                self._notify(b"lpop" if from_left else b"rpop", source)
            return value
        finally:
            self._release()

    # Changing

    def lset(self, name: Encodable, index: int, value: Encodable) -> bool:
        """Put another element at `index`. True; a ResponseError if there is no such key or index. O(1)."""
        key, text = encode(name), encode(value)
        self._lset(key, _integer_or_none(index), text)
        return True

    def _lset(self, key: bytes, index: int | None, value: bytes) -> None:
        """`index` is None where it was no integer; a missing key is noticed before that."""
        self._acquire()
        try:
            found = self._write(key, GapList)
            if found is None:
                raise ResponseError(NO_SUCH_KEY)
            if index is None:
                raise ResponseError(NOT_AN_INTEGER)
            length = len(found)
            if index < 0:
                index += length
            if not 0 <= index < length:
                raise ResponseError(INDEX_OUT_OF_RANGE)
            self._effect_lset(key, index, value)
            if self._notify is not None:
                self._notify(b"lset", key)
        finally:
            self._release()

    def linsert(self, name: Encodable, where: str, refvalue: Encodable, value: Encodable) -> int:
        """Put `value` BEFORE or AFTER the first `refvalue`. O(n).

        The new length; -1 if there is no `refvalue`, 0 if there is no list.
        """
        key, side, pivot, text = encode(name), encode(where).lower(), encode(refvalue), encode(value)
        if side not in (b"before", b"after"):
            raise ResponseError(SYNTAX)
        return self._linsert(key, side == b"before", pivot, text)

    def _linsert(self, key: bytes, before: bool, pivot: bytes, value: bytes) -> int:
        self._acquire()
        try:
            found = self._write(key, GapList)
            if found is None:
                return 0
            position = found.find(pivot)
            if position is None:
                return -1
            self._effect_linsert(key, position if before else position + 1, value)
            if self._notify is not None:
                self._notify(b"linsert", key)
            return len(found)
        finally:
            self._release()

    def lrem(self, name: Encodable, count: int, value: Encodable) -> int:
        """Take out `value`, at most `count` times, from the end if negative, 0 for all; how often. O(n)."""
        key, most, text = encode(name), count if type(count) is int else encode(count), encode(value)
        return self._lrem(key, integer(most), text)

    def _lrem(self, key: bytes, count: int, value: bytes) -> int:
        self._acquire()
        try:
            found = self._write(key, GapList)
            if found is None or found.find(value) is None:
                return 0
            removed = self._effect_lrem(key, value, count)
            if self._notify is not None:
                self._notify(b"lrem", key)
            return removed
        finally:
            self._release()

    def ltrim(self, name: Encodable, start: int, end: int) -> bool:
        """Keep only the elements from `start` to `end`, both included. True. O(removed)."""
        key = encode(name)
        self._ltrim(key, *_two_integers(start, end))
        return True

    def _ltrim(self, key: bytes, first: int, last: int) -> None:
        self._acquire()
        try:
            found = self._write(key, GapList)
            if found is not None:
                self._effect_ltrim(key, *_bounds(first, last, len(found)))
                if self._notify is not None:
                    self._notify(b"ltrim", key)
        finally:
            self._release()

    # Waiting

    def blpop(self, keys: Encodable | Iterable[Encodable], timeout: float | None = 0) -> tuple[T, T] | None:
        """Take the first element out of the first of the lists there is: its name and the element.

        Where there is none, wait until there is, at most `timeout` seconds, 0 or None being for ever; then
        None. Who waits longest for a key is served first. Within a transaction nothing is waited for.
        O(keys).
        """
        names, limit = keys_of(keys), encode(0 if timeout is None else timeout)
        if not names:
            raise wrong_arity("blpop")
        return self._block(self._bpop(names, True), waiting_time(limit), self._name_and_value)

    def brpop(self, keys: Encodable | Iterable[Encodable], timeout: float | None = 0) -> tuple[T, T] | None:
        """`blpop` of the last element."""
        names, limit = keys_of(keys), encode(0 if timeout is None else timeout)
        if not names:
            raise wrong_arity("brpop")
        return self._block(self._bpop(names, False), waiting_time(limit), self._name_and_value)

    def _bpop(self, keys: list[bytes], left: bool) -> Attempt[tuple[bytes, bytes]]:
        def serve(key: bytes) -> tuple[bytes, bytes] | None:
            value = self._pop(key, left)
            return None if value is None else (key, value)

        return Attempt(self, keys, GapList, serve, lambda popped: self._unpop(popped[0], [popped[1]], left))

    def _name_and_value(self, popped: tuple[bytes, bytes]) -> tuple[T, T]:
        return self._one(popped[0]), self._one(popped[1])

    def blmpop(
        self, timeout: float, numkeys: int, *args: Encodable, direction: str, count: int | None = 1
    ) -> list[T | list[T]] | None:
        """`lmpop`, waiting as `blpop` does."""
        limit = encode(timeout)
        words = [encode(numkeys), *map(encode, args), encode(direction), b"COUNT"]
        words.append(encode(count))  # type: ignore[arg-type]  # encode says what is wrong
        keys, left, most = read_lmpop(words)
        return self._block(self._blmpop(keys, left, most), waiting_time(limit), self._name_and_values)

    def _blmpop(self, keys: list[bytes], left: bool, count: int) -> Attempt[tuple[bytes, list[bytes]]]:
        def serve(key: bytes) -> tuple[bytes, list[bytes]] | None:
            return self._lmpop([key], left, count)

        return Attempt(self, keys, GapList, serve, lambda popped: self._unpop(*popped, left))

    def _unpop(self, key: bytes, values: list[bytes], left: bool) -> None:
        """Put back what was popped, as it was."""
        self._push(key, values[::-1], left)

    def blmove(
        self,
        first_list: Encodable,
        second_list: Encodable,
        timeout: float,
        src: str = "LEFT",
        dest: str = "RIGHT",
    ) -> T | None:
        """`lmove`, waiting for the first list as `blpop` does."""
        source, destination, *ends = encode(first_list), encode(second_list), encode(src), encode(dest)
        limit = encode(timeout)
        attempt = self._blmove(source, destination, is_left(ends[0]), is_left(ends[1]))
        return self._block(attempt, waiting_time(limit), self._one)

    def brpoplpush(self, src: Encodable, dst: Encodable, timeout: float | None = 0) -> T | None:
        """`rpoplpush`, waiting for `src` as `blpop` does."""
        source, destination, limit = encode(src), encode(dst), encode(0 if timeout is None else timeout)
        return self._block(self._blmove(source, destination, False, True), waiting_time(limit), self._one)

    def _blmove(self, source: bytes, destination: bytes, from_left: bool, to_left: bool) -> Attempt[bytes]:
        return Attempt(self, [source], GapList, lambda key: self._lmove(key, destination, from_left, to_left))

    # Effects

    @effect(20, on=GapList, weigh=lambda held, values: weight(values))
    def _effect_lpush(self, key: bytes, values: Sequence[bytes]) -> int:
        """Put the values in front of the list at `key`, made if missing, one by one. The new length."""
        found: Any = self._db.data.get(key)
        if found is None:
            self._birth(key, GapList(values[::-1]))
            return len(values)
        found.push_left(values)
        return len(found)

    @effect(21, on=GapList, weigh=lambda held, values: weight(values))
    def _effect_rpush(self, key: bytes, values: Sequence[bytes]) -> int:
        """Put the values at the end of the list at `key`, made if missing. The new length."""
        found: Any = self._db.data.get(key)
        if found is None:
            self._birth(key, GapList(values))
            return len(values)
        found.push_right(values)
        return len(found)

    @effect(22, on=GapList, weigh=lambda held: -getsizeof(held[0]))
    def _effect_lpop(self, key: bytes) -> bytes:
        """Take out the first element of the list at `key`, and return it."""
        found = self._list(key)
        value = found.pop_left()
        if not found:
            self._db.remove(key)
        return value

    @effect(23, on=GapList, weigh=lambda held: -getsizeof(held[len(held) - 1]))
    def _effect_rpop(self, key: bytes) -> bytes:
        """Take out the last element of the list at `key`, and return it."""
        found = self._list(key)
        value = found.pop_right()
        if not found:
            self._db.remove(key)
        return value

    @effect(24, on=GapList)
    def _effect_ltrim(self, key: bytes, start: int, stop: int) -> None:
        """Keep of the list at `key` the elements from `start` until before `stop`."""
        if start >= stop:
            self._db.remove(key)
        else:
            self._list(key).trim(start, stop)

    @effect(25, on=GapList, weigh=lambda held, position, value: getsizeof(value) - getsizeof(held[position]))
    def _effect_lset(self, key: bytes, position: int, value: bytes) -> None:
        """Put another element at `position` of the list at `key`."""
        self._list(key)[position] = value

    @effect(26, on=GapList, weigh=lambda held, position, value: getsizeof(value))
    def _effect_linsert(self, key: bytes, position: int, value: bytes) -> None:
        """Put `value` before the element at `position` of the list at `key`, or at its end."""
        self._list(key).insert(position, value)

    @effect(27, on=GapList)
    def _effect_lrem(self, key: bytes, value: bytes, count: int) -> int:
        """Take `value` out of the list at `key`: `count` times, from the end if negative, or everywhere for
        0. How often it was there."""
        found = self._list(key)
        removed = found.remove(value, count)
        if not found:
            self._db.remove(key)
        return removed

    def _list(self, key: bytes) -> GapList:
        found: Any = self._db.data[key]
        return found  # type: ignore[no-any-return]


def _bounds(first: int, last: int, length: int) -> tuple[int, int]:
    """A range that includes both ends, which may be negative or beyond the list, as start and stop."""
    start = max(0, first + length if first < 0 else first)
    stop = (last + length if last < 0 else last) + 1
    return start, min(stop, length) if stop > start else start
