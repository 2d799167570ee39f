"""Geographical places: what an oracle cannot see."""

from __future__ import annotations

from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kvlite import DataError, ManualClock, ResponseError, Store
from kvlite.numbers import format_human
from kvlite.structs.geohash import (
    MOST_LATITUDE,
    MOST_LONGITUDE,
    Box,
    Cell,
    Circle,
    Shape,
    cells_of,
    distance,
    point_of,
    score_of,
)

POINTS = st.tuples(
    st.floats(-MOST_LONGITUDE, MOST_LONGITUDE, exclude_max=True),
    st.floats(-MOST_LATITUDE, MOST_LATITUDE, exclude_max=True),
)
"""At the eastern and northern ends is the cell behind the last."""


@pytest.fixture
def store() -> Store[bytes]:
    return Store(clock=ManualClock())


@given(POINTS)
def test_a_score_leads_back_to_where_it_was(point: tuple[float, float]) -> None:
    back = point_of(score_of(point))
    assert abs(back[0] - point[0]) <= 360 / 2**26
    assert abs(back[1] - point[1]) <= 171 / 2**26
    assert score_of(back) == score_of(point)


@given(POINTS, st.integers(1, 26))
def test_a_cell_holds_the_scores_of_its_points(point: tuple[float, float], steps: int) -> None:
    low, high = Cell.of(point, steps).scores
    assert low <= score_of(point) < high


@given(POINTS, POINTS)
def test_distances(first: tuple[float, float], second: tuple[float, float]) -> None:
    assert distance(first, first) == 0
    assert distance(first, second) == pytest.approx(distance(second, first))
    assert 0 <= distance(first, second) <= 20_021_000


@given(
    st.tuples(st.floats(-170, 170), st.floats(-60, 60)),
    st.floats(0, 500_000),
    st.floats(0, 500_000),
    st.booleans(),
    POINTS,
    st.floats(0, 1),
)
def test_the_cells_of_a_shape_have_all_that_is_within(
    center: tuple[float, float],
    width: float,
    height: float,
    is_circle: bool,
    direction: tuple[float, float],
    far: float,
) -> None:
    shape: Shape = Circle(center, width, 1.0) if is_circle else Box(center, width, height, 1.0)
    point = center[0] + direction[0] / 20 * far, center[1] + direction[1] / 20 * far
    score = score_of(point)
    if shape.distance_within(point_of(score)) is not None:
        assert sum(low <= score < high for low, high in (cell.scores for cell in cells_of(shape))) == 1


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, b"0"),
        (-0.0, b"0"),
        (-1e-300, b"0"),
        (1e-17, b"0.00000000000000001"),
        (1.5, b"1.5"),
        (-180.0, b"-180"),
        (1e22, b"10000000000000000000000"),
        (inf, b"inf"),
        (nan, b"nan"),
    ],
)
def test_numbers_for_people(value: float, text: bytes) -> None:
    assert format_human(value) == text


def test_a_search_that_raises_stores_nothing(store: Store[bytes]) -> None:
    store.geoadd("k", [1, 2, "a"])
    store.set("dest", "kept")
    with pytest.raises(ResponseError, match="could not decode requested zset member"):
        store.geosearchstore("dest", "k", "none", radius=1)
    with pytest.raises(DataError, match="GEOSEARCH must have radius or width and height"):
        store.geosearchstore("dest", "k", "a")
    assert store.get("dest") == b"kept"


def test_what_is_stored_wakes_who_waits_for_it(store: Store[bytes]) -> None:
    store.geoadd("k", [1, 2, "a", 1, 3, "b"])
    found: list[object] = []
    waiter = store._attempt(store._bzmpop([b"near"], False, 1), 0, lambda: found.append("woken"))
    store.geosearchstore("near", "k", "a", radius=1)
    assert found == ["woken"]
    assert waiter is not None
    assert store._outcome(waiter) == (b"near", [(score_of((1, 2)), b"a")])  # type: ignore[arg-type]


def test_places_are_a_sorted_set_after_a_restart(store: Store[bytes], tmp_path: object) -> None:
    path = f"{tmp_path}/app.kv"
    with Store(path) as kept:
        kept.geoadd("k", [13.361389, 38.115556, "p", 15.087269, 37.502669, "c"])
        kept.geosearchstore("near", "k", "p", radius=1, unit="km", storedist=True)
        scores = kept.zrange("k", 0, -1, withscores=True)
    with Store(path) as kept:
        assert kept.zrange("k", 0, -1, withscores=True) == scores
        assert kept.zrange("near", 0, -1, withscores=True) == [(b"p", 0.0)]
        assert kept.geodist("k", "p", "c") == 166274.1516
