"""Places on the earth, kept as the scores of sorted sets; see `structs.geohash`.

The words of a search are read where the key has been looked up, as in Redis: so errors come in its order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from operator import attrgetter
from typing import Literal, NoReturn, TypeAlias, overload

from ..encoding import Encodable, encode_all, integer
from ..errors import NOT_A_FLOAT, SYNTAX, DataError, ResponseError, wrong_arity
from ..keyspace import T
from ..numbers import format_human, parse_double
from ..structs.geohash import (
    MOST_LATITUDE,
    MOST_LONGITUDE,
    UNITS,
    Box,
    Circle,
    Hit,
    Point,
    Shape,
    cells_of,
    distance,
    hits_among,
    point_of,
    score_of,
    text_of,
)
from ..structs.sorted_set import SortedSet
from .sorted_sets import SortedSets

Located: TypeAlias = list[T | float | int | tuple[float, float]]
"""A member with what was asked for: its distance, its score, its longitude and latitude."""

UNKNOWN_UNIT = "unsupported unit provided. please use M, KM, FT, MI"
NOT_A_RADIUS = "need numeric radius"
NEGATIVE_RADIUS = "radius cannot be negative"
NOT_A_WIDTH = "need numeric width"
NOT_A_HEIGHT = "need numeric height"
NEGATIVE_SIDE = "height or width cannot be negative"
NO_SUCH_MEMBER = "could not decode requested zset member"
COUNT_TOO_SMALL = "COUNT must be > 0"
ANY_WITHOUT_COUNT = "the ANY argument requires COUNT argument"

_UNIT_NAMES = ("m", "km", "mi", "ft")


Center: TypeAlias = Literal["a point", "a member", "as options say"]
"""What the words of a search begin with: a center and a radius, or nothing of the kind."""


class Search:
    """What is looked for, and in what form."""

    def __init__(self, command: str, center: Center, stores: bool, dest: bytes | None = None) -> None:
        self.command = command
        """How the command was written: an error shows it."""
        self.center: Center = center
        self.stores = stores
        """Whether it may store what it finds: where options say so, or at a `dest` from the first."""
        self.dest = dest
        self.storedist = False
        self.shape: Shape | None = None
        self.withdist = self.withhash = self.withcoord = False
        self.reverse: bool | None = None
        """Whether the farthest come first; None for any order."""
        self.count = 0
        """0 for all."""
        self.any = False
        """Whether the first that are found will do."""

    @property
    def unit(self) -> float:
        return 1.0 if self.shape is None else self.shape.unit

    def hits(self, value: SortedSet) -> list[Hit]:
        """What is found, in the order that was asked for. O(log n + members of the cells)."""
        found = self._found(value)
        if self.any:
            found = islice(found, self.count)
        hits = list(found)
        if self.reverse is not None or (self.count and not self.any):
            hits.sort(key=attrgetter("distance"), reverse=bool(self.reverse))
        return hits[: self.count] if self.count else hits

    def _found(self, value: SortedSet) -> Iterator[Hit]:
        assert self.shape is not None
        for cell in cells_of(self.shape):
            start, stop = value.span_of_scores(*cell.scores)
            if start < stop:
                yield from hits_among(value.entries.islice(start, stop), self.shape)


class _Reader:
    """The words of a search, read one after the other."""

    def __init__(self, search: Search, value: SortedSet | None, words: Sequence[bytes]) -> None:
        self.search = search
        self.value = value
        self.words = words
        self.at = 0
        self.center: Point | None = None
        self.has_center = self.has_shape = False

    def read(self) -> None:
        search = self.search
        if search.center == "a point":
            self._from_point()
            self._circle()
        elif search.center == "a member" and self.value is None:
            self.at = 3
        elif search.center == "a member":
            self._from_member()
            self._circle()
        while self.at < len(self.words):
            self._option(self._next().upper())
        self._check()
        if search.shape is not None and self.center is not None:
            search.shape = search.shape._replace(center=self.center)

    def _next(self) -> bytes:
        self.at += 1
        return self.words[self.at - 1]

    def _option(self, word: bytes) -> None:
        search, left = self.search, len(self.words) - self.at
        by_options = search.center == "as options say"
        if word in _FLAGS:
            setattr(search, *_FLAGS[word])
        elif word == b"COUNT" and left >= 1:
            search.count = integer(self._next())
            if search.count <= 0:
                raise ResponseError(COUNT_TOO_SMALL)
        elif word in (b"STORE", b"STOREDIST") and search.stores and not by_options and left >= 1:
            search.dest, search.storedist = self._next(), word == b"STOREDIST"
        elif word == b"STOREDIST" and search.stores and by_options:
            search.storedist = True
        elif word == b"FROMMEMBER" and by_options and left >= 1 and not self.has_center:
            self._from_member()
        elif word == b"FROMLONLAT" and by_options and left >= 2 and not self.has_center:
            self._from_point()
        elif word == b"BYRADIUS" and by_options and left >= 2 and not self.has_shape:
            self._circle()
        elif word == b"BYBOX" and by_options and left >= 3 and not self.has_shape:
            self._box()
        else:
            raise ResponseError(SYNTAX)

    def _from_point(self) -> None:
        self.center = read_point(self._next(), self._next())
        self.has_center = True

    def _from_member(self) -> None:
        member = self._next()
        if self.value is not None:
            score = self.value.scores.get(member)
            if score is None:
                raise ResponseError(NO_SUCH_MEMBER)
            self.center = point_of(score)
        self.has_center = True

    def _circle(self) -> None:
        radius = _number(self._next(), NOT_A_RADIUS)
        if radius < 0:
            raise ResponseError(NEGATIVE_RADIUS)
        self.search.shape = Circle((0.0, 0.0), radius, read_unit(self._next()))
        self.has_shape = True

    def _box(self) -> None:
        width = _number(self._next(), NOT_A_WIDTH)
        height = _number(self._next(), NOT_A_HEIGHT)
        if width < 0 or height < 0:
            raise ResponseError(NEGATIVE_SIDE)
        self.search.shape = Box((0.0, 0.0), width, height, read_unit(self._next()))
        self.has_shape = True

    def _check(self) -> None:
        search = self.search
        by_options = search.center == "as options say"
        if search.dest is not None and (search.withdist or search.withhash or search.withcoord):
            name = "GEOSEARCHSTORE" if by_options else "STORE option in GEORADIUS"
            raise ResponseError(f"{name} is not compatible with WITHDIST, WITHHASH and WITHCOORD options")
        if by_options and not self.has_center:
            self._refuse("exactly one of FROMMEMBER or FROMLONLAT can be specified for")
        if by_options and not self.has_shape:
            self._refuse("exactly one of BYRADIUS and BYBOX can be specified for")
        if search.any and not search.count:
            raise ResponseError(ANY_WITHOUT_COUNT)

    def _refuse(self, error: str) -> NoReturn:
        raise ResponseError(f"{error} {self.search.command}")


_FLAGS: dict[bytes, tuple[str, bool]] = {
    b"WITHDIST": ("withdist", True),
    b"WITHHASH": ("withhash", True),
    b"WITHCOORD": ("withcoord", True),
    b"ANY": ("any", True),
    b"ASC": ("reverse", False),
    b"DESC": ("reverse", True),
}
"""What a word on its own says of a search."""


def _number(text: bytes, error: str = NOT_A_FLOAT) -> float:
    number = parse_double(text)
    if number is None:
        raise ResponseError(error)
    return number


def read_point(longitude: bytes, latitude: bytes) -> Point:
    """A longitude and a latitude; a ResponseError if there is no such place in the grid."""
    point = _number(longitude), _number(latitude)
    if abs(point[0]) > MOST_LONGITUDE or abs(point[1]) > MOST_LATITUDE:
        raise ResponseError(f"invalid longitude,latitude pair {point[0]:f},{point[1]:f}")
    return point


def read_unit(text: bytes) -> float:
    """How many metres a unit has."""
    unit = UNITS.get(text.upper())
    if unit is None:
        raise ResponseError(UNKNOWN_UNIT)
    return unit


def distance_text(metres: float, unit: float) -> bytes:
    """A distance as Redis shows it: in ten thousandths, a half going to the even one."""
    return b"%d.%04d" % divmod(round(metres / unit * 10_000), 10_000)


def _shown(point: Point) -> tuple[float, float]:
    """A point as redis-py reads it from what Redis shows, which has 17 decimals."""
    return float(format_human(point[0])), float(format_human(point[1]))


class Geo(SortedSets[T]):
    """The commands of geographical places."""

    # Adding

    def geoadd(
        self,
        name: Encodable,
        values: Sequence[Encodable],
        nx: bool = False,
        xx: bool = False,
        ch: bool = False,
    ) -> int:
        """Add places: longitude, latitude and member in turn. How many are new; with `ch`, new or moved.

        `nx` only adds, `xx` only moves what is there. A ResponseError for a latitude beyond 85.05112878
        degrees or a longitude beyond 180. O(places * log n). They are members of a sorted set: zrem() removes
        them.
        """
        if nx and xx:
            raise DataError("GEOADD allows either 'nx' or 'xx', not both")
        if len(values) % 3 != 0:
            raise DataError("GEOADD requires places with lon, lat and name values")
        key, *words = encode_all([name, *values])
        if not words:
            raise wrong_arity("geoadd")
        added, changed = self._geoadd(key, words, nx, xx)
        return added + changed if ch else added

    def _geoadd(self, key: bytes, words: Sequence[bytes], nx: bool, xx: bool) -> tuple[int, int]:
        """How many members are new, and how often one moved. `words` are threes."""
        places = [
            (member, score_of(read_point(longitude, latitude)))
            for longitude, latitude, member in zip(words[::3], words[1::3], words[2::3], strict=True)
        ]
        return self._zadd(key, places, nx, xx)

    # Looking

    def geodist(
        self, name: Encodable, place1: Encodable, place2: Encodable, unit: str | None = None
    ) -> float | None:
        """How far two members are from each other, with four decimals; None if one is not there. O(1).

        `unit` is "m", "km", "mi" or "ft"; metres if it is left out. The earth is a sphere: the error may be
        0.5%.
        """
        if unit and unit not in _UNIT_NAMES:
            raise DataError("GEODIST invalid unit")
        key, first, second = encode_all([name, place1, place2])
        metres_each = UNITS[unit.upper().encode()] if unit else 1.0
        metres = self._geodist(key, first, second)
        return None if metres is None else round(metres / metres_each, 4)

    def _geodist(self, key: bytes, first: bytes, second: bytes) -> float | None:
        """In metres."""
        one, other = self._zmscore(key, [first, second])
        return None if one is None or other is None else distance(point_of(one), point_of(other))

    def geohash(self, name: Encodable, *values: Encodable) -> list[str | None]:
        """The geohash of each member, 11 characters, None for one that is not there. O(members)."""
        key, *members = encode_all([name, *values])
        return [None if text is None else text.decode() for text in self._geohash(key, members)]

    def _geohash(self, key: bytes, members: Sequence[bytes]) -> list[bytes | None]:
        return [None if point is None else text_of(point) for point in self._geopos(key, members)]

    def geopos(self, name: Encodable, *values: Encodable) -> list[tuple[float, float] | None]:
        """The longitude and the latitude of each member, None for one that is not there. O(members).

        They are those of the middle of a cell that is less than a metre wide.
        """
        key, *members = encode_all([name, *values])
        return [None if point is None else _shown(point) for point in self._geopos(key, members)]

    def _geopos(self, key: bytes, members: Sequence[bytes]) -> list[Point | None]:
        return [None if score is None else point_of(score) for score in self._zmscore(key, members)]

    # Searching

    @overload
    def geosearch(
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
    def geosearch(
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
    def geosearch(
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
        """The members that lie within a circle or a rectangle, about a `member` or a point.

        The circle has a `radius`, the rectangle a `width` and a `height`, in `unit`: "m", "km", "mi" or "ft".
        `sort` is "ASC" for the nearest first, "DESC" for the farthest; `count` takes so many of the nearest
        (or farthest), with `any` of those that are found first. A ResponseError if there is no such member
        in a key that is there.

        With `withdist`, `withhash` or `withcoord` each is a list: the member, the distance in `unit`, the
        score as an int, a tuple of longitude and latitude, as far as they were asked for.
        O(log n + members about there).
        """
        words = _search_words(member, longitude, latitude, unit, radius, width, height, sort, count, any)
        words += [word for word, wanted in _with(withdist, withcoord, withhash) if wanted]
        key, *options = encode_all([name, *words])
        if len(options) < 5:
            raise wrong_arity("geosearch")
        return self._geofound(Search("GEOSEARCH", "as options say", stores=False), key, options)

    def geosearchstore(
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
        """Store what `geosearch` finds as a sorted set at `dest`, whatever was there; how many they are.

        With `storedist` the scores are the distances, otherwise they stay places.
        """
        words = _search_words(member, longitude, latitude, unit, radius, width, height, sort, count, any)
        words += ["STOREDIST"] if storedist else []
        destination, key, *options = encode_all([dest, name, *words])
        if len(options) < 5:
            raise wrong_arity("geosearchstore")
        search = Search("GEOSEARCHSTORE", "as options say", stores=True, dest=destination)
        return len(self._geosearch(search, key, options))

    @overload
    def georadius(
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
    def georadius(
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
    def georadius(
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
        """As `geosearch`, within a circle about a point.

        `store` and `store_dist` are keys: what is found is stored there instead, with its places or its
        distances for scores, and the answer is how many they are.
        """
        wanted = _with(withdist, withcoord, withhash)
        words = _radius_words(unit, wanted, count, sort, store, store_dist, any)
        key, *options = encode_all([name, longitude, latitude, radius, *words])
        return self._georadius(Search("GEORADIUS", "a point", stores=True), key, options)

    @overload
    def georadiusbymember(
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
    def georadiusbymember(
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
    def georadiusbymember(
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
        wanted = _with(withdist, withcoord, withhash)
        words = _radius_words(unit, wanted, count, sort, store, store_dist, any)
        key, *options = encode_all([name, member, radius, *words])
        return self._georadius(Search("GEORADIUSBYMEMBER", "a member", stores=True), key, options)

    def _georadius(
        self, search: Search, key: bytes, words: Sequence[bytes]
    ) -> list[T] | list[Located[T]] | int:
        found = self._geofound(search, key, words)
        return found if search.dest is None else len(found)

    def _geofound(self, search: Search, key: bytes, words: Sequence[bytes]) -> list[T] | list[Located[T]]:
        hits = self._geosearch(search, key, words)
        members = self._many([hit.member for hit in hits])
        if not (search.withdist or search.withhash or search.withcoord):
            return members
        rows: list[Located[T]] = []
        for member, hit in zip(members, hits, strict=True):
            row: Located[T] = [member]
            if search.withdist:
                row.append(round(hit.distance / search.unit, 4))
            if search.withhash:
                row.append(int(hit.score))
            if search.withcoord:
                row.append(_shown(hit.point))
            rows.append(row)
        return rows

    def _geosearch(self, search: Search, key: bytes, words: Sequence[bytes]) -> list[Hit]:
        """What is found, and has been stored if `search`, to which the words are added, says so."""
        self._acquire()
        try:
            if search.stores:
                self._reap()
            value = self._read(key, SortedSet)
            _Reader(search, value, words).read()
            hits = [] if value is None else search.hits(value)
            if search.dest is not None:
                self._store_hits(search, search.dest, hits)
            return hits
        finally:
            self._release()

    def _store_hits(self, search: Search, dest: bytes, hits: Iterable[Hit]) -> None:
        scores = {hit.member: hit.distance / search.unit if search.storedist else hit.score for hit in hits}
        event = b"geosearchstore" if search.center == "as options say" else b"georadiusstore"
        self._zstore(dest, scores, event)


def _with(dist: bool, coord: bool, hashed: bool) -> list[tuple[str, bool]]:
    return [("WITHDIST", dist), ("WITHCOORD", coord), ("WITHHASH", hashed)]


def _search_words(
    member: Encodable | None,
    longitude: float | None,
    latitude: float | None,
    unit: str | None,
    radius: float | None,
    width: float | None,
    height: float | None,
    sort: str | None,
    count: int | None,
    any: bool,
) -> list[Encodable]:
    """The words that redis-py makes of a search; DataError for what it refuses."""
    words: list[Encodable] = []
    if member is None and (longitude is None or latitude is None):
        raise DataError("GEOSEARCH must have member or longitude and latitude")
    if member:
        if longitude or latitude:
            raise DataError("GEOSEARCH member and longitude or latitude can't be set together")
        words += ("FROMMEMBER", member)
    if longitude is not None and latitude is not None:
        words += ("FROMLONLAT", longitude, latitude)
    if radius is None and (width is None or height is None):
        raise DataError("GEOSEARCH must have radius or width and height")
    if unit is None:
        raise DataError("GEOSEARCH must have unit")
    if unit.lower() not in _UNIT_NAMES:
        raise DataError("GEOSEARCH invalid unit")
    if radius:
        if width or height:
            raise DataError("GEOSEARCH radius and width or height can't be set together")
        words += ("BYRADIUS", radius, unit)
    if width and height:
        words += ("BYBOX", width, height, unit)
    if sort:
        if sort.upper() not in ("ASC", "DESC"):
            raise DataError("GEOSEARCH invalid sort")
        words.append(sort.upper())
    if count:
        words += ("COUNT", count, *(["ANY"] if any else []))
    elif any:
        raise DataError("GEOSEARCH ``any`` can't be provided without count")
    return words


def _radius_words(
    unit: str | None,
    wanted: list[tuple[str, bool]],
    count: int | None,
    sort: str | None,
    store: Encodable | None,
    store_dist: Encodable | None,
    any: bool,
) -> list[Encodable]:
    """The words that redis-py adds to a radius; DataError for what it refuses."""
    if unit and unit not in _UNIT_NAMES:
        raise DataError("GEORADIUS invalid unit")
    words: list[Encodable] = [unit or "m"]
    if any and count is None:
        raise DataError("``any`` can't be provided without ``count``")
    words += [word for word, given in wanted if given]
    if count is not None:
        words += ("COUNT", count, *(["ANY"] if any else []))
    if sort:
        if sort not in ("ASC", "DESC"):
            raise DataError("GEORADIUS invalid sort")
        words.append(sort)
    if store and store_dist:
        raise DataError("GEORADIUS store and store_dist can't be set together")
    if store:
        words += ("STORE", store)
    if store_dist:
        words += ("STOREDIST", store_dist)
    return words
