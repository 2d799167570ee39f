# mypy: disable-error-code="no-any-return,assignment"

"""The commands of kvlite/types/sort.py, awaited. Made by tests/make_aio.py."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, overload

from ...encoding import Encodable
from ...keyspace import T
from ..awaited import Awaited


class AsyncSort(Awaited[T]):
    """See `kvlite.types.sort.Sort`, of which this has every command."""

    @overload
    async def sort(
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
    async def sort(
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
    async def sort(
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
    async def sort(
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
    async def sort(
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

    async def sort(
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
        """The elements of a list, set or sorted set as numbers in order, or as texts with `alpha`."""
        found = self._calls.sort(name, start, num, by, get, desc, alpha, store, groups)
        return found if self._at_once else await found

    @overload
    async def sort_ro(
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
    async def sort_ro(
        self,
        key: Encodable,
        start: int | None = None,
        num: int | None = None,
        by: Encodable | None = None,
        get: bytes | str | Iterable[Encodable] | None = None,
        desc: bool = False,
        alpha: bool = False,
    ) -> list[T | None]: ...

    async def sort_ro(
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
        found = self._calls.sort_ro(key, start, num, by, get, desc, alpha)
        return found if self._at_once else await found
