"""Geographical places answer as redis-server does, in every digit: every command in random histories."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle import (
    Oracle,
    Pair,
    Step,
    bad_values,
    command,
    float_texts,
    floats,
    histories,
    keys,
    many,
    mostly,
    run_history,
    scores,
    time_passes,
)

MEMBERS = st.sampled_from(["a", "b", "c", "d", "e", ""])
"""So few that Redis sorts them in an order of its own where they are equally far: see docs/differences.md."""
LONGITUDES = mostly(
    st.one_of(st.sampled_from([0, 13.361389, 15.087269, 179.999, -179.999, 13.37]), st.floats(-180, 180)),
    st.one_of(st.sampled_from([180, -180, 180.0001, -181, "x", ""]), floats(), float_texts()),
    10,
)
LATITUDES = mostly(
    st.one_of(st.sampled_from([0, 38.115556, 37.502669, 67, -81, 85, -85, 38.12]), st.floats(-85, 85)),
    st.one_of(st.sampled_from([85.05112878, -85.05112878, 85.06, -90, "x", ""]), floats(), float_texts()),
    10,
)
UNITS = mostly(st.sampled_from(["m", "km", "mi", "ft"]), st.sampled_from(["", "KM", "Mi", "yd", None]), 8)
SIZES = mostly(
    st.one_of(st.sampled_from([0, 1, 100, 200.5, 1000, 5000, 20000]), st.floats(0, 1e7)),
    st.one_of(
        st.sampled_from([-1, "x", "", 1e9]), float_texts().filter(lambda text: "inf" not in text.lower())
    ),
    10,
)
COUNTS = mostly(st.integers(1, 4), st.sampled_from([0, -1, "x", 2**63, 2**62]), 6)
SORTS = mostly(st.sampled_from(["ASC", "DESC"]), st.sampled_from(["asc", "Desc", "", "up"]), 5)
BITS = st.booleans()
PLACES = st.lists(st.tuples(LONGITUDES, LATITUDES, MEMBERS), max_size=4).map(
    lambda places: [word for place in places for word in place]
)
AT_MEMBER = {"member": MEMBERS}
SHAPES = {"radius": SIZES, "width": SIZES, "height": SIZES, "unit": UNITS}
WANTED = {"withdist": BITS, "withcoord": BITS, "withhash": BITS}
CHOICE = {"sort": SORTS, "count": COUNTS, "any": BITS}
STORES = {"store": keys(), "store_dist": keys()}

COMMANDS = [
    command("geoadd", keys(), PLACES, nx=BITS, xx=BITS, ch=BITS).weighing(6),
    command("geoadd", keys(), st.sampled_from([[], [1], [1, 2, "a", 3], (1, 2, "a"), [1, 2, None]])),
    command("geodist", keys(), MEMBERS, MEMBERS, unit=UNITS).weighing(2),
    command("geohash", keys(), many(MEMBERS, 0, 3)),
    command("geopos", keys(), many(MEMBERS, 0, 3)).weighing(2),
    command("geosearch", keys(), **CHOICE, **WANTED)
    .always(member=MEMBERS, radius=SIZES, unit=UNITS)
    .weighing(2),
    command("geosearch", keys(), **CHOICE, **WANTED)
    .always(longitude=LONGITUDES, latitude=LATITUDES, radius=SIZES, unit=st.just("km"))
    .weighing(2),
    command("geosearch", keys(), **CHOICE, **WANTED)
    .always(longitude=LONGITUDES, latitude=LATITUDES, width=SIZES, height=SIZES, unit=st.just("km"))
    .weighing(2),
    command("geosearch", keys(), **AT_MEMBER, longitude=LONGITUDES, latitude=LATITUDES, **SHAPES, **CHOICE),
    command("geosearchstore", keys(), keys(), **CHOICE, storedist=BITS)
    .always(member=MEMBERS, radius=SIZES, unit=st.just("km"))
    .weighing(3),
    command("geosearchstore", keys(), keys(), **AT_MEMBER, **SHAPES, **CHOICE, storedist=BITS),
    command(
        "georadius", keys(), LONGITUDES, LATITUDES, SIZES, unit=UNITS, **WANTED, **CHOICE, **STORES
    ).weighing(2),
    command("georadius", keys(), LONGITUDES, LATITUDES, SIZES, "km", **CHOICE, **STORES),
    command("georadiusbymember", keys(), MEMBERS, SIZES, unit=UNITS, **WANTED, **CHOICE, **STORES).weighing(
        2
    ),
    command("zadd", keys(), st.dictionaries(MEMBERS, scores(), max_size=2)),
    command("zrem", keys(), MEMBERS),
    command("zrange", keys(), 0, -1, withscores=BITS),
    command("geoadd", keys(), bad_values()),
    command("lpush", keys(), "element"),
    command("expire", keys(), 10),
    command("delete", keys()),
    time_passes(),
]


@pytest.fixture(scope="module")
def pair(oracle: Oracle) -> Pair:
    return Pair(oracle)


@given(histories(*COMMANDS))
def test_places_answer_as_redis_does(pair: Pair, steps: list[Step]) -> None:
    run_history(pair, steps)


REGIONS = [(0, 0, 180, 85), (13.4, 38, 2, 2), (179.9, 0, 0.1, 85), (-179.9, 84, 0.1, 1), (10, -80, 20, 5)]
"""A longitude and a latitude, and how far it is from there to where the region ends."""


@pytest.mark.parametrize("region", REGIONS)
def test_searches_among_many(pair: Pair, region: tuple[float, float, float, float]) -> None:
    """The order in which they are found is Redis's, whether they are few or many, near a pole or not."""
    pair.reset()
    random = Random(repr(region))
    longitude, latitude, width, height = region

    def place() -> tuple[float, float]:
        there = longitude + random.uniform(-width, width), latitude + random.uniform(-height, height)
        return max(-180.0, min(180.0, there[0])), max(-85.0, min(85.0, there[1]))

    for key, size in (("few", 20), ("many", 500)):
        words: list[Any] = []
        for number in range(size):
            words += (*place(), number)
        pair.call("geoadd", key, words)
        pair.call("geopos", key, *range(50))
        pair.call("geohash", key, *range(50))
        for _ in range(100):
            pair.call("geodist", key, random.randrange(size), random.randrange(size), "mi")
            reach = random.choice([0, 1, 10, 100, 1000, 5000, 20_000, 1e5]) * random.random()
            options: dict[str, Any] = {"radius": reach}
            if random.random() < 0.5:
                options = {"width": reach, "height": reach * random.random()}
            if random.random() < 0.5:
                options["member"] = random.randrange(size)
            else:
                options["longitude"], options["latitude"] = place()
            if random.random() < 0.3:
                options |= {"count": random.randrange(1, 20), "any": True}
            if random.random() < 0.3:
                options["sort"] = random.choice(["ASC", "DESC"])
            pair.call("geosearch", key, **options, unit="km", withdist=True, withcoord=True, withhash=True)


