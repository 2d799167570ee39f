"""What the pages and docstrings say that caches take is what they take."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kvlite import Cache, memoize
from kvlite.cache.options import (
    CACHE,
    MEMOIZE,
    OBTAIN,
    CacheOptions,
    MemoizeOptions,
    ObtainOptions,
)

PAGE = (Path(__file__).parents[1] / "docs" / "caching.md").read_text()
OPTIONS = {"__new__": CACHE, "memoize": MEMOIZE, "get_or_set": OBTAIN}


@pytest.mark.parametrize(
    ("kind", "defaults"), [(CacheOptions, CACHE), (ObtainOptions, OBTAIN), (MemoizeOptions, MEMOIZE)]
)
def test_every_option_has_a_default(kind: Any, defaults: dict[str, Any]) -> None:
    assert list(kind.__annotations__) == list(defaults)


def test_the_table_has_the_options_of_memoize() -> None:
    table = PAGE.split("| option | what it does |")[1].split("\n\n")[0]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == list(MEMOIZE)


def test_docstrings_name_every_option() -> None:
    said = {name: set(re.findall(r"\w+", getattr(Cache, name).__doc__)) for name in ("__new__", "memoize")}
    assert set(CACHE) <= said["__new__"]
    assert set(MEMOIZE) <= said["memoize"]


def calls() -> Iterator[str]:
    """Every call of a cache or a memoized function that the page's text makes, but for the others' ones."""
    text = re.sub(r"^\| (\w+-?\w* .*) \| (.*) \|$", r"\2", PAGE, flags=re.MULTILINE)
    for code in re.findall(r"`@?((?:cache\.|Cache\()[^`\n]*\))`", text):
        yield from (ast.unparse(node) for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call))


@pytest.mark.parametrize("code", sorted(set(calls())))
def test_calls_in_the_text_could_be_made(code: str) -> None:
    call = ast.parse(code, mode="eval").body
    assert isinstance(call, ast.Call)
    match call.func:
        case ast.Attribute(ast.Name("cache"), name):
            method = getattr(Cache, name)
        case ast.Name("Cache"):
            name, method = "__new__", Cache.__new__
        case _:
            return
    named = {keyword.arg for keyword in call.keywords}
    own = {str(each): None for each in named - OPTIONS.get(name, {}).keys()}
    assert "options" not in inspect.signature(method).bind_partial(None, *call.args, **own).arguments


def test_the_one_liner_takes_what_the_method_takes() -> None:
    parameters = inspect.signature(memoize).parameters
    assert [*parameters] == ["function", "path", "maxsize", "serializer", "options"]
    with pytest.raises(TypeError, match="memoize has no option 'tll'"):
        memoize(tll=1)(len)  # type: ignore[call-overload]
