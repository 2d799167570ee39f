"""The commands of geographical places over the wire: the bytes of the answers are Redis's."""

from __future__ import annotations

import pytest
from raw import RawPair

GRAMMAR = """
    8 GEOADD key [NX] [XX] [CH] (longitude latitude short)+
    2 GEODIST key short short
    2 GEODIST key short short unit
    GEOHASH key short+
    2 GEOPOS key short+
    2 GEOSEARCH key FROMMEMBER short BYRADIUS size unit [ASC] [DESC] [COUNT count] [WITHDIST]
    GEOSEARCH key FROMMEMBER short BYRADIUS size unit [WITHDIST] [WITHCOORD] [WITHHASH]
    GEOSEARCH key FROMLONLAT longitude latitude BYBOX size size unit [ASC|DESC] [COUNT count ANY] [WITHDIST]
    GEOSEARCH key [FROMMEMBER short] [FROMLONLAT longitude latitude] BYRADIUS size unit [BYBOX size size unit]
    2 GEOSEARCHSTORE key key FROMMEMBER short BYRADIUS size unit [STOREDIST] [COUNT count] [WITHDIST]
    GEORADIUS key longitude latitude size unit [WITHDIST] [ASC|DESC] [COUNT count] [STORE key]
    GEORADIUS key longitude latitude size unit [COUNT count] [STORE key] [STOREDIST key]
    GEORADIUS_RO key longitude latitude size unit [WITHDIST] [ASC|DESC] [COUNT count [ANY]] [STORE key]
    2 GEORADIUSBYMEMBER key short size unit [WITHDIST] [ASC|DESC] [COUNT count] [STORE key] [STOREDIST key]
    GEORADIUSBYMEMBER_RO key short size unit [WITHCOORD] [ASC|DESC] [COUNT count]
    ZADD key score short
    ZREM key short
    RPUSH key value
    DEL key
"""

REQUESTS = """
    GEOADD g 13.361389 38.115556 p 15.087269 37.502669 c
    GEOADD g nx xx 1 2 a
    GEOADD g nx 1 2
    GEOADD g ch Ch nx
    GEOADD g 1 2 a 3
    GEOADD g 181 2 a
    GEOADD g 1 2 a 1 86 a
    GEOADD g x 2 a
    GEOADD g 1 nan a
    GEOADD g NX CH 13 38 p 14 38 q
    GEOADD g XX CH 13 38 p 14 38 r
    GEOADD g 180 85.05112878 corner -180 -85.05112878 other
    ZRANGE g 0 -1 WITHSCORES
    GEOPOS g corner other none p
    GEOPOS g
    GEOPOS none a b
    GEOHASH g corner other none p
    GEOHASH none a
    GEODIST g p c
    GEODIST g p c KM
    GEODIST g p c x
    GEODIST g p c km m
    GEODIST g p none
    GEODIST g p p
    GEODIST none p c x
    GEORADIUS g 15 37 200
    GEORADIUS g 15 37 200 km
    GEORADIUS g 15 37 x km
    GEORADIUS g 15 37 -1 x
    GEORADIUS g 15 37 1 x
    GEORADIUS g 15 x 200 x
    GEORADIUS none 15 x 200 x
    GEORADIUS g 15 37 200 km WITHDIST WITHCOORD WITHHASH ASC
    GEORADIUS g 15 37 200 km withcoord DESC
    GEORADIUS g 15 37 200 km COUNT
    GEORADIUS g 15 37 200 km COUNT 0
    GEORADIUS g 15 37 200 km COUNT x
    GEORADIUS g 15 37 200 km ANY
    GEORADIUS g 15 37 200 km COUNT 1 ANY
    GEORADIUS g 15 37 200 km COUNT 1
    GEORADIUS g 15 37 200 km STORE
    GEORADIUS g 15 37 200 km STORE d
    ZRANGE d 0 -1 WITHSCORES
    GEORADIUS g 15 37 200 km STORE x STOREDIST d
    ZRANGE d 0 -1 WITHSCORES
    GEORADIUS g 15 37 200 km STOREDIST x STORE d
    GEORADIUS g 15 37 1 m STORE d
    EXISTS d
    GEORADIUS g 15 37 200 km WITHDIST STORE d
    GEORADIUS_RO g 15 37 200 km STORE d
    GEORADIUSBYMEMBER none p x x foo
    GEORADIUSBYMEMBER none p x x
    GEORADIUSBYMEMBER none p x x STORE d
    GEORADIUSBYMEMBER g none x x
    GEORADIUSBYMEMBER g p 300 km ASC
    GEORADIUSBYMEMBER_RO g p 300 km STORE d
    geosearch g FROMMEMBER p FROMLONLAT 1 1 BYRADIUS 1 km
    geosearch g FROMMEMBER p BYRADIUS 10 km BYBOX 1 1 km
    GeoSearch g BYRADIUS 1 km ASC ASC
    geosearch none FROMMEMBER p ASC ASC ASC
    GEOSEARCH g FROMMEMBER none BYRADIUS 1 km
    GEOSEARCH none FROMMEMBER none BYRADIUS 1 km
    GEOSEARCH g FROMMEMBER p BYBOX -1 1 km
    GEOSEARCH g FROMMEMBER p BYBOX x 1 km
    GEOSEARCH g FROMMEMBER p BYBOX 1 x km
    GEOSEARCH g FROMMEMBER p BYBOX 1 1 x
    GEOSEARCH g FROMMEMBER p BYRADIUS 1 km STORE x
    GEOSEARCH g FROMMEMBER p BYRADIUS 1 km STOREDIST
    GEOSEARCH g FROMLONLAT 15 37 BYBOX 400 400 km WITHDIST DESC
    GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 99999999 km WITHDIST DESC
    GEOSEARCHSTORE d g FROMMEMBER p BYRADIUS 300 km
    ZRANGE d 0 -1 WITHSCORES
    GEOSEARCHSTORE d g FROMMEMBER p BYRADIUS 300 km STOREDIST
    ZRANGE d 0 -1 WITHSCORES
    GEOSEARCHSTORE d g FROMMEMBER p BYRADIUS 300 km WITHCOORD
    GEOSEARCHSTORE d g BYRADIUS 300 km asc asc
    GEOSEARCHSTORE d none FROMMEMBER p BYRADIUS 300 km
    EXISTS d
    RPUSH l a
    GEOADD l 1 2 a
    GEOADD l 1 200 a
    GEOPOS l a
    GEOHASH l a
    GEODIST l a b
    GEODIST l a b x
    GEOSEARCH l FROMMEMBER a NONSENSE BYRADIUS 1 km
    GEORADIUS l x x x x
    GEOSEARCHSTORE l g FROMMEMBER p BYRADIUS 300 km
    TYPE l
    COMMAND GETKEYSANDFLAGS GEORADIUS g 15 37 200 km STORE d
    COMMAND GETKEYSANDFLAGS GEORADIUS g 15 37 200 km STORE d STOREDIST e
    COMMAND GETKEYSANDFLAGS GEORADIUSBYMEMBER g a 200 km STORE d
    COMMAND GETKEYSANDFLAGS GEORADIUSBYMEMBER g a 200 km
    COMMAND GETKEYSANDFLAGS GEOSEARCHSTORE d g FROMMEMBER p BYRADIUS 300 km
    COMMAND GETKEYS GEORADIUS g 15 37 200 km STOREDIST
"""


