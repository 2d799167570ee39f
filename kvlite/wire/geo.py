"""The commands of geographical places."""

from __future__ import annotations

from contextlib import suppress
from functools import partial

from ..structs.geohash import Hit, Point
from ..types.geo import Center, Search, distance_text, read_unit
from .args import shown, syntax_error
from .replies import NULL_ARRAY, Human, Reply
from .session import Session
from .table import FindKeys, Keys, Run, command

READ = Keys("RO access")


@command("geoadd", -5, "write", "geo", Keys("RW update"))
def geoadd(session: Session, args: list[bytes]) -> Reply:
    options, at = set(), 2
    while at < len(args) and (word := args[at].upper()) in (b"NX", b"XX", b"CH"):
        options.add(word)
        at += 1
    words = args[at:]
    if not words or len(words) % 3 or {b"NX", b"XX"} <= options:
        raise syntax_error()
    added, changed = session.store._geoadd(args[1], words, b"NX" in options, b"XX" in options)
    return added + changed if b"CH" in options else added


@command("geodist", -4, "readonly", "geo", READ)
def geodist(session: Session, args: list[bytes]) -> Reply:
    if len(args) > 5:
        raise syntax_error()
    unit = read_unit(args[4]) if len(args) == 5 else 1.0
    metres = session.store._geodist(args[1], args[2], args[3])
    return None if metres is None else distance_text(metres, unit)


@command("geohash", -2, "readonly", "geo", READ)
def geohash(session: Session, args: list[bytes]) -> Reply:
    return session.store._geohash(args[1], args[2:])


@command("geopos", -2, "readonly", "geo", READ)
def geopos(session: Session, args: list[bytes]) -> Reply:
    points = session.store._geopos(args[1], args[2:])
    return [NULL_ARRAY if point is None else _coordinates(point) for point in points]


def _coordinates(point: Point) -> list[Human]:
    return [Human(point[0]), Human(point[1])]


def _row(search: Search, hit: Hit) -> Reply:
    row: list[Reply] = [hit.member]
    if search.withdist:
        row.append(distance_text(hit.distance, search.unit))
    if search.withhash:
        row.append(int(hit.score))
    if search.withcoord:
        row.append(_coordinates(hit.point))
    return row if len(row) > 1 else hit.member


def _searching(center: Center, stores: bool) -> Run:
    def run(session: Session, args: list[bytes]) -> Reply:
        search = Search(shown(args[0]), center, stores)
        hits = session.store._geosearch(search, args[1], args[2:])
        return len(hits) if search.dest is not None else list(map(partial(_row, search), hits))

    return run


def _radius_keys(start: int) -> tuple[tuple[Keys, ...], FindKeys]:
    """The keys of a command whose options begin at `start`. One that an option announces may be missing."""
    stored = tuple(Keys("OW update", start, keyword=word) for word in (b"STORE", b"STOREDIST"))

    def find_keys(args: list[bytes]) -> list[tuple[int, str]]:
        found = [(1, READ.flags)]
        for keys in stored:
            with suppress(ValueError):
                found += ((place, keys.flags) for place in keys.positions(args))
        return found

    return (READ, *stored), find_keys


_RADIUS_COMMANDS: list[tuple[str, int, Center]] = [
    ("georadius", -6, "a point"),
    ("georadiusbymember", -5, "a member"),
]
for _name, _arity, _center in _RADIUS_COMMANDS:
    _keys, _find_keys = _radius_keys(-_arity)
    command(_name, _arity, "write movablekeys", "geo", *_keys, find_keys=_find_keys)(
        _searching(_center, stores=True)
    )
    command(f"{_name}_ro", _arity, "readonly", "geo", READ)(_searching(_center, stores=False))

command("geosearch", -7, "readonly", "geo", READ)(_searching("as options say", stores=False))


@command("geosearchstore", -8, "write", "geo", Keys("OW update"), Keys("RO access", 2))
def geosearchstore(session: Session, args: list[bytes]) -> Reply:
    search = Search(shown(args[0]), "as options say", stores=True, dest=args[1])
    return len(session.store._geosearch(search, args[2], args[3:]))
