"""Numbers as text: tables of what redis-server 7.0.15 answered, then random texts against a live one."""

import math
import struct
import sys
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from kvlite.numbers import (
    INT64_MAX,
    INT64_MIN,
    LongDouble,
    add_long_double,
    format_double,
    format_long_double,
    parse_double,
    parse_int,
    parse_long_double,
    parse_score_bound,
    parse_sort_weight,
    parse_timeout,
)

# -- tables ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [0, 1, -1, 9, 10**17, 10**18, -(10**18), INT64_MIN, INT64_MAX])
def test_parse_int_reads_canonical_decimals(value: int) -> None:
    assert parse_int(b"%d" % value) == value


BAD_INTS = [b"", b" 1", b"1 ", b"1\n", b"1\0", b"\xd9\xa1", b"1" + b"0" * 19, b"1" * 5000]
BAD_INTS += b"- +1 01 00 -0 -01 1_0 1.0 1e3 --1 0x1 9223372036854775808 -9223372036854775809".split()


@pytest.mark.parametrize("text", BAD_INTS)
def test_parse_int_refuses(text: bytes) -> None:
    assert parse_int(text) is None


GOOD_DOUBLES = [
    (b"1", b"1"),
    (b"+1", b"1"),
    (b"01", b"1"),
    (b"-0", b"-0"),
    (b"-0.0", b"-0"),
    (b"1.", b"1"),
    (b".5", b"0.5"),
    (b"0.1", b"0.10000000000000001"),
    (b"3.0e-7", b"2.9999999999999999e-07"),
    (b"1e16", b"10000000000000000"),
    (b"1e17", b"1e+17"),
    (b"123456789012345678", b"1.2345678901234568e+17"),
    (b"1e-4", b"0.0001"),
    (b"1e-5", b"1.0000000000000001e-05"),
    (b"1.7976931348623157e308", b"1.7976931348623157e+308"),
    (b"4.9e-324", b"4.9406564584124654e-324"),
    (b"1e-310", b"9.9999999999999694e-311"),
    (b"inf", b"inf"),
    (b"+inf", b"inf"),
    (b"-Infinity", b"-inf"),
    (b"INFINITY", b"inf"),
    (b"0x1p3", b"8"),
    (b"0X.8P-1", b"0.25"),
    (b"0x1p-1074", b"4.9406564584124654e-324"),
    (b"0x1.8p-1075", b"4.9406564584124654e-324"),
    (b"0e99999999999999999999999", b"0"),
    (b"0x0p99999999999999999999", b"0"),
    (b"0." + b"0" * 5115 + b"1e5100", b"9.9999999999999998e-17"),
    (b"0" * 5119 + b"1", b"1"),
]

# Refused by every reader of floats.
BAD_FLOATS = [b" ", b"1 ", b"+ 1", b"\xa01", b"\xd9\xa1"]
BAD_FLOATS += b"1_0 . 1e 1e+ e5 infin nan NaN nan(1) 0x 0x1p 0x. 1,5 1d 1f 1L ((1 --1 +-1 + abc".split()

# Read only where Redis runs strtod over a C string and looks no further than its end.
LAX_FLOATS = [(b"", 0.0), (b" 1", 1.0), (b"\t\n\v\f\r1", 1.0), (b"1\0junk", 1.0), (b"\0", 0.0)]


@pytest.mark.parametrize(("text", "answer"), GOOD_DOUBLES)
def test_double_as_zadd_incr_answers(text: bytes, answer: bytes) -> None:
    value = parse_double(text)
    assert value is not None
    assert format_double(value) == answer


@pytest.mark.parametrize(
    "text",
    BAD_FLOATS
    + [text for text, _ in LAX_FLOATS]
    + [b"(1", b"1e400", b"-1e400", b"1e-400", b"2e-324", b"0x1p-1075", b"0x1.fffffffffffff8p1023"]
    + [b"1e99999999999999999999999", b"1e-99999999999999999999999", b"0x1p99999999999999999999"],
)
def test_parse_double_refuses(text: bytes) -> None:
    assert parse_double(text) is None