def test_places(raw: RawPair) -> None:
    raw.ask_lines(REQUESTS)


def test_in_scripts(raw: RawPair) -> None:
    pytest.importorskip("lupa")
    raw.ask("GEOADD", "g", "13.361389", "38.115556", "p")
    raw.ask("EVAL", "return redis.call('GEOPOS', 'g', 'p', 'none')", 0)
    raw.ask("EVAL", "return redis.call('GEORADIUS', 'g', 13, 38, 100, 'km', 'WITHDIST', 'WITHCOORD')", 0)
    raw.ask("EVAL", "redis.setresp(3) return redis.call('GEOPOS', 'g', 'p')[1][1].double", 0)


@pytest.mark.parametrize(
    "name",
    [
        "GEOADD",
        "GEODIST",
        "GEOHASH",
        "GEOPOS",
        "GEOSEARCH",
        "GEOSEARCHSTORE",
        "GEORADIUS",
        "GEORADIUSBYMEMBER",
    ],
)
def test_arity(raw: RawPair, name: str) -> None:
    raw.ask(name)
    raw.ask(name, "a")
    raw.ask(name, *"abcdefghi")


@pytest.mark.parametrize(
    ("first", "second", "unit"),
    [
        (4319866501571663, 2555224998305487, "m"),
        (2128728709456953, 1564414852923992, "m"),
        (299584819902549, 4236391355394616, "ft"),
        (3130531271010900, 3396415001633093, "ft"),
        (4069204473245388, 826769229886972, "ft"),
    ],
)
def test_half_a_ten_thousandth(raw: RawPair, first: int, second: int, unit: str) -> None:
    """It goes to the even one, and is what a half times ten thousand is as a double."""
    raw.ask("ZADD", "k", first, "a", second, "b")
    raw.ask("GEODIST", "k", "a", "b", unit)
    raw.ask("GEOSEARCH", "k", "FROMMEMBER", "a", "BYRADIUS", "1e9", unit, "WITHDIST")
