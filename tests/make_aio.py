"""Makes the modules of kvlite.aio that repeat the commands of a store: `python -m tests.make_aio`.

For each type, the methods of its class become coroutine functions of the same parameters and answers. What is
written is what tests/test_aio.py expects to find.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

LINE_LENGTH = 110
ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "kvlite"

PARTS = {
    "types/strings.py": "Strings",
    "types/bitmaps.py": "Bitmaps",
    "types/hyperloglogs.py": "HyperLogLogs",
    "types/lists.py": "Lists",
    "types/hashes.py": "Hashes",
    "types/hash_expiry.py": "HashExpiry",
    "types/sets.py": "Sets",
    "types/sorted_sets.py": "SortedSets",
    "types/sorted_set_ranges.py": "SortedSetRanges",
    "types/sorted_set_algebra.py": "SortedSetAlgebra",
    "types/streams.py": "Streams",
    "types/consumer_groups.py": "ConsumerGroups",
    "types/stream_information.py": "StreamInformation",
    "types/geo.py": "Geo",
    "types/sort.py": "Sort",
    "types/keys.py": "Keys",
    "types/pubsub.py": "Channels",
    "administration.py": "Administration",
    "scripts.py": "Scripts",
    "functions.py": "Functions",
}
"""The modules whose commands kvlite.aio repeats in a module of the same name, and the class in each."""
BY_HAND = {"register_script", "bitfield"}
"""Methods that AsyncStore has of its own."""
WAITING = {"blmove", "blmpop", "blpop", "brpop", "brpoplpush", "bzmpop", "bzpopmax", "bzpopmin"}
WAITING |= {"xread", "xreadgroup"}
"""Methods that may have to wait for a key."""


def made(part: str) -> str:
    """The text of `kvlite/aio/<part>`."""
    tree = ast.parse((PACKAGE / part).read_text())
    (source,) = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == PARTS[part]]
    methods = [_awaited(node) for node in source.body if _is_command(node)]
    names = {node.id for method in methods for node in ast.walk(method) if isinstance(node, ast.Name)}
    module = part.removesuffix(".py").replace("/", ".")
    parts = [
        '# mypy: disable-error-code="no-any-return,assignment"',
        f'"""The commands of kvlite/{part}, awaited. Made by tests/make_aio.py."""',
        "from __future__ import annotations",
        *_imports(tree, names, part),
        f"class Async{source.name}(Awaited[T]):",
        f'    """See `kvlite.{module}.{source.name}`, of which this has every command."""',
        *(_indented(ast.unparse(ast.fix_missing_locations(method))) for method in methods),
    ]
    return _formatted("\n\n".join(parts), PACKAGE / "aio" / part)


def _is_command(node: ast.stmt) -> bool:
    return isinstance(node, ast.FunctionDef) and not node.name.startswith("_") and node.name not in BY_HAND


def _awaited(method: ast.stmt) -> ast.AsyncFunctionDef:
    """The coroutine function, or asynchronous generator, in the place of a method."""
    assert isinstance(method, ast.FunctionDef)
    iterates = method.name.endswith("_iter")
    overloaded = any(isinstance(each, ast.Name) and each.id == "overload" for each in method.decorator_list)
    if overloaded:
        body: list[ast.stmt] = list(method.body)
    else:
        body = _docstring(method) + ast.parse(_body(method, iterates)).body
    found = ast.parse("async def f(): ...").body[0]
    assert isinstance(found, ast.AsyncFunctionDef)
    found.name, found.args, found.body = method.name, method.args, body
    found.decorator_list, found.returns = method.decorator_list, method.returns
    if iterates:
        for node in ast.walk(found):
            if isinstance(node, ast.Name) and node.id == "Iterator":
                node.id = "AsyncIterator"
        if overloaded:  # which says what a call gives, and that is no coroutine
            plain = ast.parse("def f(): ...").body[0]
            assert isinstance(plain, ast.FunctionDef)
            plain.name, plain.args, plain.body = found.name, found.args, found.body
            plain.decorator_list, plain.returns = found.decorator_list, found.returns
            return plain  # type: ignore[return-value]
    return found


def _docstring(method: ast.FunctionDef) -> list[ast.stmt]:
    """The first paragraph: examples and details are to be read where they are true."""
    text = ast.get_docstring(method)
    if text is None:
        return []
    lines = text.split("\n\n")[0].split("\n")
    margin = " " * 8
    if len(margin + lines[-1]) + (3 if len(lines) > 1 else 6) > LINE_LENGTH:
        lines[-1:] = lines[-1].rsplit(" ", 1)
    return [ast.Expr(ast.Constant(f"\n{margin}".join(lines)))]


def _body(method: ast.FunctionDef, iterates: bool) -> str:
    call = f"{method.name}({', '.join(_arguments(method.args))})"
    if iterates:
        return f"for each in (await self._opened()).{call}:\n    yield each"
    if method.name in WAITING:
        return f"return await self._guard.{call}"
    return f"found = self._calls.{call}\nreturn found if self._at_once else await found"


def _arguments(args: ast.arguments) -> Iterator[str]:
    yield from (arg.arg for arg in [*args.posonlyargs, *args.args] if arg.arg != "self")
    if args.vararg is not None:
        yield f"*{args.vararg.arg}"
    yield from (f"{arg.arg}={arg.arg}" for arg in args.kwonlyargs)


def _imports(tree: ast.Module, names: set[str], part: str) -> Iterator[str]:
    """The statements that give the signatures their names. They stand one folder deeper."""
    if "AsyncIterator" in names:
        yield "from collections.abc import AsyncIterator"
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module != "__future__":
            used = [alias for alias in node.names if (alias.asname or alias.name) in names - {"T"}]
            if used:
                level, module = (node.level + 1 if node.level else 0), node.module
                if node.level and node.level == part.count("/"):  # a neighbour of this part
                    level, module = level + 1, f"{part.rpartition('/')[0]}.{module}"
                yield ast.unparse(ast.ImportFrom(module, used, level))
    own = [name for name in _defined(tree) if name in names]
    depth = part.count("/")
    if own:
        module = part.removesuffix(".py").replace("/", ".")
        yield f"from {'.' * (depth + 2)}{module} import {', '.join(own)}"
    yield f"from {'.' * (depth + 2)}keyspace import T"
    yield f"from {'.' * (depth + 1)}awaited import Awaited"


def _defined(tree: ast.Module) -> Iterator[str]:
    guarded = [inner for node in tree.body if isinstance(node, ast.If) for inner in node.body]
    for node in tree.body + guarded:
        if isinstance(node, ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id
        elif isinstance(node, ast.Assign):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" if line else line for line in text.split("\n"))


def _formatted(text: str, path: Path) -> str:
    for command in (["check", "--select", "I", "--fix", "-q"], ["format", "-q"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--stdin-filename", str(path), "-"],
            input=text,
            capture_output=True,
            text=True,
            cwd=ROOT,
            check=True,
        )
        text = done.stdout
    return text


def main() -> None:
    for part in PARTS:
        (PACKAGE / "aio" / part).write_text(made(part))


if __name__ == "__main__":
    main()
