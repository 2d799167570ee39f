"""cjson, cmsgpack, bit and struct on values drawn at random, compared with Redis in every byte."""

from __future__ import annotations

import json
import math
import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from raw import RawPair

pytest.importorskip("lupa.lua51", reason="scripts need the extra 'lua': pip install 'kvlite[lua]'")

FEWER = settings(max_examples=50)


@pytest.fixture
def raw(raw: RawPair) -> RawPair:
    """One pair for all examples of a test."""
    raw.reset()
    return raw


def literal(value: Any) -> str:
    """`value` in Lua."""
    if value is None:
        return "nil"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return "'" + "".join(f"\\{byte:03d}" for byte in value) + "'"
    if isinstance(value, (int, float)):
        if value != value:
            return "(0/0)"
        return f"({repr(value).replace('inf', '1/0')})"
    if isinstance(value, list):
        return "{" + ", ".join(map(literal, value)) + "}"
    return "{" + ", ".join(f"[{literal(key)}] = {literal(item)}" for key, item in value.items()) + "}"


# A negative zero comes from Lua to Python as 0: see docs/scripting.md.
floats = st.floats().filter(lambda value: value != 0 or math.copysign(1, value) > 0)
numbers = (
    st.integers(-(2**53), 2**53)
    | st.sampled_from([2**power + less for power in (7, 8, 15, 16, 31, 32) for less in (-1, 0, 1)])
    | floats
)
texts = st.binary(max_size=40) | st.text(max_size=20).map(str.encode)
scalars = st.booleans() | numbers | texts
finite = st.integers(-(2**53), 2**53) | floats.filter(math.isfinite)


def trees(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    keys = st.integers(-3, 30) | st.text('abc/"\\\n', max_size=3).map(str.encode)
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=5) | st.dictionaries(keys, inner, max_size=5),
        max_leaves=12,
    )


# Replies


@given(value=trees(scalars))
@FEWER
def test_values_become_replies(raw: RawPair, value: Any) -> None:
    for resp in (2, 3):
        raw.ask("EVAL", f"redis.setresp({resp}) return {literal(value)}", 0)


SHAPES = ["ok", "err", "double", "big_number", "map", "set", "verbatim_string", "format", "string"]


@given(value=st.dictionaries(st.sampled_from(SHAPES).map(str.encode), trees(scalars), max_size=4))
@FEWER
def test_tables_with_the_names_of_replies(raw: RawPair, value: Any) -> None:
    raw.ask("EVAL", f"return {literal(value)}", 0)


@given(words=st.lists(texts, max_size=6), numbers=st.lists(floats | st.integers(-(2**60), 2**60), max_size=4))
@FEWER
def test_arguments_of_commands(raw: RawPair, words: list[bytes], numbers: list[Any]) -> None:
    script = (
        f"redis.call('del', 'l') redis.call('rpush', 'l', 'x', {', '.join(map(literal, [*numbers, b'']))})"
    )
    raw.ask("EVAL", f"{script} return redis.call('lrange', 'l', 0, -1)", 0)
    raw.ask(
        "EVAL",
        "redis.call('rpush', 'l', 'x', unpack(ARGV)) return {redis.call('lrange', 'l', 0, -1), ARGV}",
        0,
        *words,
    )


# cjson


@given(value=trees(scalars | st.just(None)))
@FEWER
def test_json_of_values(raw: RawPair, value: Any) -> None:
    raw.ask("EVAL", f"return cjson.encode({literal(value)})", 0)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=10,
)
SHOWN = """
    local function show(value)
        if value == cjson.null then return 'null' end
        if type(value) ~= 'table' then return type(value) .. ':' .. tostring(value) end
        local list = {}
        for key, item in pairs(value) do list[#list + 1] = show(key) .. '=' .. show(item) end
        return '{' .. table.concat(list, ' ') .. '}'
    end
"""
"""Shows a table in the order in which Lua walks it, which is that in which it was made."""


@given(value=json_values, escaped=st.booleans(), separators=st.sampled_from([(",", ":"), (" ,\t", "\n: ")]))
@FEWER
def test_values_of_json(raw: RawPair, value: Any, escaped: bool, separators: tuple[str, str]) -> None:
    text = json.dumps(value, ensure_ascii=escaped, separators=separators).encode("utf-8", "surrogatepass")
    raw.ask("EVAL", f"{SHOWN} return show(cjson.decode(ARGV[1]))", 0, text)


TOKENS = [
    *(
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "null",
        "true",
        "false",
        "nul",
        "1",
        "-",
        "+1",
        "01",
        "0x1f",
        "1e5",
        "1.",
        ".5",
    ),
    *(
        "-0x",
        "inf",
        "-Infinity",
        "nan",
        '"',
        '"a"',
        '"b"',
        r'"\n"',
        r'"\u00e9"',
        r'"\ud83d\ude00"',
        r'"\ud83d"',
    ),
    *(
        r'"\x"',
        r'"\u12"',
        " ",
        "\n",
        "\0",
        "\x80",
        '"\x01"',
        r"\\",
        "/",
        "é",
        "1e999",
        "123456789012345678901234567890",
    ),
]


@given(tokens=st.lists(st.sampled_from(TOKENS), max_size=8))
@settings(max_examples=200)
def test_what_is_not_json(raw: RawPair, tokens: list[str]) -> None:
    raw.ask("EVAL", f"{SHOWN} return show(cjson.decode(ARGV[1]))", 0, "".join(tokens).encode("latin-1"))


