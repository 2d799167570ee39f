"""Places on the earth as scores of sorted sets: cells of a grid, distances, and what lies within a shape.

Longitudes and latitudes are each halved 26 times, and the bits that say in which half are taken in turn: a
number of 52 bits, a longitude's bit first, which a score can hold. Cells of fewer steps are ranges of such
numbers, so what lies near each other is in a few ranges of a sorted set. All is computed in the order in
which Redis does it, so that no digit differs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import asin, cos, isinf, nan, pi, sin, sqrt
from typing import NamedTuple, TypeAlias

Point: TypeAlias = tuple[float, float]
"""A longitude and a latitude, in degrees."""

STEPS = 26
MOST_LONGITUDE, MOST_LATITUDE = 180.0, 85.05112878
"""The poles themselves are in no cell."""
EARTH_RADIUS = 6372797.560856
"""In metres."""
UNITS = {b"M": 1.0, b"KM": 1000.0, b"FT": 0.3048, b"MI": 1609.34}
"""In metres."""

_RADIAN = pi / 180.0
_HALF_EQUATOR = 20037726.37
_CELLS = float(1 << STEPS)
"""How many columns there are, and rows."""
_ALPHABET = "0123456789bcdefghjkmnpqrstuvwxyz"

# Cells


class Cell(NamedTuple):
    """One cell of the grid of 2**steps by 2**steps: its column, from the west, and row, from the south.

    >>> Cell.of((13.361389, 38.115556), steps=2)
    Cell(column=2, row=2, steps=2)
    """

    column: int
    row: int
    steps: int

    @classmethod
    def of(cls, point: Point, steps: int = STEPS, most_latitude: float = MOST_LATITUDE) -> Cell:
        """The cell that `point` lies in. O(1)."""
        longitude, latitude = point
        cells = 1 << steps
        return cls(_index(longitude, MOST_LONGITUDE, cells), _index(latitude, most_latitude, cells), steps)

    @property
    def number(self) -> int:
        """The bits of the column and the row, in turn."""
        return _in_turn(self.column, self.row)

    @property
    def scores(self) -> tuple[float, float]:
        """The first score in the cell, and the first behind it."""
        number, shift = self.number, 2 * (STEPS - self.steps)
        return float(number << shift), float(number + 1 << shift)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """How far it goes to the west, the south, the east and the north."""
        west, east = _edges(self.column, self.steps, MOST_LONGITUDE)
        south, north = _edges(self.row, self.steps, MOST_LATITUDE)
        return west, south, east, north

    def beside(self, columns: int, rows: int) -> Cell:
        """The cell so many columns to the east and rows to the north. The grid begins anew where it ends."""
        last = (1 << self.steps) - 1
        column = self.column + columns & last if columns else self.column
        row = self.row + rows & last if rows else self.row
        return Cell(column, row, self.steps)


def _in_turn(column: int, row: int) -> int:
    # Read to the base of four, the digits of a binary number are every other bit.
    return int(f"{column:b}", 4) << 1 | int(f"{row:b}", 4)


def _index(degrees: float, most: float, cells: int) -> int:
    return int((degrees + most) / (most + most) * cells)


def _edges(index: int, steps: int, most: float) -> tuple[float, float]:
    cells, width = 1 << steps, most - -most
    return -most + index / cells * width, -most + (index + 1) / cells * width


def score_of(point: Point) -> float:
    """What a sorted set keeps of a point. O(1)."""
    column, row = _index(point[0], MOST_LONGITUDE, 1 << STEPS), _index(point[1], MOST_LATITUDE, 1 << STEPS)
    return float(_in_turn(column, row))


def point_of(score: float) -> Point:
    """The middle of the cell that a score stands for, whatever score it is. O(1)."""
    digits = f"{_unsigned(score):064b}"
    return _middle(int(digits[0::2], 2), MOST_LONGITUDE), _middle(int(digits[1::2], 2), MOST_LATITUDE)


def _middle(index: int, most: float) -> float:
    """The middle between the two `_edges`."""
    width = most + most
    middle = ((index / _CELLS * width - most) + ((index + 1) / _CELLS * width - most)) / 2
    return middle if middle < most else most


def _unsigned(score: float) -> int:
    """A score as an integer of 64 bits, as x86 makes one of it."""
    if 0.0 <= score < 2.0**63:
        return int(score)
    if score >= 2.0**63:
        return int(score) if score < 2.0**64 else 0
    return int(score) % (1 << 64) if score >= -(2.0**63) else 1 << 63


def text_of(point: Point) -> bytes:
    """The geohash of a point, 11 characters, as they are written elsewhere: its latitudes go up to the poles.

    52 bits are not enough for the last one, which is 0. O(1).
    """
    number = Cell.of(point, most_latitude=90.0).number
    places = range(2 * STEPS - 5, 0, -5)
    return ("".join(_ALPHABET[number >> place & 31] for place in places) + "0").encode()


# Distances


def distance(first: Point, second: Point) -> float:
    """How far two points are from each other on a sphere as large as the earth, in metres. O(1)."""
    one, other = first[1] * _RADIAN, second[1] * _RADIAN
    across = sin((second[0] * _RADIAN - first[0] * _RADIAN) / 2)
    if across == 0.0:
        return EARTH_RADIUS * abs(other - one)
    along = sin((other - one) / 2)
    square = along * along + cos(one) * cos(other) * across * across
    return 2.0 * EARTH_RADIUS * asin(sqrt(min(square, 1.0)))


# Shapes


class Circle(NamedTuple):
    """What is no farther from `center` than `radius`, which is in so many metres as `unit` says."""

    center: Point
    radius: float
    unit: float

    @property
    def sides(self) -> tuple[float, float]:
        """Half the width and half the height, in metres."""
        return self.unit * self.radius, self.unit * self.radius

    @property
    def reach(self) -> float:
        """How far its farthest point is from the center, in metres."""
        return self.radius * self.unit

    def distance_within(self, point: Point) -> float | None:
        """How far a point within it is from the center, in metres; None for one outside."""
        away = distance(self.center, point)
        return None if away > self.radius * self.unit else away


class Box(NamedTuple):
    """A rectangle about `center`, its sides in so many metres as `unit` says."""

    center: Point
    width: float
    height: float
    unit: float

    @property
    def sides(self) -> tuple[float, float]:
        """Half the width and half the height, in metres."""
        return self.unit * (self.width / 2), self.unit * (self.height / 2)

    @property
    def reach(self) -> float:
        """How far its farthest point is from the center, in metres."""
        width, height = self.width / 2, self.height / 2
        return sqrt(width * width + height * height) * self.unit

    def distance_within(self, point: Point) -> float | None:
        """How far a point within it is from the center, in metres; None for one outside."""
        latitude = point[1]
        north = EARTH_RADIUS * abs(latitude * _RADIAN - self.center[1] * _RADIAN)
        if north > self.height * self.unit / 2:
            return None
        if distance(point, (self.center[0], latitude)) > self.width * self.unit / 2:
            return None
        return distance(self.center, point)


Shape: TypeAlias = Circle | Box


def _bounds_of(shape: Shape) -> tuple[float, float, float, float]:
    """How far a shape goes to the west, the south, the east and the north, in degrees."""
    longitude, latitude = shape.center
    width, height = shape.sides
    up = height / EARTH_RADIUS / _RADIAN
    widest = latitude - up if latitude < 0 else latitude + up
    side = nan if isinf(widest) else width / EARTH_RADIUS / cos(widest * _RADIAN) / _RADIAN
    return longitude - side, latitude - up, longitude + side, latitude + up


def _steps_for(reach: float, latitude: float) -> int:
    """How small cells may be, so that a shape that reaches so far lies in nine of them."""
    if reach == 0:
        return STEPS
    steps = 1
    while reach < _HALF_EQUATOR:
        reach *= 2
        steps += 1
    steps -= 2
    # Towards the poles meridians come together.
    if latitude > 66 or latitude < -66:
        steps -= 2 if latitude > 80 or latitude < -80 else 1
    return min(max(steps, 1), STEPS)


_AROUND = ((0, 0), (0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, 1), (1, -1), (-1, -1))
"""How many columns and rows it is from a cell to itself and to those around it, as they are searched."""


def cells_of(shape: Shape) -> Iterator[Cell]:
    """The cells that a shape may have a part in, in the order in which Redis searches them. O(1)."""
    west, south, east, north = _bounds_of(shape)
    steps = _steps_for(shape.reach, shape.center[1])
    middle = Cell.of(shape.center, steps)
    if steps > 1 and _falls_short(middle, west, south, east, north):
        steps -= 1
        middle = Cell.of(shape.center, steps)
    beyond: dict[tuple[int, int], bool] = {}
    if steps >= 2:
        edges = middle.bounds
        beyond = {
            (-1, 0): edges[0] < west,
            (0, -1): edges[1] < south,
            (1, 0): edges[2] > east,
            (0, 1): edges[3] > north,
        }
    before = None
    for number, (columns, rows) in enumerate(_AROUND):
        if beyond.get((columns, 0)) or beyond.get((0, rows)):
            continue
        cell = middle.beside(columns, rows)
        # Where cells are so large that there are not nine, the same one comes up again. The middle is not
        # looked at for that, as it is not in Redis.
        if number == 0 or cell != before:
            yield cell
            before = cell if number else None


def _falls_short(middle: Cell, west: float, south: float, east: float, north: float) -> bool:
    """Whether the cells around one do not go as far as this."""
    return (
        middle.beside(0, 1).bounds[3] < north
        or middle.beside(0, -1).bounds[1] > south
        or middle.beside(1, 0).bounds[2] < east
        or middle.beside(-1, 0).bounds[0] > west
    )


class Hit(NamedTuple):
    """A member that lies within a shape, and how far it is from the center, in metres."""

    distance: float
    member: bytes
    score: float
    point: Point


def hits_among(entries: Iterable[tuple[float, bytes]], shape: Shape) -> Iterator[Hit]:
    """Those that lie within a shape, in their order. O(entries)."""
    within = shape.distance_within
    for score, member in entries:
        point = point_of(score)
        away = within(point)
        if away is not None:
            yield Hit(away, member, score, point)
