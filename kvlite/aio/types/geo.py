# mypy: disable-error-code="no-any-return,assignment"

"""The commands of kvlite/types/geo.py, awaited. Made by tests/make_aio.py."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, overload

from ...encoding import Encodable
from ...keyspace import T
from ...types.geo import Located
from ..awaited import Awaited


class AsyncGeo(Awaited[T]):
    """See `kvlite.types.geo.Geo`, of which this has every command."""

    async def geoadd(
        self,
        name: Encodable,
        values: Sequence[Encodable],
        nx: bool = False,
        xx: bool = False,
        ch: bool = False,
    ) -> int:
        """Add places: longitude, latitude and member in turn. How many are new; with `ch`, new or moved."""
        found = self._calls.geoadd(name, values, nx, xx, ch)
        return found if self._at_once else await found

    async def geodist(
        self, name: Encodable, place1: Encodable, place2: Encodable, unit: str | None = None
    ) -> float | None:
        """How far two members are from each other, with four decimals; None if one is not there. O(1)."""
        found = self._calls.geodist(name, place1, place2, unit)
        return found if self._at_once else await found

    async def geohash(self, name: Encodable, *values: Encodable) -> list[str | None]:
        """The geohash of each member, 11 characters, None for one that is not there. O(members)."""
        found = self._calls.geohash(name, *values)
        return found if self._at_once else await found

    async def geopos(self, name: Encodable, *values: Encodable) -> list[tuple[float, float] | None]:
        """The longitude and the latitude of each member, None for one that is not there. O(members)."""
        found = self._calls.geopos(name, *values)
        return found if self._at_once else await found

    @overload
    async def geosearch(
        self,
        name: Encodable,
        member: Encodable | None = None,
        longitude: float | None = None,
        latitude: float | None = None,
        unit: str = "m",
        radius: float | None = None,
        width: float | None = None,
        height: float | None = None,
        sort: str | None = None,
        count: int | None = None,
        any: bool = False,
        withcoord: Literal[False] = False,
        withdist: Literal[False] = False,
        withhash: Literal[False] = False,
    ) -> list[T]: ...

    @overload
    async def geosearch(
        self,
        name: Encodable,
        member: Encodable | None = None,
        longitude: float | None = None,
        latitude: float | None = None,
        unit: str = "m",
        radius: float | None = None,
        width: float | None = None,
        height: float | None = None,
        sort: str | None = None,
        count: int | None = None,
        any: bool = False,
        withcoord: bool = False,
        withdist: bool = False,
        withhash: bool = False,
    ) -> list[T] | list[Located[T]]: ...

    async def geosearch(
        self,
        name: Encodable,
        member: Encodable | None = None,
        longitude: float | None = None,
        latitude: float | None = None,
        unit: str = "m",
        radius: float | None = None,
        width: float | None = None,
        height: float | None = None,
        sort: str | None = None,
        count: int | None = None,
        any: bool = False,
        withcoord: bool = False,
        withdist: bool = False,
        withhash: bool = False,
    ) -> list[T] | list[Located[T]]:
        """The members that lie within a circle or a rectangle, about a `member` or a point."""
        found = self._calls.geosearch(
            name,
            member,
            longitude,
            latitude,
            unit,
            radius,
            width,
            height,
            sort,
            count,
            any,
            withcoord,
            withdist,
            withhash,
        )
        return found if self._at_once else await found

    async def geosearchstore(
        self,
        dest: Encodable,
        name: Encodable,
        member: Encodable | None = None,
        longitude: float | None = None,
        latitude: float | None = None,
        unit: str = "m",
        radius: float | None = None,
        width: float | None = None,
        height: float | None = None,
        sort: str | None = None,
        count: int | None = None,
        any: bool = False,
        storedist: bool = False,
    ) -> int:
        """Store what `geosearch` finds as a sorted set at `dest`, whatever was there; how many they are."""
        found = self._calls.geosearchstore(
            dest, name, member, longitude, latitude, unit, radius, width, height, sort, count, any, storedist
        )
        return found if self._at_once else await found

    @overload
    async def georadius(
        self,
        name: Encodable,
        longitude: float,
        latitude: float,
        radius: float,
        unit: str | None = None,
        withdist: bool = False,
        withcoord: bool = False,
        withhash: bool = False,
        count: int | None = None,
        sort: str | None = None,
        store: None = None,
        store_dist: None = None,
        any: bool = False,
    ) -> list[T] | list[Located[T]]: ...

    @overload
    async def georadius(
        self,
        name: Encodable,
        longitude: float,
        latitude: float,
        radius: float,
        unit: str | None = None,
        withdist: bool = False,
        withcoord: bool = False,
        withhash: bool = False,
        count: int | None = None,
        sort: str | None = None,
        store: Encodable | None = None,
        store_dist: Encodable | None = None,
        any: bool = False,
    ) -> list[T] | list[Located[T]] | int: ...

    async def georadius(
        self,
        name: Encodable,
        longitude: float,
        latitude: float,
        radius: float,
        unit: str | None = None,
        withdist: bool = False,
        withcoord: bool = False,
        withhash: bool = False,
        count: int | None = None,
        sort: str | None = None,
        store: Encodable | None = None,
        store_dist: Encodable | None = None,
        any: bool = False,
    ) -> list[T] | list[Located[T]] | int:
        """As `geosearch`, within a circle about a point."""
        found = self._calls.georadius(
            name,
            longitude,
            latitude,
            radius,
            unit,
            withdist,
            withcoord,
            withhash,
            count,
            sort,
            store,
            store_dist,
            any,
        )
        return found if self._at_once else await found

    @overload
    async def georadiusbymember(
        self,
        name: Encodable,
        member: Encodable,
        radius: float,
        unit: str | None = None,
        withdist: bool = False,
        withcoord: bool = False,
        withhash: bool = False,
        count: int | None = None,
        sort: str | None = None,
        store: None = None,
        store_dist: None = None,
        any: bool = False,
    ) -> list[T] | list[Located[T]]: ...

    @overload
    async def georadiusbymember(
        self,
        name: Encodable,
        member: Encodable,
        radius: float,
        unit: str | None = None,
        withdist: bool = False,
        withcoord: bool = False,
        withhash: bool = False,
        count: int | None = None,
        sort: str | None = None,
        store: Encodable | None = None,
        store_dist: Encodable | None = None,
        any: bool = False,
    ) -> list[T] | list[Located[T]] | int: ...

    async def georadiusbymember(
        self,
        name: Encodable,
        member: Encodable,
        radius: float,
        unit: str | None = None,
        withdist: bool = False,
        withcoord: bool = False,
        withhash: bool = False,
        count: int | None = None,
        sort: str | None = None,
        store: Encodable | None = None,
        store_dist: Encodable | None = None,
        any: bool = False,
    ) -> list[T] | list[Located[T]] | int:
        """As `georadius`, within a circle about a member."""
        found = self._calls.georadiusbymember(
            name, member, radius, unit, withdist, withcoord, withhash, count, sort, store, store_dist, any
        )
        return found if self._at_once else await found
