"""The nearest places: the stations of a city that have bicycles, in the order of how far they are from here.

All stations are members of one sorted set, as GEOADD makes it; what a station has is a hash. A search looks
into the part of the set about the point, not at all stations. It asks for ever more of the nearest until
enough of them have a bicycle, since how many these are is not known before.

    python examples/nearest_places.py            in memory
    python examples/nearest_places.py app.kv     kept in a folder
"""

from __future__ import annotations

import sys
from random import Random
from typing import NamedTuple

from kvlite import Store

CENTER = (13.4050, 52.5200)
"""The longitude comes first."""


class Found(NamedTuple):
    station: str
    metres: int
    bicycles: int


class Stations:
    def __init__(self, store: Store[str]) -> None:
        self.store = store

    def build(self, name: str, longitude: float, latitude: float, bicycles: int) -> None:
        with self.store.atomic():
            self.store.geoadd("stations", [longitude, latitude, name])
            self.store.hset(f"station:{name}", mapping={"bicycles": bicycles})

    def close(self, name: str) -> None:
        with self.store.atomic():
            self.store.zrem("stations", name)
            self.store.delete(f"station:{name}")

    def nearest_with_bicycles(
        self, longitude: float, latitude: float, wanted: int, radius: int
    ) -> list[Found]:
        """The nearest stations within `radius` metres that have a bicycle, up to `wanted`."""
        asked = wanted
        while True:
            near = self.store.geosearch(
                "stations", longitude=longitude, latitude=latitude, radius=radius, count=asked, withdist=True
            )
            counts = [int(self.store.hget(f"station:{name}", "bicycles") or 0) for name, _ in near]
            found = [
                Found(name, round(metres), bicycles)
                for (name, metres), bicycles in zip(near, counts, strict=True)
                if bicycles > 0
            ]
            if len(found) >= wanted or len(near) < asked:
                return found[:wanted]
            asked *= 2

    def within_box(self, longitude: float, latitude: float, width: int, height: int) -> int:
        """How many stations a map shows that is so many metres wide and high."""
        return len(
            self.store.geosearch(
                "stations", longitude=longitude, latitude=latitude, width=width, height=height
            )
        )


def main(path: str | None = None) -> None:
    with Store(path, decode_responses=True) as store:
        show(store)


def show(store: Store[str]) -> None:
    stations, random = Stations(store), Random(1)
    for number in range(2000):
        longitude = random.gauss(CENTER[0], 0.1)
        latitude = random.gauss(CENTER[1], 0.05)
        stations.build(f"station {number:04}", longitude, latitude, random.choice([0, 0, 0, 0, 1, 2, 5]))
    on_map = stations.within_box(*CENTER, width=4000, height=2000)
    print(f"{store.zcard('stations'):,} stations, {on_map} on a map of 4 km by 2 km")
    print("the nearest with a bicycle:")
    nearest = stations.nearest_with_bicycles(*CENTER, wanted=3, radius=2500)
    for found in nearest:
        print(f"  {found.station}  {found.metres:4} m  {found.bicycles} bicycles")
    stations.close(nearest[0].station)
    again = stations.nearest_with_bicycles(*CENTER, wanted=3, radius=2500)
    print(f"after {nearest[0].station} was closed: {again[0].station}")
    first, second = again[:2]
    print(f"from there to the next: {store.geodist('stations', first.station, second.station):.0f} m")
    print(f"nothing in the sea: {stations.nearest_with_bicycles(5.0, 56.0, wanted=3, radius=2500)}")


if __name__ == "__main__":
    main(*sys.argv[1:2])
