"""`python -m tests.bench [PART...] [--quick] [--only TEXT] [--no-peers]`; the parts are in PARTS."""

from __future__ import annotations

import argparse
import os
import platform
from functools import partial

from .cache import cache
from .costs import costs
from .doors import clients, suite
from .durability import durability
from .eviction import eviction
from .imports import imports
from .memory import memory
from .server import server
from .speed import speed
from .types import types

PARTS = {
    "speed": speed,
    "types": types,
    "costs": costs,
    "cache": cache,
    "memory": memory,
    "eviction": eviction,
    "imports": imports,
    "durability": durability,
    "server": server,
    "clients": clients,
    "suite": suite,
}


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench", description="kvlite's benchmarks, as ratios."
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)}; all by default")
    parser.add_argument("--quick", action="store_true", help="small and rough: seconds instead of minutes")
    parser.add_argument("--only", default="", metavar="TEXT", help="only the rows with this in their name")
    parser.add_argument("--no-peers", action="store_true", help="only kvlite and the floor")
    options = parser.parse_args()
    unknown = [part for part in options.parts if part not in PARTS]
    if unknown:
        parser.error(f"no such part: {unknown[0]}; there are {', '.join(PARTS)}")

    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    print(
        f"{platform.python_implementation()} {platform.python_version()} on {platform.system()} "
        f"{platform.machine()}, {os.cpu_count()} processors{load}"
    )
    for name in options.parts or PARTS:
        run = PARTS[name]
        if run in (speed, durability, server):
            run = partial(run, with_peers=not options.no_peers)
        run(options.quick, options.only)


if __name__ == "__main__":
    main()
