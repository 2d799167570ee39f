"""Glob patterns match what Redis's match."""

from __future__ import annotations

import time

import pytest
import redis
from hypothesis import given, settings
from hypothesis import strategies as st

from kvlite.globs import compile_glob

PIECES = [
    b"a",
    b"b",
    b"c",
    b"-",
    b"]",
    b"[",
    b"^",
    b"\\",
    b"*",
    b"?",
    b"\x00",
    b"\n",
    b"\x7f",
    b"\x80",
    b"\xff",
]
CLASSES = [
    b"[a-c]",
    b"[c-a]",
    b"[^a]",
    b"[^]",
    b"[]",
    b"[a-]",
    b"[\\]]",
    b"[\\a-c]",
    b"[a-\\]]",
    b"[b-\xff]",
    b"[^-a",
]

patterns = st.lists(st.sampled_from([*PIECES, *CLASSES, b"*", b"*"]), max_size=7).map(b"".join)
texts = st.lists(st.sampled_from(PIECES), max_size=5).map(b"".join)


@settings(max_examples=600)
@given(pattern=patterns, words=st.lists(texts, min_size=25, max_size=40, unique=True))
def test_matches_as_keys_does(redis_client: redis.Redis, pattern: bytes, words: list[bytes]) -> None:
    with redis_client.pipeline(transaction=False) as pipe:
        pipe.flushall()
        pipe.mset(dict.fromkeys(words, ""))
        pipe.keys(pattern)
        theirs = pipe.execute()[-1]
    assert set(filter(compile_glob(pattern), words)) == set(theirs)


@settings(max_examples=40)
@given(body=st.lists(st.sampled_from(PIECES), max_size=6).map(b"".join))
def test_classes_hold_the_same_bytes(redis_client: redis.Redis, body: bytes) -> None:
    """Every single byte, in Redis and here, against one class."""
    every = [bytes([byte]) for byte in range(256)]
    redis_client.mset(dict.fromkeys(every, ""))
    for pattern in (b"[" + body, b"[" + body + b"]", b"[^" + body + b"]", b"[" + body + b"-z]"):
        assert set(filter(compile_glob(pattern), every)) == {
            key for key in redis_client.keys(pattern) if len(key) == 1
        }, pattern


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        (b"*", [b"", b"a", b"\n"], []),
        (b"**", [b"a", b"\n"], [b""]),
        (b"", [b""], [b"a"]),
        (b"user:*", [b"user:", b"user:1"], [b"user", b"auser:1"]),
        (b"plain", [b"plain"], [b"plain1", b""]),
        (b"a?c", [b"abc", b"a\nc"], [b"ac", b"abbc"]),
        (b"h[^e]llo", [b"hallo"], [b"hello", b"hllo"]),
        (b"\\*", [b"*"], [b"a", b"\\*"]),
        (b"a\\", [b"a\\"], [b"a"]),
        (b"a*b*", [b"ab", b"axbx"], [b"a", b"ba"]),
        (b"a*a", [b"aa", b"aba"], [b"a"]),
        (b".+", [b".+"], [b"ab"]),
    ],
)
def test_examples(pattern: bytes, matching: list[bytes], other: list[bytes]) -> None:
    matches = compile_glob(pattern)
    assert [matches(text) for text in matching] == [True] * len(matching)
    assert [matches(text) for text in other] == [False] * len(other)


def test_many_stars_do_not_explode() -> None:
    text = b"a" * 20_000
    start = time.perf_counter()
    assert not compile_glob(b"a*" * 500 + b"b")(text)
    assert not compile_glob(b"*a?" * 500 + b"*b*")(text)
    assert compile_glob(b"*[ab]" * 500 + b"*")(text)
    assert time.perf_counter() - start < 2
