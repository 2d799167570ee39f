"""SORT against redis-server 7.0."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle import (
    Command,
    Oracle,
    Pair,
    Step,
    bad_values,
    command,
    histories,
    int_texts,
    ints,
    many,
    mostly,
    run_history,
    small_ints,
    time_passes,
)

# No text here makes strtod set ERANGE: Redis never clears it, and would refuse good numbers afterwards.
NUMBERS = [1, 2, 3, 10, -1, "-0", "0", 0.5, "1.0", "01", "1e1", " 7", "inf", "-inf", "0x10", 2**53 + 1, 2**53]
TEXTS = ["a", "b", "B", "", "nan", "1x", "é", b"\xff\x00", b"a\x00b", b"a\x00a", "12 "]


def keys() -> st.SearchStrategy[Any]:
    return st.sampled_from(["k", "l", "m", b"n", ""])


def numbers() -> st.SearchStrategy[Any]:
    return st.sampled_from(NUMBERS)


def elements() -> st.SearchStrategy[Any]:
    return mostly(numbers(), st.sampled_from(TEXTS), 8)


def texts() -> st.SearchStrategy[Any]:
    return st.one_of(numbers(), st.sampled_from(TEXTS))


def patterns() -> st.SearchStrategy[Any]:
    usual = ["w_*", "w_*", "h_*->f", "h_*->g"]
    odd = [
        "#",
        "*",
        "",
        "nosort",
        "w_1",
        "h_*->",
        "h_*->f->",
        "h_*",
        "w_*->f",
        "->*",
        "*->f",
        "#*",
        5,
        b"w_*\0",
        b"\0*",
    ]
    return mostly(st.sampled_from(usual), st.one_of(st.sampled_from(odd), bad_values()), 3)


def options() -> dict[str, Any]:
    limits = mostly(small_ints(), st.one_of(ints(), int_texts(), bad_values()), 8)
    return {
        "desc": st.booleans(),
        "alpha": st.booleans(),
        "by": patterns(),
        "get": st.one_of(patterns(), st.lists(patterns(), max_size=3)),
        "start": limits,
        "num": limits,
    }


WRITES: list[Command] = [
    command("rpush", keys(), many(elements(), max_size=6)).weighing(4),
    command("rpush", keys(), many(numbers(), max_size=6)).weighing(4),
    command("sadd", keys(), many(st.integers(-5, 20), max_size=6)).weighing(3),
    command("zadd", keys(), st.dictionaries(elements(), st.integers(0, 3), min_size=1)).weighing(3),
    command("set", st.sampled_from([f"w_{each}" for each in (*NUMBERS, "a", "b")]), texts()).weighing(3),
    command("set", keys(), "string"),
    command("hset", st.sampled_from([f"h_{each}" for each in (1, 2, 3, 10, "a")]), "f", texts()).weighing(2),
    command("hset", keys(), "f", "v"),
    command("delete", keys()).weighing(2),
    command("expire", keys(), 1),
    time_passes(),
]
SORTS: list[Command] = [
    command("sort", keys(), desc=st.booleans(), alpha=st.booleans(), store=keys()).weighing(3),
    command("sort", keys(), st.integers(-1, 4), st.integers(-1, 4), **options()).weighing(3),
    command("sort", keys(), **options()).weighing(5),
    command("sort", keys(), **options()).always(alpha=st.just(True)).weighing(2),
    command("sort", keys(), **options()).always(by=st.sampled_from(["w_*", "h_*->f"]), alpha=st.booleans()),
    command("sort", keys(), **options()).always(by=st.just("nosort"), start=small_ints(), num=small_ints()),
    command("sort", keys(), **options()).always(store=mostly(keys(), bad_values())).weighing(3),
    command("sort", keys(), **options()).always(groups=st.just(True), get=st.lists(patterns(), max_size=3)),
    command("sort_ro", keys(), **options()),
]


def is_defined(pair: Pair, step: Step) -> bool:
    """Whether Redis's answer to SORT does not hang on chance.

    With ALPHA elements may be equal: by their weights, or before their first NUL. Those of a sorted set then
    stay in the order of a hash table, and those of a longer list are mixed by its partial sort, for LIMIT.
    """
    if not step.method.startswith("sort") or not step.kwargs.get("alpha"):
        return True
    kind = pair.redis.type(step.args[0])
    return kind != b"zset" and not (kind == b"list" and pair.redis.llen(step.args[0]) > 6)


@given(steps=histories(*WRITES, *SORTS))
def test_sort_answers_as_redis_does(pair: Pair, steps: list[Step]) -> None:
    run_history(pair, (step for step in steps if is_defined(pair, step)))


CALLS: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    ((), {"name": "missing"}),
    ((), {"name": "string"}),
    ((), {"name": "hash"}),
    ((), {"name": "string", "start": 1, "num": "x"}),
    ((), {"name": None}),
    (("numbers", 1), {}),
    (("numbers", None, 1), {}),
    (("numbers", 2**63, 1), {}),
    (("numbers", -(2**63), 2**63 - 1), {}),
    (("numbers", 2**63 - 1, 2**63 - 1), {}),
    (("numbers", 2, 2**63 - 1), {}),
    (("numbers", 1, -5), {}),
    (("numbers", 1, 0), {}),
    (("words",), {}),
    (("words",), {"alpha": True}),
    (("words",), {"alpha": True, "desc": True}),
    (("words",), {"by": "nosort", "desc": True}),
    (("words", 1, 2), {"by": "nosort", "desc": True}),
    (("words",), {"by": "nosort", "desc": True, "store": "out"}),
    (("ids",), {"by": "nosort", "desc": True}),
    (("ids", 1, 2), {"by": "nosort"}),
    (("ids",), {"by": "nosort", "desc": True, "store": "out"}),
    (("mixed",), {"by": "nosort", "store": "out"}),
    (("mixed", 1, 2), {"by": "nosort", "store": "out"}),
    (("mixed",), {}),
    (("mixed",), {"alpha": True}),
    (("board",), {"by": "nosort"}),
    (("board",), {"by": "nosort", "desc": True}),
    (("board", 1, 1), {"by": "nosort", "desc": True}),
    (("board", -5, 2), {"by": "nosort"}),
    (("board", 1, -2), {"by": "nosort", "desc": True, "store": "out"}),
    (("board",), {}),
    (("board",), {"alpha": True}),
    (("numbers",), {"by": "weight_*"}),
    (("numbers",), {"by": "weight_*", "alpha": True}),
    (("numbers",), {"by": "weight_*", "alpha": True, "desc": True}),
    (("numbers",), {"by": "record_*->rank"}),
    (("numbers",), {"by": "record_*->rank", "desc": True}),
    (("numbers",), {"by": "record_*->"}),
    (("numbers",), {"by": "record_*"}),
    (("numbers",), {"by": "missing_*"}),
    (("numbers",), {"by": "missing_*", "alpha": True, "desc": True}),
    (("numbers",), {"by": ""}),
    (("numbers",), {"by": "#"}),
    (("numbers",), {"by": True}),
    (("numbers",), {"by": b"x\0*"}),
    (("numbers",), {"get": "name_*"}),
    (("numbers",), {"get": ["#", "name_*", "record_*->rank"]}),
    (("numbers",), {"get": ["#", "name_*"], "groups": True}),
    (("numbers", 0, 1), {"get": ("#", "#"), "groups": True}),
    (("missing",), {"get": ["#", "#"], "groups": True}),
    (("numbers",), {"get": ["#"], "groups": True}),
    (("numbers",), {"get": [], "groups": True}),
    (("numbers",), {"get": "##", "groups": True}),
    (("numbers",), {"groups": True}),
    (("numbers",), {"get": []}),
    (("numbers",), {"get": ["label_*->", "record_*->", "record_*->rank"]}),
    (("numbers",), {"get": 5}),
    (("numbers",), {"get": [5, None]}),
    (("numbers",), {"get": b"#\0x"}),
    (("numbers",), {"get": b"name_*\0"}),
    (
        ("numbers",),
        {"get": ["", "*", "#*", "name", "name_1", "string", "hash->f", "record_*->rank->", "->*"]},
    ),
    (("numbers",), {"store": "out"}),
    (("numbers",), {"store": "numbers"}),
    (("numbers",), {"store": "string", "get": ["#", "name_*"]}),
    (("missing",), {"store": "string"}),
    (("missing",), {"store": "missing"}),
    (("words",), {"store": "string"}),
    (("string",), {"store": "out"}),
    (("numbers", 10, 1), {"store": "string"}),
    (("numbers",), {"store": True}),
    (("binary",), {"alpha": True}),
    (("binary",), {"alpha": True, "desc": True}),
    (("binary",), {"alpha": True, "store": "out"}),
    (("spellings",), {}),
    (("spellings",), {"desc": True}),
    (("numbers",), {"by": "counter_*", "get": "counter_*"}),
]


@pytest.mark.parametrize("call", CALLS, ids=repr)
def test_call(pair: Pair, call: tuple[tuple[Any, ...], dict[str, Any]]) -> None:
    pair.call("set", "string", "x", ex=100)
    pair.call("hset", "hash", "f", "v")
    pair.call("rpush", "numbers", 3, 1, 2, 10)
    pair.call("rpush", "words", "b", "a", "c", "B")
    pair.call("rpush", "binary", b"a\0b", b"a\0a", b"a", b"\xff", b"\xfe", "")
    pair.call(
        "rpush", "spellings", 1, "1.0", "01", "1e0", " 1", "0x1", "inf", "-inf", "-0", 0, "", 2**53, 2**53 + 1
    )
    pair.call("sadd", "ids", 3, 1, 2, 10)
    pair.call("sadd", "mixed", "b", "a", 10, "z")
    pair.call("zadd", "board", {"a": 3, "b": 1, "c": 2})
    for number, weight in enumerate(["30", "20", "10"], 1):
        pair.call("set", f"weight_{number}", weight)
        pair.call("hset", f"record_{number}", "rank", -number)
        pair.call("set", f"name_{number}", f"n{number}")
        pair.call("set", f"label_{number}->", f"l{number}")
        pair.call("incrby", f"counter_{number}", 10 - number)
    pair.call("append", "counter_2", "0")
    args, kwargs = call
    pair.call("sort", *args, **kwargs)
    pair.compare_state()


def test_decoded(oracle: Oracle) -> None:
    oracle.reset()
    pair = Pair(oracle, decode_responses=True)
    pair.call("rpush", "k", 2, 1)
    pair.call("set", "name_1", "é€😀")
    pair.call("sort", "k")
    pair.call("sort", "k", get="name_*")
    pair.call("sort", "k", get=["#", "name_*"], groups=True)
    pair.call("sort_ro", "k", get=["#", "name_*"], desc=True)


def test_a_stored_result_is_what_a_blocked_pop_waits_for(pair: Pair) -> None:
    pair.call("sadd", "k", 2, 1)
    pair.call("sort", "k", store="l")
    pair.call("blpop", "l", 1)
    pair.compare_state()
