# mypy: disable-error-code="no-any-return,assignment"

"""The commands of kvlite/types/lists.py, awaited. Made by tests/make_aio.py."""

from __future__ import annotations

from collections.abc import Iterable
from typing import overload

from ...encoding import Encodable
from ...keyspace import T
from ..awaited import Awaited


class AsyncLists(Awaited[T]):
    """See `kvlite.types.lists.Lists`, of which this has every command."""

    async def llen(self, name: Encodable) -> int:
        """The number of elements, 0 if there is no list. O(1)."""
        found = self._calls.llen(name)
        return found if self._at_once else await found

    async def lindex(self, name: Encodable, index: int) -> T | None:
        """The element at `index`, or None. O(1)."""
        found = self._calls.lindex(name, index)
        return found if self._at_once else await found

    async def lrange(self, name: Encodable, start: int, end: int) -> list[T]:
        """The elements from `start` to `end`, both included. O(result)."""
        found = self._calls.lrange(name, start, end)
        return found if self._at_once else await found

    @overload
    async def lpos(
        self,
        name: Encodable,
        value: Encodable,
        rank: int | None = None,
        count: None = None,
        maxlen: int | None = None,
    ) -> int | None: ...

    @overload
    async def lpos(
        self, name: Encodable, value: Encodable, rank: int | None, count: int, maxlen: int | None = None
    ) -> list[int]: ...

    @overload
    async def lpos(
        self,
        name: Encodable,
        value: Encodable,
        rank: int | None = None,
        *,
        count: int,
        maxlen: int | None = None,
    ) -> list[int]: ...

    @overload
    async def lpos(
        self,
        name: Encodable,
        value: Encodable,
        rank: int | None = None,
        count: int | None = None,
        maxlen: int | None = None,
    ) -> int | list[int] | None: ...

    async def lpos(
        self,
        name: Encodable,
        value: Encodable,
        rank: int | None = None,
        count: int | None = None,
        maxlen: int | None = None,
    ) -> int | list[int] | None:
        """Where `value` stands, or None; with `count` a list of up to so many positions, 0 for all. O(n)."""
        found = self._calls.lpos(name, value, rank, count, maxlen)
        return found if self._at_once else await found

    async def lpush(self, name: Encodable, *values: Encodable) -> int:
        """Put the values in front, one by one, the last becomes the first; the new length. O(values)."""
        found = self._calls.lpush(name, *values)
        return found if self._at_once else await found

    async def rpush(self, name: Encodable, *values: Encodable) -> int:
        """Put the values at the end; the new length. O(values)."""
        found = self._calls.rpush(name, *values)
        return found if self._at_once else await found

    async def lpushx(self, name: Encodable, *values: Encodable) -> int:
        """`lpush` onto a list that exists; its new length, or 0 if there is none. O(values)."""
        found = self._calls.lpushx(name, *values)
        return found if self._at_once else await found

    async def rpushx(self, name: Encodable, *values: Encodable) -> int:
        """`rpush` onto a list that exists; its new length, or 0 if there is none. O(values)."""
        found = self._calls.rpushx(name, *values)
        return found if self._at_once else await found

    @overload
    async def lpop(self, name: Encodable, count: None = None) -> T | None: ...

    @overload
    async def lpop(self, name: Encodable, count: int) -> list[T] | None: ...

    @overload
    async def lpop(self, name: Encodable, count: int | None = None) -> T | list[T] | None: ...

    async def lpop(self, name: Encodable, count: int | None = None) -> T | list[T] | None:
        """Take out the first element; None if there is no list. With `count` a list of as many. O(count)."""
        found = self._calls.lpop(name, count)
        return found if self._at_once else await found

    @overload
    async def rpop(self, name: Encodable, count: None = None) -> T | None: ...

    @overload
    async def rpop(self, name: Encodable, count: int) -> list[T] | None: ...

    @overload
    async def rpop(self, name: Encodable, count: int | None = None) -> T | list[T] | None: ...

    async def rpop(self, name: Encodable, count: int | None = None) -> T | list[T] | None:
        """Take out the last element; None if there is no list. With `count` a list of as many, the last
        first. O(count)."""
        found = self._calls.rpop(name, count)
        return found if self._at_once else await found

    async def lmpop(
        self, num_keys: int, *args: Encodable, direction: str, count: int | None = 1
    ) -> list[T | list[T]] | None:
        """Pop up to `count` elements of the first list there is: `[name, [element, ...]]`, or None.
        O(count)."""
        found = self._calls.lmpop(num_keys, *args, direction=direction, count=count)
        return found if self._at_once else await found

    async def lmove(
        self, first_list: Encodable, second_list: Encodable, src: str = "LEFT", dest: str = "RIGHT"
    ) -> T | None:
        """Take an element out of the first list, at its end `src`, and put it at the end `dest` of the
        second, which may be the same. The element; None if there is no first list. O(1)."""
        found = self._calls.lmove(first_list, second_list, src, dest)
        return found if self._at_once else await found

    async def rpoplpush(self, src: Encodable, dst: Encodable) -> T | None:
        """Carry the last element of `src` to the front of `dst`; it, or None if there is none. O(1)."""
        found = self._calls.rpoplpush(src, dst)
        return found if self._at_once else await found

    async def lset(self, name: Encodable, index: int, value: Encodable) -> bool:
        """Put another element at `index`. True; a ResponseError if there is no such key or index. O(1)."""
        found = self._calls.lset(name, index, value)
        return found if self._at_once else await found

    async def linsert(self, name: Encodable, where: str, refvalue: Encodable, value: Encodable) -> int:
        """Put `value` BEFORE or AFTER the first `refvalue`. O(n)."""
        found = self._calls.linsert(name, where, refvalue, value)
        return found if self._at_once else await found

    async def lrem(self, name: Encodable, count: int, value: Encodable) -> int:
        """Take out `value`, at most `count` times, from the end if negative, 0 for all; how often. O(n)."""
        found = self._calls.lrem(name, count, value)
        return found if self._at_once else await found

    async def ltrim(self, name: Encodable, start: int, end: int) -> bool:
        """Keep only the elements from `start` to `end`, both included. True. O(removed)."""
        found = self._calls.ltrim(name, start, end)
        return found if self._at_once else await found

    async def blpop(
        self, keys: Encodable | Iterable[Encodable], timeout: float | None = 0
    ) -> tuple[T, T] | None:
        """Take the first element out of the first of the lists there is: its name and the element."""
        return await self._guard.blpop(keys, timeout)

    async def brpop(
        self, keys: Encodable | Iterable[Encodable], timeout: float | None = 0
    ) -> tuple[T, T] | None:
        """`blpop` of the last element."""
        return await self._guard.brpop(keys, timeout)

    async def blmpop(
        self, timeout: float, numkeys: int, *args: Encodable, direction: str, count: int | None = 1
    ) -> list[T | list[T]] | None:
        """`lmpop`, waiting as `blpop` does."""
        return await self._guard.blmpop(timeout, numkeys, *args, direction=direction, count=count)

    async def blmove(
        self,
        first_list: Encodable,
        second_list: Encodable,
        timeout: float,
        src: str = "LEFT",
        dest: str = "RIGHT",
    ) -> T | None:
        """`lmove`, waiting for the first list as `blpop` does."""
        return await self._guard.blmove(first_list, second_list, timeout, src, dest)

    async def brpoplpush(self, src: Encodable, dst: Encodable, timeout: float | None = 0) -> T | None:
        """`rpoplpush`, waiting for `src` as `blpop` does."""
        return await self._guard.brpoplpush(src, dst, timeout)
