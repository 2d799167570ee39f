"""Sorted sets against a real redis-server: tables of calls, and random histories."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle import (
    Pair,
    Step,
    bad_values,
    command,
    float_texts,
    floats,
    histories,
    int_texts,
    ints,
    keys,
    many,
    members,
    mostly,
    run_history,
    scores,
    small_ints,
    time_passes,
    values,
)

INF = float("inf")


def text(score: Any) -> Any:
    """A cast that shows what it is given."""
    return score


def seed(pair: Pair) -> None:
    pair.call("set", "str", "v")
    pair.call("zadd", "z", {"a": 1, "b": 2.5, "c": 3})
    pair.call("zadd", "y", {"a": 10, "b": INF, "d": -INF})
    pair.call("zadd", "mixed", {"d": 1, "a": 2, "c": 3, "b": 4})
    pair.call("zadd", "flat", dict.fromkeys(["", "a", "aa", "b", "c"], 0))
    pair.call("sadd", "s", "a", "b", "5")


class kw(dict[str, Any]):
    """Keyword arguments, at the end of a row."""


Row: TypeAlias = tuple[Any, ...]
"""A method and its arguments."""


CHANGE = ("zadd", "zincrby", "zrem", "zpop", "zmpop", "bz")
"""What changes something begins with these, or ends with "store"."""


def run(pair: Pair, rows: Iterable[Row]) -> None:
    """Make the calls, each on the same state."""
    seed(pair)
    for method, *args in rows:
        options = args.pop() if isinstance(args[-1], kw) else {}
        pair.call(method, *args, **options)
        if method.startswith(CHANGE) or method.endswith("store"):
            pair.compare_state()
            pair.reset()
            seed(pair)
    pair.compare_state()


MEMBERS: list[Row] = [
    ("zadd", "z", {}),
    ("zadd", "z", [("a", 1)]),
    ("zadd", "z", {"a": 5, "n": 1}),
    ("zadd", "z", {"a": 5, "n": 1}, kw(ch=True)),
    ("zadd", "z", {"a": 1, b"a": 2}, kw(ch=True)),
    ("zadd", "n", {"a": 1, b"a": 2, "b": 3}, kw(ch=True)),
    ("zadd", "n", {"a": 1}, kw(xx=True)),
    ("zadd", "z", {"a": 5, "n": 1}, kw(nx=True, xx=True)),
    ("zadd", "z", {"a": 5, "n": 1}, kw(gt=True, lt=True)),
    ("zadd", "z", {"a": 5, "n": 1}, kw(nx=True, lt=True)),
    ("zadd", "z", {"a": 5, "n": 1}, kw(incr=True)),
    ("zadd", "z", {"a": 5}, kw(incr=True)),
    ("zadd", "z", {"a": 5}, kw(incr=True, nx=True)),
    ("zadd", "z", {"n": 5}, kw(incr=True, xx=True)),
    ("zadd", "z", {"n": 5}, kw(incr=True, gt=True)),
    ("zadd", "z", {"a": -5}, kw(incr=True, gt=True)),
    ("zadd", "z", {"a": 0}, kw(incr=True, lt=True, ch=True)),
    ("zadd", "y", {"b": -INF}, kw(incr=True)),
    ("zadd", "y", {"b": -INF}, kw(incr=True, gt=True)),
    ("zadd", "n", {"a": -0.0}, kw(incr=True)),
    ("zadd", "n", {"a": "0x10", "b": "1e2", "c": " 1"}),
    ("zadd", "n", {"a": 10**400}),
    ("zadd", "n", {"a": 2**53 + 1, "b": -(2**63), "c": 10**22 + 1}),
    ("zadd", "str", {"a": "x"}),
    ("zadd", "str", {"a": 1}),
    ("zadd", "z", {"a": None}),
    ("zadd", "z", {"a": True}),
    ("zadd", "z", {None: "x"}),
    ("zadd", "z", {"a": "x", None: 1}),
    ("zincrby", "z", "1e", "a"),
    ("zincrby", "z", "nan", "a"),
    ("zincrby", "y", "-inf", "b"),
    ("zincrby", "z", True, None),
    ("zincrby", "z", 1, None),
    ("zscore", "str", "a"),
    ("zscore", "n", "a"),
    ("zscore", "z", None),
    ("zmscore", "z", []),
    ("zmscore", "z", None),
    ("zmscore", "z", ("a",)),
    ("zmscore", "z", "ab"),
    ("zmscore", "n", ["a"]),
    ("zmscore", "str", ["a"]),
    ("zmscore", "y", ["a", "q", "b", "a"]),
    ("zmscore", "z", [None]),
    ("zrem", "z"),
    ("zrem", "z", None),
    ("zrem", "z", "a", "a", "q"),
    ("zrem", "z", "a", "b", "c"),
    ("zcard", "str"),
    ("zrank", "z", "b", kw(score_cast_func=text)),
    ("zrank", "z", "n"),
    ("zrevrank", "z", "b"),
    ("zrevrank", "str", "b"),
]


def test_members(pair: Pair) -> None:
    run(pair, MEMBERS)


RANGES: list[Row] = [
    *[
        (method, "y", 0, -1, kw(withscores=scored, score_cast_func=cast))
        for method in ("zrange", "zrevrange")
        for scored in (True, False, 1, 0)
        for cast in (float, text, int, str, round)
    ],
    ("zrange", "z", 0, -1, True, kw(withscores=True, score_cast_func=text)),
    *[
        ("zrange", "z", *ends, desc, kw(offset=offset, num=num, byscore=byscore))
        for offset, num in [
            (0, -1),
            (0, 1),
            ("x", 1),
            (-1, -1),
            (1, 0),
            (1, 5),
            (0, "y"),
            (None, 1),
            (1, None),
        ]
        for byscore, ends in [(False, (0, -1)), (True, ("-inf", "+inf")), (True, ("+inf", "-inf"))]
        for desc in (False, True)
    ],
    ("zrange", "z", 0, -1, kw(byscore=True, bylex=True)),
    ("zrange", "z", "[a", "[b", kw(bylex=True, withscores=True)),
    ("zrange", "z", None, 1),
    ("zrange", "z", 1.0, -1),
    ("zrange", "str", "a", -1),
    ("zrange", "str", 0, -1),
    ("zrange", "z", "a", "b", kw(byscore=True)),
    ("zrange", "z", "a", "b", kw(bylex=True)),
    ("zrange", "z", 2**63, 1),
    ("zrange", "z", -(2**63), 2**63 - 1),
    ("zrange", "z", "q", 1, kw(offset="x", num="y", byscore=True)),
    ("zrevrange", "z", 0, "x"),
    ("zrevrange", "z", 0, -1, 1, str),
    *[
        (method, "y", low, high)
        for method in ("zrangebyscore", "zrevrangebyscore", "zcount", "zremrangebyscore")
        for low in ("-inf", "(-inf", "10", "(10", "inf", "(inf", 5e-324, "x", "nan", "", "(", True)
        for high in ("-inf", "(-inf", "10", "(10", "inf", "(inf", "x")
    ],
    ("zrangebyscore", "z", 0, "x", 0, "y"),
    ("zrangebyscore", "z", 0, "x", 0, 1),
    ("zrangebyscore", "z", 0, 1, 0),
    ("zrangebyscore", "z", 0, 9, 1, 1, kw(withscores=True, score_cast_func=text)),
    ("zrevrangebyscore", "z", 9, 0, 1, 1, kw(withscores=True, score_cast_func=text)),
    *[
        (method, key, low, high)
        for method in ("zrangebylex", "zrevrangebylex", "zlexcount", "zremrangebylex")
        for key in ("flat", "mixed")
        for low in ("-", "[", "(", "[a", "(a", "[b", "(b", "[c", "+", "a", "", "-x", "-\0x", None)
        for high in ("-", "[a", "(b", "[b", "(b\0", "[c", "(d", "+", "+\0", 7)
    ],
    ("zrangebylex", "flat", "-", "+", 1, 2),
    ("zrangebylex", "mixed", "-", "+", -1, 2),
    ("zrevrangebylex", "mixed", "+", "-", 1, -2),
    *[
        (method, key, *ends, skip, num)
        for method, ends in [("zrangebylex", ("[aa", "(c")), ("zrevrangebylex", ("+", "[b"))]
        for key in ("flat", "mixed")
        for skip in (0, 1, 2, 9)
        for num in (-1, 0, 1, 9)
    ],
    ("zrangebylex", "flat", "-", "+", 1),
    ("zrangebylex", "str", "", "+"),
    ("zremrangebyrank", "z", 1, -1),
    ("zremrangebyrank", "z", "x", 1),
    ("zremrangebyrank", "z", -5, 0),
    ("zremrangebyrank", "str", 0, 1),
]


def test_ranges(pair: Pair) -> None:
    run(pair, RANGES)


STORING_RANGES: list[Row] = [
    *[
        (
            "zrangestore",
            dest,
            "z",
            0,
            -1,
            kw(byscore=by == 1, bylex=by == 2, desc=desc, offset=offset, num=num),
        )
        for dest in ("", b"", 0, None)
        for by in (0, 1, 2)
        for desc in (False, True)
        for offset, num in [(None, None), (0, 1), (0, -1), ("x", -1), (0, "x")]
    ],
    ("zrangestore", "", None, 0, 1),
    ("zrangestore", "n", "z", 0, 1),
    ("zrangestore", "n", "str", 0, 1),
    ("zrangestore", "str", "n", 0, 1),
    ("zrangestore", "str", "z", 0, 0, kw(desc=True)),
    ("zrangestore", "z", "z", 2, 3, kw(byscore=True, offset=1, num=5)),
    ("zrangestore", "z", "z", 5, 6),
    ("zrangestore", "n", "flat", "(a", "+", kw(bylex=True)),
]


def test_storing_ranges(pair: Pair) -> None:
    run(pair, STORING_RANGES)


POPS: list[Row] = [
    *[
        (method, key, count)
        for method in ("zpopmin", "zpopmax")
        for key in ("z", "str", "n")
        for count in (None, 0, 1, 2, 9, -1, "2", "x", 2**63, True, 1.0)
    ],
    ("zmpop", 1, ["z"]),
    ("zmpop", 1, ["z"], kw(min=True, max=True)),
    ("zmpop", 1, ("z",), kw(min=True)),
    ("zmpop", 1, "z", kw(min=True)),
    ("zmpop", 1, ("z",)),
    *[
        ("zmpop", number, names, kw(min=True, count=count))
        for number in (1, 2, 3, 4, 0, -1, "x", "1", 1.0, 2**32, 2**63, True, None)
        for names in (["z"], ["z", "y"], ["n", "str"], ["MAX"], ["z", "MIN", "COUNT", "3"], [])
        for count in (1, 2)
    ],
    *[("zmpop", 1, ["z"], kw(max=True, count=count)) for count in (0, -1, "x", None, "1", 1.0, True, 2**63)],
    ("zmpop", 2, ["n", "z"], kw(max=1, count=2)),
    ("zmpop", 1, ["z", "MIN", "COUNT", "0"], kw(max=True)),
    ("zmpop", 1, ["z", "MIN", "COUNT", "2"], kw(max=True)),
    ("zmpop", 1, ["z", "MIN", "COUNT"], kw(max=True)),
    ("bzmpop", 0.01, 1, ["z"]),
    *[
        ("bzmpop", timeout, number, names, kw(max=True, count=count))
        for timeout in (1, "x", -1, "inf", None)
        for number, names in [
            (1, ["z"]),
            (0, ["z"]),
            (2, ("n", "z")),
            (2, ["z"]),
            (1, "z"),
            (1, []),
            (1, ["str"]),
        ]
        for count in (1, 2, 0, None)
    ],
    *[
        (method, names, timeout)
        for method in ("bzpopmin", "bzpopmax")
        for names in ("z", ["n", "y"], ("n", "str"), {"z": 1}, [], None, [None])
        for timeout in (1, "x", -1, INF, None, True, "0.5", float("nan"), 1e300)
    ],
]


def test_pops(pair: Pair) -> None:
    run(pair, POPS)


RANDOM_MEMBERS: list[Row] = [
    *[
        ("zrandmember", key, count, scored)
        for key in ("n", "str", "one")
        for count in (None, 0, 1, -3, "x", 2**63, -(2**63), 2**62, 2**62 - 1, 2**63 - 1, True)
        for scored in (False, True)
        if key != "one" or count in (None, 0, 1, -3)
    ],
]


def test_random_members(pair: Pair) -> None:
    pair.call("zadd", "one", {"a": 0.1})
    run(pair, RANDOM_MEMBERS)


SCANS: list[Row] = [
    *[
        ("zscan", key, cursor)
        for key in ("z", "n", "str")
        for cursor in (0, 5, "x", -1, 2**64, 2**64 - 1, " 1", "", "+1", 1.0, None, "1\0", "--1")
    ],
    *[
        ("zscan", key, 0, match, count)
        for key in ("z", "n", "str")
        for match in (None, "*", "b*", "", True)
        for count in (None, 1, 0, -1, "x", 2**63, 2**63 - 1)
    ],
    *[("zscan", key, kw(score_cast_func=cast)) for key in ("z", "y") for cast in (text, str)],
    ("zscan", "z", kw(score_cast_func=int)),
    ("zscan_iter", "z"),
    ("zscan_iter", "z", "a", 1, str),
    ("zscan_iter", "str"),
]


def test_scans(pair: Pair) -> None:
    run(pair, SCANS)


def test_texts_of_scores_in_a_scan(pair: Pair) -> None:
    odd = [
        1e17,
        1e18,
        2.0**62,
        2.0**62 + 1024,
        -(2.0**62),
        -5e18,
        0.1,
        -0.0,
        1e-320,
        1.5e15 + 0.5,
        INF,
        -INF,
        5,
    ]
    pair.call("zadd", "small", {str(score): score for score in odd})
    pair.call("zscan", "small", score_cast_func=text)
    pair.call("zadd", "large", {"x" * 65: 1})
    pair.call("zadd", "large", {str(score): score for score in odd})
    pair.call_unordered("zscan", "large", count=100, score_cast_func=text)
    pair.call("zrange", "large", 0, -1, withscores=True, score_cast_func=text)


@pytest.mark.parametrize("name", ["n", "z"])
def test_nothing_is_waited_for_in_a_transaction(pair: Pair, name: str) -> None:
    seed(pair)
    pair.both(lambda side: side.pipeline().bzpopmin(name).bzpopmax([name], 5).execute())
    pair.both(lambda side: side.pipeline().bzmpop(0, 2, ["q", name], min=True).execute())
    pair.compare_state()


def test_decoded_replies(oracle: Any) -> None:
    oracle.reset()
    pair = Pair(oracle, decode_responses=True)
    seed(pair)
    rows: list[Row] = [
        ("zscan", "z", 0, None, None, text),
        ("zrange", "z", 0, -1, False, True, text),
        ("zdiff", ["z"], True),
        ("zdiff", ["z"]),
        ("zunion", ["z"]),
        ("zinter", ["z", "y"], None, True),
        ("zrangebylex", "flat", "-", "+"),
        ("zrandmember", "z", 5, True),
        ("bzpopmin", ["n", "z"], 1),
        ("bzmpop", 1, 1, ["y"], True),
        ("zmpop", 1, ["z"], True),
        ("zpopmax", "y"),
    ]
    for row in rows:
        compare = pair.call_shape if row[0] == "zrandmember" else pair.call
        compare(*row)
        pair.compare_state()


@pytest.mark.parametrize("long_first", [False, True])
def test_the_sign_of_zero(pair: Pair, long_first: bool) -> None:
    """A listpack forgets it, a skiplist does not; what was a skiplist stays one."""
    if long_first:
        pair.call("zadd", "z", {"x" * 65: 1, "b": -0.0})
    else:
        pair.call("zadd", "z", {"b": -0.0})
    pair.call("zadd", "z", {f"m{number}": -0.0 for number in range(126)})
    pair.compare_state()
    pair.call("zadd", "z", {"p": -0.0, "m0": 1, "q": -0.0, "m1": -0.0})
    pair.compare_state()
    pair.call("zadd", "z", {"m0": -0.0, "m1": 0}, ch=True)
    pair.call("zincrby", "z", -0.0, "m0")
    pair.compare_state()
    pair.call("zremrangebyrank", "z", 10, -1)
    pair.call("zadd", "z", {"late": -0.0})
    pair.compare_state()
    for dest in ("d", "e"):
        pair.call("zrangestore", dest, "z", 0, 2)
        pair.call("zunionstore", dest, {"z": -1})
        pair.call("zinterstore", dest, {"z": -1, "s": 1})
        pair.call("zdiffstore", dest, ["z", "s"])
        pair.compare_state()
    pair.call("zunion", {"z": -1}, withscores=True, score_cast_func=text)
    pair.call("zrangestore", "d", "z", 0, -1)
    pair.compare_state()


SEVERAL_KEYS: list[Any] = [
    ["z", "y"],
    ("y", "mixed", "z", "s"),
    ["s", "z"],
    ["z", "z"],
    ["n", "z"],
    ["z", "n"],
    ["s"],
    "zy",
    ["n", "str"],
    [],
]
WEIGHTED_KEYS: list[Any] = [
    {"z": 1, "y": 2},
    {"y": 0, "z": 1},
    {"z": 0, "y": INF},
    {"z": -INF, "y": 1},
    {"s": 2.5, "mixed": "0x10"},
    {"z": "x"},
    {"z": "nan"},
    {"str": "x"},
    {"z": "x", None: 1},
    {"z": None},
    {"z": True},
    {},
]
COMBINATIONS: list[Row] = [
    *[
        (method, names, kw(aggregate=aggregate, withscores=True))
        for method in ("zunion", "zinter")
        for names in (
            *SEVERAL_KEYS,
            *WEIGHTED_KEYS,
        )
        for aggregate in (None, "sum", "MIN", "Max", "count", "foo", "")
    ],
    ("zunion", []),
    ("zinter", {}),
    ("zunion", ["z", "y"], kw(withscores=True, score_cast_func=text)),
    *[
        (method, dest, names, *rest)
        for method, rest in [("zunionstore", ()), ("zinterstore", ("MAX",)), ("zdiffstore", ())]
        for dest in ("d", "z", "str", "")
        for names in (["z", "y"], ["z", "s"], ["n", "n"], ["z", "str"], [], {"z": 2, "s": 3}, "zs")
    ],
    ("zunionstore", "d", {}, "SUM"),
    ("zunionstore", "d", {"z": "x"}, "COUNT"),
    *[("zdiff", names, scored) for names in (*SEVERAL_KEYS, {"y": "x"}) for scored in (False, True)],
    *[
        ("zintercard", number, names, limit)
        for number in (1, 2, 3, 4, 0, -1, "x", "2", 1.0, 2**31, 2**63, True)
        for names in (["z", "y"], ("mixed",), ["LIMIT"], ["z", "LIMIT", "2"], [], ["str"], ["z", "str"])
        for limit in (0, 1, -1, "x", None)
    ],
]


def test_combinations(pair: Pair) -> None:
    run(pair, COMBINATIONS)


def score_ends() -> st.SearchStrategy[Any]:
    inside = st.sampled_from([0, 1, 2, -1, 1.5, "(0", "(1", "(2", "-inf", "+inf", "(inf", "(-inf", 10])
    return mostly(inside, st.one_of(floats(), float_texts(), float_texts().map(lambda bound: f"({bound}")), 8)


def lex_ends() -> st.SearchStrategy[Any]:
    inside = st.sampled_from(["-", "+", "[", "(", "[a", "(a", "[b", "(b", "(aa", "[c", b"[\xff", "[1", "(10"])
    return mostly(inside, values(), 10)


def ranks() -> st.SearchStrategy[Any]:
    return mostly(small_ints(), st.one_of(ints(), int_texts()), 10)


def counts() -> st.SearchStrategy[Any]:
    return mostly(small_ints(), st.one_of(ints().filter(lambda count: count > -1000), int_texts()), 8)


def is_short(member: Any) -> bool:
    return len(member if isinstance(member, (bytes, str)) else repr(member)) <= 16


def few_members() -> st.SearchStrategy[Any]:
    """None so long that its sorted set becomes a skiplist: what that says to a range by member where scores
    differ depends on chance."""
    return mostly(members(), values().filter(is_short), 10)


def long_members() -> st.SearchStrategy[Any]:
    """Some too long for a listpack."""
    return st.one_of(members(), members().map(lambda member: f"{member}{'x' * 65}"))


def mappings() -> st.SearchStrategy[Any]:
    equal = st.lists(few_members(), min_size=1, max_size=4).map(lambda names: dict.fromkeys(names, 0))
    return mostly(st.dictionaries(few_members(), scores(), min_size=0, max_size=4), equal, 3)


def several_keys() -> st.SearchStrategy[Any]:
    return st.lists(keys(), min_size=1, max_size=3)


def weighted_keys() -> st.SearchStrategy[Any]:
    weights = mostly(st.sampled_from([1, 2, -1, 0, 0.5, INF]), st.one_of(floats(), float_texts()), 8)
    return st.one_of(several_keys(), st.dictionaries(keys(), weights, min_size=1, max_size=3))


def aggregates() -> st.SearchStrategy[Any]:
    return st.sampled_from(["sum", "MIN", "Max", "max", None])


flag = st.booleans()
limits = {"offset": counts(), "num": counts()}

TABLE = [
    command("zadd", keys(), mappings(), nx=flag, xx=flag, ch=flag, gt=flag, lt=flag).weighing(8),
    command("zadd", keys(), mappings(), ch=flag).weighing(6),
    command(
        "zadd",
        keys(),
        st.dictionaries(few_members(), scores(), min_size=1, max_size=1),
        nx=flag,
        xx=flag,
        gt=flag,
        lt=flag,
    )
    .always(incr=True)
    .weighing(2),
    command("zincrby", keys(), scores(), few_members()).weighing(2),
    command("zcard", keys()),
    command("zscore", keys(), few_members()),
    command("zmscore", keys(), st.lists(few_members(), max_size=4)),
    command("zrank", keys(), few_members()),
    command("zrevrank", keys(), few_members()),
    command("zcount", keys(), score_ends(), score_ends()),
    command("zlexcount", keys(), lex_ends(), lex_ends()),
    command("zrange", keys(), ranks(), ranks(), desc=flag, withscores=flag),
    command("zrange", keys(), score_ends(), score_ends(), desc=flag, withscores=flag, **limits).always(
        byscore=True
    ),
    command("zrange", keys(), lex_ends(), lex_ends(), desc=flag, **limits).always(bylex=True),
    command("zrevrange", keys(), ranks(), ranks(), withscores=flag, score_cast_func=st.just(text)),
    command("zrangebyscore", keys(), score_ends(), score_ends(), withscores=flag),
    command("zrangebyscore", keys(), score_ends(), score_ends(), counts(), counts(), withscores=flag),
    command("zrevrangebyscore", keys(), score_ends(), score_ends(), withscores=flag),
    command("zrevrangebyscore", keys(), score_ends(), score_ends(), counts(), counts()),
    command("zrangebylex", keys(), lex_ends(), lex_ends()),
    command("zrangebylex", keys(), lex_ends(), lex_ends(), counts(), counts()),
    command("zrevrangebylex", keys(), lex_ends(), lex_ends()),
    command("zrevrangebylex", keys(), lex_ends(), lex_ends(), counts(), counts()),
    command("zrangestore", keys(), keys(), ranks(), ranks(), desc=flag),
    command("zrangestore", keys(), keys(), score_ends(), score_ends(), desc=flag, **limits).always(
        byscore=True
    ),
    command("zrem", keys(), many(few_members())).weighing(2),
    command("zremrangebyrank", keys(), ranks(), ranks()),
    command("zremrangebyscore", keys(), score_ends(), score_ends()),
    command("zremrangebylex", keys(), lex_ends(), lex_ends()),
    command("zpopmin", keys(), count=counts()),
    command("zpopmax", keys(), count=counts()),
    command("zmpop", st.integers(1, 3), several_keys(), min=flag, max=flag, count=counts()),
    command("zrandmember", keys(), count=counts(), withscores=flag).shape(),
    command(
        "zscan",
        keys(),
        match=st.sampled_from(["*", "a*", "?", "[ab]"]),
        score_cast_func=st.just(text),
    )
    .always(count=st.sampled_from([1000, 2**40, 0, -1, "x"]))
    .unordered(),
    command("zscan_iter", keys(), count=st.just(1000)).unordered(),
    command("zunion", weighted_keys(), aggregate=aggregates(), withscores=flag),
    command("zinter", weighted_keys(), aggregate=aggregates(), withscores=flag),
    command("zdiff", several_keys(), withscores=flag),
    command("zunionstore", keys(), weighted_keys(), aggregate=aggregates()),
    command("zinterstore", keys(), weighted_keys(), aggregate=aggregates()),
    command("zdiffstore", keys(), several_keys()),
    command("zintercard", st.integers(1, 3), several_keys(), limit=counts()),
    command("zadd", keys(), st.dictionaries(few_members(), bad_values(), min_size=1, max_size=2)),
    command("zscore", keys(), bad_values()),
    # Other types under the same keys.
    command("set", keys(), values()),
    command("sadd", keys(), many(few_members())),
    command("rpush", keys(), many(values())),
    command("hset", keys(), few_members(), values()),
    command("delete", keys()),
    command("expire", keys(), st.sampled_from([1, 2, 100])),
    time_passes(),
]


BY_MEMBER = ("zrangebylex", "zrevrangebylex", "zlexcount", "zremrangebylex")
LARGE_TABLE = [
    command(
        "zadd", keys(), st.dictionaries(long_members(), scores(), min_size=1, max_size=4), ch=flag
    ).weighing(20),
    command("zincrby", keys(), scores(), long_members()).weighing(4),
    command("zrem", keys(), many(long_members())).weighing(4),
    command("sadd", keys(), many(long_members())).weighing(2),
    *[row for row in TABLE if row.method not in BY_MEMBER and "bylex" not in row.needed],
]


@given(histories(*TABLE))
def test_sorted_sets_answer_as_redis_does(pair: Pair, steps: list[Step]) -> None:
    run_history(pair, steps)


@given(histories(*LARGE_TABLE, size=25))
def test_large_sorted_sets_answer_as_redis_does(pair: Pair, steps: list[Step]) -> None:
    run_history(pair, steps)
