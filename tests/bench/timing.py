"""Timed loops and aligned tables: what the parts of the benchmark share."""

from __future__ import annotations

import gc
import re
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from time import perf_counter_ns
from typing import Any, TypeAlias

Environment: TypeAlias = dict[str, Any]
"""The names a statement may use, `store` among them."""
Loop: TypeAlias = Callable[[], float]
"""Runs a statement over and over; the nanoseconds that one pass took."""


def timed_loop(statement: str, loop: str, names: Environment) -> Loop:
    """A function that times `for <loop>: <statement>`, all names local, as they are in a user's function."""
    imported = sorted(name for name in names if re.search(rf"\b{name}\b", f"{loop} {statement}"))
    lines = [
        "def run():",
        *(f"    {name} = names[{name!r}]" for name in imported),
        "    start = clock()",
        f"    for {loop}:",
        textwrap.indent(statement, " " * 8),
        "    return clock() - start",
    ]
    scope: Environment = {"names": names, "clock": perf_counter_ns}
    exec("\n".join(lines), scope)
    return scope["run"]  # type: ignore[no-any-return]


def once(statements: str, names: Environment) -> None:
    """Run untimed statements, which may change `names`."""
    exec(statements, names)


def methods_of(*statements: str) -> set[str]:
    """The methods of `store` that these statements use."""
    return set(re.findall(r"\bstore\.(\w+)", " ".join(statements)))


def lacks(store: object, *statements: str) -> list[str]:
    return sorted(name for name in methods_of(*statements) if not hasattr(store, name))


@contextmanager
def no_collector() -> Iterator[None]:
    """Without the cyclic garbage collector, as `timeit` does it: its passes hit whoever is running."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def verdict(ratio: float, limit: float | None) -> str:
    return "" if limit is None else "ok" if ratio <= limit else "MISSED"


def ratio(value: float | None) -> str:
    """Three digits and an x."""
    if value is None:
        return "-"
    return f"{value:.0f}x" if value >= 100 else f"{value:.1f}x" if value >= 10 else f"{value:.2f}x"


def promise(limit: float | None) -> str:
    return "" if limit is None else f"{limit:g}x"


def duration(ns: float | None) -> str:
    if ns is None:
        return "-"
    return f"{ns:.0f} ns" if ns < 10_000 else f"{ns / 1e3:.1f} us" if ns < 1e7 else f"{ns / 1e6:.1f} ms"


class Table:
    """Prints rows as they come: the first column to the left, the others to the right."""

    def __init__(
        self, title: str, columns: Sequence[str], widths: Sequence[int], notes: Iterable[str] = ()
    ) -> None:
        self.widths = [max(width, len(column)) for column, width in zip(columns, widths, strict=True)]
        print(f"\n== {title}")
        for note in notes:
            print(textwrap.fill(note, 110, initial_indent="   ", subsequent_indent="   "))
        print()
        self.row(*columns)

    def row(self, first: str, *others: str) -> None:
        cells = [first.ljust(self.widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(others, self.widths[1:], strict=True)]
        print("  ".join(cells).rstrip(), flush=True)
