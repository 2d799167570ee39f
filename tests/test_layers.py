"""Imports go one way: a module may import from the levels above its own, and from its own parts."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import kvlite
from kvlite import errors

PACKAGE = Path(kvlite.__file__).parent

LEVELS = [
    ["bell", "errors", "numbers", "globs", "clock"],
    ["encoding"],
    ["deadlines"],
    ["structs", "wording"],
    ["rdb"],
    ["line"],
    ["uses"],
    ["database", "effects", "waiting", "channels", "events"],
    ["keyspace"],
    ["memory"],
    ["accounting"],
    ["eviction"],
    ["types", "persist"],
    ["digest"],
    ["lock", "durable", "watch", "probe", "seeds", "pubsub"],
    ["atomic", "sandbox"],
    ["transactions"],
    ["wire"],
    ["administration", "scripts", "testing"],
    ["functions"],
    ["store"],
    ["opened", "runs"],
    ["cache"],
    ["memoizing"],
    ["contrib", "demo", "inspecting", "server", "aio", "redis"],
    ["pytest_plugin", "top"],
    ["__init__"],
    ["serving"],
    ["__main__"],
]
LEVEL = {name: level for level, names in enumerate(LEVELS) for name in names}


def imports(path: Path) -> set[str]:
    """The modules of the package that this one imports when it is imported, by their first name."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    found = set()
    tree = ast.parse(path.read_text())
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.ImportFrom):
            if node.level:
                base = parts[: len(parts) - node.level]
                full = [*base, *(node.module.split(".") if node.module else [])]
            elif node.module and node.module.split(".")[0] == "kvlite":
                full = node.module.split(".")[1:]
            else:
                continue
            found |= {full[0]} if full else {alias.name for alias in node.names if alias.name in LEVEL}
    return found


def test_every_module_has_a_level() -> None:
    top = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert top == set(LEVEL)


def test_imports_go_up() -> None:
    wrong = []
    for path in sorted(PACKAGE.rglob("*.py")):
        own = path.relative_to(PACKAGE).with_suffix("").parts[0]
        for other in imports(path):
            if other != own and LEVEL[other] >= LEVEL[own]:
                wrong.append(f"{path.relative_to(PACKAGE)} imports {other}")
    assert not wrong


def test_importing_the_package_is_light() -> None:
    """Neither asyncio nor redis is imported by `import kvlite`."""
    code = "import sys, kvlite; print(*{'asyncio', 'redis', 'numpy', 'hypothesis'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_every_exception_is_public() -> None:
    """Whatever can be raised can be named in an `except`."""
    raised = {name for name, each in vars(errors).items() if isinstance(each, type)}
    assert raised <= {*kvlite.__all__}