@pytest.mark.parametrize(
    ("text", "bound"),
    [(text, (value, False)) for text, value in LAX_FLOATS]
    + [(b"(" + text, (value, True)) for text, value in LAX_FLOATS]
    + [
        (b"-1.5", (-1.5, False)),
        (b"(1.5", (1.5, True)),
        (b"-inf", (-math.inf, False)),
        (b"(+inf", (math.inf, True)),
        (b"1e400", (math.inf, False)),
        (b"(-1e400", (-math.inf, True)),
        (b"1e-400", (0.0, False)),
        (b"0x1p1024", (math.inf, False)),
        (b"-0x1p1024", (-math.inf, False)),
    ]
    + [(text, None) for text in [*BAD_FLOATS, b" (1", b" \0"]],
)
def test_parse_score_bound(text: bytes, bound: tuple[float, bool] | None) -> None:
    assert parse_score_bound(text) == bound


@pytest.mark.parametrize(
    ("text", "weight"),
    [*LAX_FLOATS, (b"1.5", 1.5), (b"inf", math.inf), (b"-0", 0.0), (b" 0e5", 0.0), (b"2.3e-308", 2.3e-308)]
    + [(text, None) for text in [*BAD_FLOATS, b"(1", b"1e400", b" 1e-400", b"1e-310", b"1e400\0"]],
)
def test_parse_sort_weight(text: bytes, weight: float | None) -> None:
    assert parse_sort_weight(text) == weight


def increased(current: bytes, increment: bytes) -> bytes | str:
    """What INCRBYFLOAT answers, made of the parts under test."""
    a, b = parse_long_double(current), parse_long_double(increment)
    if a is None or b is None:
        return "ERR value is not a valid float"
    total = add_long_double(a, b)
    if total is None:
        return "ERR increment would produce NaN or Infinity"
    return format_long_double(total)


BAD_LONG_DOUBLES = [*BAD_FLOATS, *(text for text, _ in LAX_FLOATS), b"9" * 4933, b"0" * 5120]
BAD_LONG_DOUBLES += b"1e5000 1e4933 0x1p16384 1e-4951 -1e-5000 0x1p-16446 1e999999999 -1e-9999999999".split()


@pytest.mark.parametrize("text", BAD_LONG_DOUBLES)
def test_parse_long_double_refuses(text: bytes) -> None:
    assert parse_long_double(text) is None


INCREMENTS: list[tuple[bytes, bytes, bytes | str]] = [
    (b"10.5", b"0.1", b"10.6"),
    (b"5.0e3", b"2.0e2", b"5200"),
    (b"3000.3", b"0", b"3000.30000000000000004"),
    (b"0.1", b"0.2", b"0.3"),
    (b"-0", b"0", b"0"),
    (b"-1e-18", b"0", b"0"),
    (b"1.5", b"-1.5", b"0"),
    (b"1", b"0X.8P-1", b"1.25"),
    (b"9223372036854775807", b"1", b"9223372036854775808"),
    (b"18446744073709551615", b"2", b"18446744073709551616"),
    (b"18446744073709551616", b"3", b"18446744073709551620"),
    (b"18446744073709551617", b"0", b"18446744073709551616"),
    (b"18446744073709551617.0000000000000000000000001", b"0", b"18446744073709551618"),
    (b"0", b"1e22", b"10000000000000000000000"),
    (b"0", b"1e28", b"9999999999999999999731564544"),
    (b"1e-4940", b"0", b"0"),
    (b"0x1.8p-16446", b"0", b"0"),
    (b"0", b"0" * 5118 + b"1", b"1"),
    (b"0", b"0x1" + b"0" * 5000 + b"p-36000", b"0"),
    (b"0", b"1" + b"0" * 5000 + b"e-5000", b"1"),
    (b"inf", b"-inf", "ERR increment would produce NaN or Infinity"),
    (b"0", b"-Infinity", "ERR increment would produce NaN or Infinity"),
    (b"1e4932", b"1e4932", "ERR increment would produce NaN or Infinity"),
    (b"1", b"nan", "ERR value is not a valid float"),
]


@pytest.mark.parametrize(("current", "increment", "answer"), INCREMENTS)
def test_increments(current: bytes, increment: bytes, answer: bytes | str) -> None:
    assert increased(current, increment) == answer