SCORES = [-1, 1e300, float("inf"), float("-inf"), 1.5, 2**53, -1e19, 2.0**63, 2.0**64, 0, -0.5, 2**52 - 1]


def test_scores_that_are_no_places(pair: Pair) -> None:
    pair.reset()
    pair.call("zadd", "z", {str(score): score for score in SCORES})
    pair.call("geopos", "z", *map(str, SCORES))
    pair.call("geohash", "z", *map(str, SCORES))
    for score in SCORES:
        pair.call("geodist", "z", str(score), "1.5", "km")
        pair.call("geosearch", "z", str(score), radius=1000, unit="km", withdist=True, sort="ASC")
        pair.call("geosearch", "z", str(score), width=20_000, height=100, unit="km", withcoord=True)


@pytest.mark.parametrize("radius", ["inf", 1e308, 1e12])
def test_circles_larger_than_the_earth(pair: Pair, radius: Any) -> None:
    pair.reset()
    pair.call("geoadd", "k", [0, 0, "a", 179, 1, "b", -90, 80, "c", 90, -80, "d"])
    for unit in ("m", "km"):
        pair.call("geosearch", "k", "a", radius=radius, unit=unit, withdist=True)
        pair.call("geosearch", "k", "d", width=radius, height=radius, unit=unit, withdist=True)


def test_decoded(oracle: Oracle) -> None:
    pair = Pair(oracle, decode_responses=True)
    pair.call("geoadd", "k", [13.361389, 38.115556, "Palermo", 15.087269, 37.502669, "Catania"])
    pair.call("geohash", "k", "Palermo", "none")
    pair.call("geopos", "k", "Palermo", "none")
    pair.call("geodist", "k", "Palermo", "Catania", "km")
    pair.call("geosearch", "k", longitude=15, latitude=37, radius=200, unit="km", sort="DESC")
    pair.call("georadius", "k", 15, 37, 200, "km", withdist=True, withcoord=True, withhash=True, sort="ASC")