def test_depth_of_json(raw: RawPair) -> None:
    for depth in (999, 1000, 1001):
        for text in ("[" * depth + "]" * depth, '{"a":' * depth + "1" + "}" * depth, "[" * depth):
            raw.ask("EVAL", "return #cjson.encode(cjson.decode(ARGV[1]))", 0, text)
    for text in ['"' + "[{" * 2000 + '"', '"\\"' + "[" * 2000 + '"']:
        raw.ask("EVAL", "return #cjson.decode(ARGV[1])", 0, text)


@given(
    value=trees(scalars),
    sparse=st.tuples(st.booleans(), st.integers(0, 3), st.integers(0, 12)),
    precision=st.integers(1, 14),
    depth=st.integers(1, 5),
    invalid=st.sampled_from(["'null'", "true", "false"]),
)
@FEWER
def test_settings_of_json(
    raw: RawPair, value: Any, sparse: tuple[bool, int, int], precision: int, depth: int, invalid: str
) -> None:
    raw.ask(
        "EVAL",
        f"""
        local json = cjson.new()
        json.encode_sparse_array({", ".join(map(literal, sparse))})
        json.encode_number_precision({precision})
        json.encode_max_depth({depth})
        json.encode_invalid_numbers({invalid})
        return json.encode({literal(value)})
        """,
        0,
    )


# cmsgpack


@given(values=st.lists(trees(scalars | st.just(None)), min_size=1, max_size=4))
@FEWER
def test_messages_of_values(raw: RawPair, values: list[Any]) -> None:
    packed = f"cmsgpack.pack({', '.join(map(literal, values))})"
    raw.ask("EVAL", f"return {packed}", 0)
    raw.ask("EVAL", f"{SHOWN} return show({{cmsgpack.unpack({packed})}})", 0)


@given(data=st.binary(max_size=30), offset=st.integers(-1, 5), limit=st.integers(-1, 4))
@settings(max_examples=200)
def test_values_of_any_bytes(raw: RawPair, data: bytes, offset: int, limit: int) -> None:
    raw.ask("EVAL", f"{SHOWN} return show({{cmsgpack.unpack(ARGV[1])}})", 0, data)
    raw.ask("EVAL", f"{SHOWN} return show({{cmsgpack.unpack_one(ARGV[1], {offset})}})", 0, data)
    raw.ask("EVAL", f"{SHOWN} return show({{cmsgpack.unpack_limit(ARGV[1], {limit}, {offset})}})", 0, data)


def test_large_messages(raw: RawPair) -> None:
    for size in (15, 16, 31, 32, 255, 256, 65535, 65536):
        raw.ask("EVAL", f"return cmsgpack.pack(('x'):rep({size}))", 0)
        raw.ask("EVAL", f"local t = {{}} for i = 1, {size} do t[i] = i end return cmsgpack.pack(t)", 0)
        raw.ask(
            "EVAL", f"local t = {{}} for i = 1, {size} do t['k' .. i] = i end return #cmsgpack.pack(t)", 0
        )
    for depth in (15, 16, 17, 1000):
        raw.ask("EVAL", f"local t = {{}} for i = 1, {depth} do t = {{t}} end return cmsgpack.pack(t)", 0)
        raw.ask("EVAL", f"return #cmsgpack.unpack(('\\145'):rep({depth}) .. '\\1')", 0)


# bit


@given(first=numbers, second=numbers, third=numbers)
@FEWER
def test_bits(raw: RawPair, first: Any, second: Any, third: Any) -> None:
    a, b, c = map(literal, (first, second, third))
    calls = [f"bit.{name}({a})" for name in ("tobit", "bnot", "bswap", "tohex")]
    calls += [f"bit.{name}({a}, {b}, {c})" for name in ("band", "bor", "bxor")]
    calls += [f"bit.{name}({a}, {b})" for name in ("lshift", "rshift", "arshift", "rol", "ror", "tohex")]
    raw.ask("EVAL", f"return {{{', '.join(calls)}}}", 0)


# struct

options = st.sampled_from(
    [*"bBhHlLTfdsx<>! ", "i", "I", "i3", "I5", "i8", "I16", "c", "c3", "c0", "!2", "!8", "!3", "y", "i40"]
)


@given(parts=st.lists(options, max_size=6), values=st.lists(scalars, max_size=6))
@settings(max_examples=150)
def test_structures_of_values(raw: RawPair, parts: list[str], values: list[Any]) -> None:
    form = "".join(parts)
    raw.ask("EVAL", f"return struct.pack({', '.join(map(literal, [form.encode(), *values, 7]))})", 0)
    raw.ask("EVAL", f"return struct.size('{form}')", 0)


@given(parts=st.lists(options, max_size=5), data=st.binary(max_size=40), place=st.integers(0, 4))
@settings(max_examples=150)
def test_values_of_structures(raw: RawPair, parts: list[str], data: bytes, place: int) -> None:
    raw.ask("EVAL", f"{SHOWN} return show({{struct.unpack('{''.join(parts)}', ARGV[1])}})", 0, data)
    raw.ask("EVAL", f"{SHOWN} return show({{struct.unpack('{''.join(parts)}', ARGV[1], {place})}})", 0, data)


@given(value=st.floats(allow_nan=False))
@FEWER
def test_floats_in_structures(raw: RawPair, value: float) -> None:
    raw.ask(
        "EVAL",
        "return {struct.unpack('>d', ARGV[1]), tostring(struct.unpack('>d', ARGV[1]))}",
        0,
        struct.pack(">d", value),
    )
