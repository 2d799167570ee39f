"""SORT: the elements of a list, a set or a sorted set in another order, with what other keys say of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import itemgetter
from typing import Any, Literal, NamedTuple, overload

from ..database import Value
from ..encoding import Encodable, encode, integer
from ..errors import WRONG_TYPE, DataError, ResponseError
from ..keyspace import Keyspace, T
from ..numbers import parse_sort_weight
from ..structs import Collection
from ..structs.gap_list import GapList
from ..structs.hash import Hash
from ..structs.set import Set
from ..structs.sorted_set import SortedSet
from .strings import text_of

NOT_NUMBERS = "One or more scores can't be converted into double"


class Sorting(NamedTuple):
    """The options of SORT. A `number` of -1 is no limit; of several BY one without a star decides."""

    by: bytes | None = None
    start: int = 0
    number: int = -1
    get: tuple[bytes, ...] = ()
    desc: bool = False
    alpha: bool = False


class Sort(Keyspace[T]):
    """SORT and its read-only twin."""

    @overload
    def sort(
        self,
        name: Encodable,
        start: int | None = None,
        num: int | None = None,
        by: Encodable | None = None,
        get: None = None,
        desc: bool = False,
        alpha: bool = False,
        store: None = None,
        groups: Literal[False] | None = False,
    ) -> list[T]: ...
    @overload
    def sort(
        self,
        name: Encodable,
        start: int | None = None,
        num: int | None = None,
        by: Encodable | None = None,
        *,
        get: bytes | str | Iterable[Encodable],
        desc: bool = False,
        alpha: bool = False,
        store: None = None,
        groups: Literal[False] | None = False,
    ) -> list[T | None]: ...
    @overload
    def sort(
        self,
        name: Encodable,
        start: int | None = None,
        num: int | None = None,
        by: Encodable | None = None,
        *,
        get: Iterable[Encodable],
        desc: bool = False,
        alpha: bool = False,
        store: None = None,
        groups: Literal[True],
    ) -> list[tuple[T | None, ...]]: ...
    @overload
    def sort(
        self,
        name: Encodable,
        start: int | None = None,
        num: int | None = None,
        by: Encodable | None = None,
        get: bytes | str | Iterable[Encodable] | None = None,
        desc: bool = False,
        alpha: bool = False,
        *,
        store: Encodable,
        groups: Literal[False] | None = False,
    ) -> int: ...
    @overload
    def sort(
        self,
        name: Encodable,
        start: int | None = None,
        num: int | None = None,
        by: Encodable | None = None,
        get: bytes | str | Iterable[Encodable] | None = None,
        desc: bool = False,
        alpha: bool = False,
        store: Encodable | None = None,
        groups: bool | None = False,
    ) -> list[T] | list[T | None] | list[tuple[T | None, ...]] | int: ...
    def sort(
        self,
        name: Encodable,
        start: int | None = None,
        num: int | None = None,
        by: Encodable | None = None,
        get: bytes | str | Iterable[Encodable] | None = None,
        desc: bool = False,
        alpha: bool = False,
        store: Encodable | None = None,
        groups: bool | None = False,
    ) -> list[T] | list[T | None] | list[tuple[T | None, ...]] | int:
        """The elements of a list, set or sorted set as numbers in order, or as texts with `alpha`.

        O(n log n); with `by` a key without a star they stay as they are, and `start` and `num` then cost
        what they return, for sets too. `desc` turns the order around.

        `by` and `get` are patterns of keys: the element takes the place of the star, and the string there
        is what it is ordered by (nothing counts as 0), or what is returned instead of it (None for nothing).
        `user:*->name` is the field of a hash, and `#` in `get` the element. With several patterns and
        `groups` their values come as tuples. With `store` the result becomes the list at that key, where
        nothing is an empty string; the answer is its length.

        WRONGTYPE for another type, and a ResponseError for what is no number.
        """
        if (start is None) != (num is None):
            raise DataError("``start`` and ``num`` must both be specified")
        patterns: list[Any] = [] if get is None else [get] if isinstance(get, (bytes, str)) else list(get)
        if groups and (not get or isinstance(get, (bytes, str)) or len(get) < 2):  # type: ignore[arg-type]
            raise DataError(
                'when using "groups" the "get" argument must be specified and contain at least two keys'
            )
        if groups and store is not None:
            raise DataError("``groups`` and ``store`` are mutually exclusive.")
        key = encode(name)
        weight = None if by is None else encode(by)
        limit = [] if start is None or num is None else [encode(start), encode(num)]
        fetch = tuple(map(encode, patterns))
        dest = None if store is None else encode(store)
        first, count = map(integer, limit) if limit else (0, -1)
        options = Sorting(weight, first, count, fetch, bool(desc), bool(alpha))
        if dest is not None:
            return self._sort_store(key, dest, options)
        found = self._many_maybe(self._sort(key, options))
        width = len(fetch)
        return list(zip(*[found[place::width] for place in range(width)], strict=True)) if groups else found

    @overload
    def sort_ro(
        self,
        key: Encodable,
        start: int | None = None,
        num: int | None = None,
        by: Encodable | None = None,
        get: None = None,
        desc: bool = False,
        alpha: bool = False,
    ) -> list[T]: ...
    @overload
    def sort_ro(
        self,
        key: Encodable,
        start: int | None = None,
        num: int | None = None,
        by: Encodable | None = None,
        get: bytes | str | Iterable[Encodable] | None = None,
        desc: bool = False,
        alpha: bool = False,
    ) -> list[T | None]: ...
    def sort_ro(
        self,
        key: Encodable,
        start: int | None = None,
        num: int | None = None,
        by: Encodable | None = None,
        get: bytes | str | Iterable[Encodable] | None = None,
        desc: bool = False,
        alpha: bool = False,
    ) -> list[T] | list[T | None]:
        """`sort`, which cannot store."""
        return self.sort(key, start=start, num=num, by=by, get=get, desc=desc, alpha=alpha)  # type: ignore

    def _sort(self, key: bytes, options: Sorting) -> list[bytes | None]:
        self._acquire()
        try:
            return self._sorted(key, options, stored=False)
        finally:
            self._release()

    def _sort_store(self, key: bytes, dest: bytes, options: Sorting) -> int:
        self._acquire()
        try:
            self._reap()
            found = self._sorted(key, options, stored=True)
            result = GapList([text or b"" for text in found]) if found else None
            self._put_result(dest, result, b"sortstore")
            return len(found)
        finally:
            self._release()

    def _sorted(self, key: bytes, options: Sorting, stored: bool) -> list[bytes | None]:
        value = self._look_up(key)
        if value is None:
            return []
        if isinstance(value, SortedSet) and value.small:
            value.convert()  # Redis sorts from a skip list, and leaves one behind
        by, alpha = options.by, options.alpha
        if by is None or b"*" in _c_string(by):
            elements = self._in_order(_elements(value), by, alpha, options.desc, stored)
        elif stored and isinstance(value, Set):
            # What is stored must not hang on how a set is kept.
            elements = self._in_order(value.items, None, True, options.desc, stored)
        else:
            return self._fetch(_unsorted(value, options), options.get)
        start = max(0, options.start)
        stop = len(elements) if options.number < 0 else start + options.number
        return self._fetch(elements[start:stop], options.get)

    def _in_order(
        self, elements: Iterable[bytes], by: bytes | None, alpha: bool, desc: bool, stored: bool
    ) -> list[bytes]:
        elements = list(elements)
        texts: list[bytes | None] = [*elements]
        if by is not None:
            look_up = self._lookup(by)
            texts = [look_up(element) for element in elements]
        if not alpha:
            # Elements with the same number are ordered as texts.
            weighed = sorted(zip(map(_number, texts), elements, strict=True), reverse=desc)
            return [element for _, element in weighed]
        # Redis compares by strcoll, which knows no NUL, but the whole texts where the result is stored.
        cut = bytes if stored else _c_string
        ranks = [(False, b"") if text is None else (True, cut(text)) for text in texts]
        ranked = sorted(zip(ranks, elements, strict=True), key=itemgetter(0), reverse=desc)
        return [element for _, element in ranked]

    def _fetch(self, elements: list[bytes], patterns: tuple[bytes, ...]) -> list[bytes | None]:
        if not patterns:
            return [*elements]
        look_ups = [self._lookup(pattern) for pattern in patterns]
        return [look_up(element) for element in elements for look_up in look_ups]

    def _lookup(self, pattern: bytes) -> Callable[[bytes], bytes | None]:
        """What gives the string that `pattern` names for an element, None if there is none."""
        text = _c_string(pattern)
        if text == b"#":
            return bytes
        star = text.find(b"*")
        if star < 0:
            return lambda element: None
        arrow = text.find(b"->", star + 1)
        if arrow < 0 or arrow + 2 == len(text):
            prefix, suffix = pattern[:star], pattern[star + 1 :]
            return lambda element: _string(self._look_up(prefix + element + suffix))
        prefix, suffix, field = pattern[:star], pattern[star + 1 : arrow], pattern[arrow + 2 :]
        return lambda element: _field(self._look_up(prefix + element + suffix), field)


def _c_string(text: bytes) -> bytes:
    """What C sees of it: all before the first NUL."""
    return text.partition(b"\0")[0]


def _number(text: bytes | None) -> float:
    number = 0.0 if text is None else parse_sort_weight(text)
    if number is None:
        raise ResponseError(NOT_NUMBERS)
    return number


def _string(value: Value | None) -> bytes | None:
    return None if value is None or isinstance(value, Collection) else text_of(value)


def _field(value: Value | None, field: bytes) -> bytes | None:
    return value.fields.get(field) if isinstance(value, Hash) else None


def _elements(value: Value) -> list[bytes]:
    if isinstance(value, GapList):
        return value.items[value.head :]
    if isinstance(value, Set):
        return value.members()
    if isinstance(value, SortedSet):
        return [member for _, member in value.entries]
    raise ResponseError(WRONG_TYPE)


def _unsorted(value: Value, options: Sorting) -> list[bytes]:
    """The part that LIMIT asks for of the elements as they stand. O(result), and O(n) for small sets.

    DESC turns lists and sorted sets around, but not sets.
    """
    size = len(value) if isinstance(value, Collection) else 0
    start = min(max(0, options.start), size)
    stop = size if options.number < 0 else min(start + options.number, size)
    if isinstance(value, Set):
        return (value.members() if value.integers else value.items)[start:stop]
    desc = options.desc
    if desc:
        start, stop = size - stop, size - start
    if isinstance(value, GapList):
        found = value.slice(start, stop)
    elif isinstance(value, SortedSet):
        found = [member for _, member in value.entries_between(start, stop)]
    else:
        raise ResponseError(WRONG_TYPE)
    return found[::-1] if desc else found
