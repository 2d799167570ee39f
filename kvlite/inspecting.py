"""`python -m kvlite check` and `info`: what `persist.check` finds, for people to read."""

from __future__ import annotations

import sys
from contextlib import suppress

from .errors import CorruptionError
from .persist.check import FileReport, check, contents, repair
from .store import Store


def run_check(path: str, repairing: bool) -> int:
    """Print a report of the folder; 0 if it is sound, or was made so, else 1."""
    bar = _Bar()
    try:
        if repairing:
            report, side = repair(path, Store, progress=bar.show)
        else:
            report, side = check(path, Store, progress=bar.show), None
    finally:
        bar.clear()
    for file in report.files:
        print(f"{file.name:20} {file.size:>15,} bytes {file.records:>11,} records  {_verdict(file)}")
        for piece in file.left_out[:20]:
            print(f"    byte {piece.offset:,}: {piece.why} ({piece.size:,} bytes)")
        if len(file.left_out) > 20:
            print(f"    and {len(file.left_out) - 20:,} more")
    if report.problem:
        print(report.problem)
    print(f"{report.keys:,} keys can be read")
    if report.sound:
        print("sound")
        return 0
    lost = sum(piece.size for piece in report.left_out)
    if not repairing:
        print(f"damaged: {lost:,} bytes cannot be used; --repair keeps the rest")
        return 1
    print(f"repaired: {report.keys:,} keys kept, {lost:,} bytes left out; they are listed in {side}")
    return 0


def _verdict(file: FileReport) -> str:
    if file.left_out:
        return "damaged"
    return f"ok, with {file.torn:,} torn bytes at the end that had never been synced" if file.torn else "ok"


def run_info(path: str) -> int:
    """Print what the folder holds; 1 if it is damaged."""
    try:
        found = contents(path, Store)
    except CorruptionError as error:
        print(f"{error.file} is damaged at byte {error.offset}: {error.found}")
        print("`python -m kvlite check PATH` says more")
        return 1
    print(f"{path}: {sum(found.sizes.values()):,} bytes in {len(found.sizes)} files")
    for name, size in found.sizes.items():
        print(f"    {name:22} {size:>15,}")
    recovery = found.recovery
    print(f"snapshot: {recovery.snapshot or 'none'}")
    print(f"log: {', '.join(recovery.logs)}, {recovery.records:,} records since the snapshot")
    if recovery.torn_bytes:
        print(f"    {recovery.torn_bytes:,} bytes at its end were never synced, and will be cut off")
    print(f"keys: {recovery.keys:,}, of which {found.expiring:,} have a deadline")
    for kind, count in sorted(found.kinds.items()):
        print(f"    {kind:8} {count:>12,}")
    if set(found.databases) - {0}:
        for index, count in found.databases.items():
            print(f"    in database {index}: {count:,}")
    if found.libraries:
        print("libraries of functions:")
    for library, size in found.libraries.items():
        print(f"    {size:>13,} bytes  {shown(library)}")
    if found.largest:
        print("largest:")
    for size, index, key, kind, elements in found.largest:
        where = f" (database {index})" if index else ""
        unit = "bytes" if kind == "string" else "elements"
        print(f"    {size:>13,} bytes  {kind:6} {elements:>10,} {unit}  {shown(key)}{where}")
    return 0


def shown(key: bytes) -> str:
    """A key as a person can read it on one line."""
    with suppress(UnicodeDecodeError):
        text = key.decode()
        if text.isprintable():
            return text if len(text) <= 60 else text[:57] + "..."
    return repr(key)


class _Bar:
    """A progress bar where a person watches."""

    WIDTH = 40

    def __init__(self) -> None:
        self._watched = sys.stderr.isatty()
        self._shown = -1

    def show(self, done: int, total: int) -> None:
        filled = self.WIDTH * done // total if total else self.WIDTH
        if self._watched and filled != self._shown:
            self._shown = filled
            bar = "#" * filled + "-" * (self.WIDTH - filled)
            print(f"\r[{bar}] {done:,} of {total:,} bytes", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        if self._watched:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
