"""What `import kvlite` adds to the start of Python."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from .timing import Table, verdict

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 35.0


# With -S, .pth files are not read: the code that an editable install runs from one would make the base slow.
# The module `site` itself is part of every other start, so it is part of both here.
PRELUDE = "import site; "


def start(statement: str, environment: dict[str, str]) -> float:
    """Milliseconds a Python process takes that runs this statement and no more."""
    begin = perf_counter()
    subprocess.run([sys.executable, "-S", "-c", PRELUDE + statement], env=environment, check=True)
    return (perf_counter() - begin) * 1000


def imports(quick: bool = False, only: str = "") -> None:
    runs = 5 if quick else 41
    statements = ["pass", "import kvlite"]
    times: dict[str, list[float]] = {statement: [] for statement in statements}
    with TemporaryDirectory(prefix="kvlite-bench-") as bytecode:
        path = os.pathsep.join([str(ROOT), sysconfig.get_path("purelib"), sysconfig.get_path("platlib")])
        environment = os.environ | {"PYTHONPATH": path, "PYTHONPYCACHEPREFIX": bytecode}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        for _ in range(runs + 1):
            for statement in statements:
                times[statement].append(start(statement, environment))
    bare, ours = (median(times[statement][1:]) for statement in statements)
    table = Table(
        "Import",
        ["", "bare", "with", "more", "limit", ""],
        [14, 8, 8, 8, 6, 6],
        [
            f"`python -c pass` and `python -c 'import kvlite'`, in turns, compiled before, .pth files "
            f"ignored; the medians of {runs} runs each."
        ],
    )
    table.row(
        "import kvlite",
        f"{bare:.1f} ms",
        f"{ours:.1f} ms",
        f"{ours - bare:.1f} ms",
        f"{LIMIT:g} ms",
        verdict(ours - bare, LIMIT),
    )