def test_the_largest_long_double_is_written_whole() -> None:
    text = format_long_double(LongDouble(2**64 - 1, 16384 - 64))
    assert len(text) == 4933
    assert text.startswith(b"118973149535723176502126385303097020516906332229")


def test_long_numbers_do_not_depend_on_the_limit_of_int() -> None:
    limit = sys.get_int_max_str_digits()
    try:
        sys.set_int_max_str_digits(640)
        assert len(increased(b"9" * 4932, b"0." + b"1" * 5000)) == 4933
        assert parse_int(b"1" * 5000) is None
    finally:
        sys.set_int_max_str_digits(limit)


TIMEOUTS = [
    (b"0", 0),
    (b"-0", 0),
    (b"0.05", 50),
    (b"0.0001", 1),
    (b"1e-4000", 1),
    (b"0x1p-4", 63),
    (b"-0.0001", 0),
    (b"-0.001", 0),
    (b"-0.0011", -1),
    (b"-1", -1000),
    (b"9223372036854775.807", INT64_MAX),
    (b"9223372036854775.808", INT64_MIN),
    (b"inf", INT64_MIN),
    (b"-inf", INT64_MIN),
    (b"1e300", INT64_MIN),
    (b"1e4932", INT64_MIN),
    (b"1e5000", None),
    (b"", None),
    (b"nan", None),
]


@pytest.mark.parametrize(("text", "milliseconds"), TIMEOUTS)
def test_parse_timeout(text: bytes, milliseconds: int | None) -> None:
    assert parse_timeout(text) == milliseconds


# -- against a live server ---------------------------------------------------------------------------------

DIGITS = st.text("0123456789", max_size=25) | st.text("09", min_size=1, max_size=6).map(lambda s: s * 90)
HEX_DIGITS = st.text("0123456789abcdefABCDEF", max_size=20)
SIGN = st.sampled_from(["", "", "-", "+"])


def exponents(mark: str, edges: Sequence[int]) -> st.SearchStrategy[str]:
    near_edges = st.builds(lambda edge, step: edge + step, st.sampled_from(edges), st.integers(-40, 40))
    powers = near_edges | st.integers(-(10**24), 10**24)
    return st.just("") | powers.map(lambda power: f"{mark}{power:+d}" if power % 2 else f"{mark}{power}")


def join(*parts: st.SearchStrategy[str]) -> st.SearchStrategy[bytes]:
    return st.tuples(*parts).map(lambda strings: "".join(strings).encode())


POINT = st.sampled_from(["", ".", "."])
DECIMAL_EXPONENTS = exponents("e", [0, 0, 0, -17, 18, 308, -308, -324, 4932, -4932, -4951])
DECIMALS = join(SIGN, DIGITS, POINT, DIGITS, DECIMAL_EXPONENTS)
HEX_MARK = st.sampled_from(["0x", "0X"])
HEX_EXPONENTS = exponents("p", [0, 0, 64, -64, 1023, -1022, -1074, 16383, -16382, -16445])
HEXES = join(SIGN, HEX_MARK, HEX_DIGITS, POINT, HEX_DIGITS, HEX_EXPONENTS)
ORDINARY = st.decimals(-(10**6), 10**6, places=3).map(lambda d: str(d).encode())
DOUBLES = st.binary(min_size=8, max_size=8).map(lambda raw: repr(struct.unpack("<d", raw)[0]).encode())
INTS = (st.integers(-(2**64), 2**64) | st.integers(-99, 99)).map(lambda n: b"%d" % n)
PIECES = b"( + - 0 01 1 . e x p _ f inf INFINITY nan 0x".split()
JUNK = st.lists(st.sampled_from([b"", b" ", b"\t", b"\0", *PIECES]), max_size=5).map(b"".join)
TEXT = ORDINARY | DECIMALS | HEXES | DOUBLES | INTS | JUNK | st.binary(max_size=4)

# The tables above are asked too, so they cannot drift from the server.
TABLES = [*BAD_INTS, *BAD_LONG_DOUBLES, *(text for text, _ in GOOD_DOUBLES + LAX_FLOATS + TIMEOUTS)]
TABLES += [text for current, increment, _ in INCREMENTS for text in (current, increment)]

