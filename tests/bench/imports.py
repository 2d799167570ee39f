"""What `import kvlite` adds to the start of Python."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from statistics import median
from time import perf_counter

from .timing import Table, verdict

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 35.0


def start(statement: str) -> float:
    """Milliseconds a Python process takes that runs this statement and no more."""
    begin = perf_counter()
    subprocess.run([sys.executable, "-c", statement], cwd=ROOT, check=True)
    return (perf_counter() - begin) * 1000


def imports(quick: bool = False, only: str = "") -> None:
    runs = 5 if quick else 41
    statements = ["pass", "import kvlite"]
    times: dict[str, list[float]] = {statement: [start(statement)] for statement in statements}
    for _ in range(runs):
        for statement in statements:
            times[statement].append(start(statement))
    bare, ours = (median(times[statement][1:]) for statement in statements)
    table = Table(
        "Import",
        ["", "bare", "with", "more", "limit", ""],
        [14, 8, 8, 8, 6, 6],
        [f"`python -c pass` and `python -c 'import kvlite'`, in turns; the medians of {runs} runs each."],
    )
    table.row(
        "import kvlite",
        f"{bare:.1f} ms",
        f"{ours:.1f} ms",
        f"{ours - bare:.1f} ms",
        f"{LIMIT:g} ms",
        verdict(ours - bare, LIMIT),
    )