# Lua sees the raw text of a reply, which redis-py's callbacks would turn into a float.
EACH = """
local answers = {}
for i = 1, #ARGV do
  redis.call('DEL', 'k')
  local reply = %s
  answers[i] = type(reply) == 'table' and (reply.err or 'many') or reply
end
return answers
"""


def live(test: Callable[[Any, list[bytes]], None]) -> Callable[..., None]:
    """Run a test on the tables, then on some thousand random texts."""
    test = example(texts=TABLES)(given(texts=st.lists(TEXT, min_size=60, max_size=60))(test))
    healthy = [HealthCheck.function_scoped_fixture]
    return settings(max_examples=60, deadline=None, suppress_health_check=healthy)(test)


def ask(client: Any, expression: str, texts: Sequence[bytes]) -> list[Any]:
    """What the server answers to `expression`, a line of Lua, for each text as ARGV[i]."""
    answers = client.eval(EACH % expression, 0, *texts)
    return [a.decode() if isinstance(a, bytes) and b"ERR" in a else a for a in answers]


def said(text: bytes, parse: Callable[[bytes], Any], error: str, answer: Callable[[Any], Any]) -> Any:
    value = parse(text)
    return f"ERR {error}" if value is None else answer(value)


@live
def test_ints_like_the_server(redis_client: Any, texts: list[bytes]) -> None:
    answers = ask(redis_client, "redis.pcall('INCRBY', 'k', ARGV[i]) and redis.call('GET', 'k')", texts)
    for text, answer in zip(texts, answers, strict=True):
        value = parse_int(text)
        assert answer == (b"%d" % value if value is not None else None), text


@live
def test_doubles_like_the_server(redis_client: Any, texts: list[bytes]) -> None:
    answers = ask(redis_client, "redis.pcall('ZADD', 'k', 'INCR', ARGV[i], 'm')", texts)
    for text, answer in zip(texts, answers, strict=True):
        assert said(text, parse_double, "value is not a valid float", format_double) == answer, text


@live
def test_score_bounds_like_the_server(redis_client: Any, texts: list[bytes]) -> None:
    """A bound shows in how many members are above it; the bound itself is one of them where it can be."""
    script = """(function()
        redis.call('ZADD', 'k', '-inf', 'a', '-1', 'b', '0', 'c', '5e-324', 'd', '1', 'e', 'inf', 'f')
        redis.pcall('ZADD', 'k', (string.gsub(ARGV[i], '^%(', '')), 'g')
        return redis.pcall('ZCOUNT', 'k', ARGV[i], '+inf')
    end)()"""
    texts = [end for text in texts for end in (text, b"(" + text)]
    for text, answer in zip(texts, ask(redis_client, script, texts), strict=True):
        own = parse_double(text.removeprefix(b"("))
        scores = [-math.inf, -1.0, 0.0, 5e-324, 1.0, math.inf] + ([] if own is None else [own])
        bound = parse_score_bound(text)
        if bound is None:
            assert answer == "ERR min or max is not a float", text
        else:
            value, exclusive = bound
            assert answer == sum(s > value or (s == value and not exclusive) for s in scores), text


@live
def test_increments_like_the_server(redis_client: Any, texts: list[bytes]) -> None:
    pairs = list(zip(texts[-1:] + texts[:-1], texts, strict=True))
    script = "i % 2 == 0 and redis.call('SET', 'k', ARGV[i - 1]) and redis.pcall('INCRBYFLOAT', 'k', ARGV[i])"
    answers = ask(redis_client, script, [text for pair in pairs for text in pair])
    for (current, increment), answer in zip(pairs, answers[1::2], strict=True):
        assert increased(current, increment) == answer, (current, increment)


@live
def test_timeouts_like_the_server(redis_client: Any, texts: list[bytes]) -> None:
    pipe = redis_client.pipeline()  # in MULTI nothing blocks
    for text in texts:
        pipe.execute_command("BLPOP", "k", text)
    for text, answer in zip(texts, pipe.execute(raise_on_error=False), strict=True):
        milliseconds = parse_timeout(text)
        if milliseconds is None:
            assert str(answer) == "timeout is not a float or out of range", text
        elif milliseconds < 0:
            assert str(answer) == "timeout is negative", text
        else:
            assert answer is None, text
