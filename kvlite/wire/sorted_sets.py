"""The commands of sorted sets."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

from ..deadlines import waiting_time
from ..encoding import at_least, integer, scan_cursor
from ..errors import MUST_BE_POSITIVE, NOT_A_FLOAT, OUT_OF_RANGE, SYNTAX, ResponseError
from ..numbers import INT64_MAX, parse_double
from ..structs.sorted_set import AGGREGATES, Combination, Entry, difference, intersection, union
from ..types.sorted_set_algebra import NOT_A_WEIGHT, at_least_one_key
from ..types.sorted_set_arguments import (
    LIMIT_NEEDS_A_RANGE,
    ByRank,
    Range,
    lex_range,
    read_range,
    read_zmpop,
    score_range,
)
from ..types.sorted_sets import scanned_text
from .args import Words, scan_options, syntax_error
from .replies import NULL_ARRAY, Pairs, Reply
from .session import Session
from .table import Keys, Run, command

READ = Keys("RO access")
READ_COUNTED = Keys("RO access", counted=True)
DELETE = Keys("RW delete")
POP = Keys("RW access delete")
DESTINATION = Keys("OW update")
SOURCES = Keys("RO access", 2, counted=True)


def _scored(entries: list[Entry]) -> Pairs:
    return Pairs([(member, score) for score, member in entries])


def _members(entries: list[Entry]) -> list[bytes]:
    return [member for _, member in entries]


# Adding and removing

_OPTIONS = frozenset({b"NX", b"XX", b"GT", b"LT", b"CH", b"INCR"})


@command("zadd", -4, "write fast", "sorted-set", Keys("RW update"))
def zadd(session: Session, args: list[bytes]) -> Reply:
    if len(args) == 4 and (score := parse_double(args[2])) is not None:
        return session.store._zadd(args[1], [(args[3], score)])[0]
    options, at = set(), 2
    while at < len(args) and (word := args[at].upper()) in _OPTIONS:
        options.add(word)
        at += 1
    pairs = args[at:]
    if not pairs or len(pairs) % 2:
        raise syntax_error()
    nx, xx, gt, lt = (word in options for word in (b"NX", b"XX", b"GT", b"LT"))
    if nx and xx:
        raise ResponseError("XX and NX options at the same time are not compatible")
    if nx + gt + lt > 1:
        raise ResponseError("GT, LT, and/or NX options at the same time are not compatible")
    if b"INCR" in options and len(pairs) > 2:
        raise ResponseError("INCR option supports a single increment-element pair")
    scores = list(map(_score, pairs[::2]))
    if b"INCR" in options:
        return session.store._zincr(args[1], pairs[1], scores[0], nx, xx, gt, lt)
    scored = list(zip(pairs[1::2], scores, strict=True))
    added, changed = session.store._zadd(args[1], scored, nx, xx, gt, lt)
    return added + changed if b"CH" in options else added


def _score(text: bytes) -> float:
    score = parse_double(text)
    if score is None:
        raise ResponseError(NOT_A_FLOAT)
    return score


@command("zincrby", 4, "write fast", "sorted-set", Keys("RW access update"))
def zincrby(session: Session, args: list[bytes]) -> Reply:
    if args[2].upper() in _OPTIONS:
        raise syntax_error()
    return session.store._zincr(args[1], args[3], _score(args[2]))


@command("zrem", -3, "write fast", "sorted-set", DELETE)
def zrem(session: Session, args: list[bytes]) -> Reply:
    return session.store._zrem(args[1], args[2:])


@command("zremrangebyrank", 4, "write", "sorted-set", DELETE)
def zremrangebyrank(session: Session, args: list[bytes]) -> Reply:
    return session.store._zremrange(args[1], ByRank(integer(args[2]), integer(args[3])))


@command("zremrangebyscore", 4, "write", "sorted-set", DELETE)
def zremrangebyscore(session: Session, args: list[bytes]) -> Reply:
    return session.store._zremrange(args[1], score_range(args[2], args[3]))


@command("zremrangebylex", 4, "write", "sorted-set", DELETE)
def zremrangebylex(session: Session, args: list[bytes]) -> Reply:
    return session.store._zremrange(args[1], lex_range(args[2], args[3]))


# Popping


def _popping(reverse: bool) -> Run:
    def run(session: Session, args: list[bytes]) -> Reply:
        if len(args) > 3:
            raise syntax_error()
        if len(args) == 3:
            count = at_least(0, args[2], MUST_BE_POSITIVE)
            return _scored(session.store._zpop(args[1], count, reverse))
        return [half for pair in session.store._zpop(args[1], 1, reverse) for half in reversed(pair)]

    return run


def _popped(found: tuple[bytes, list[Entry]]) -> Reply:
    key, entries = found
    return [key, [[member, score] for score, member in entries]]


def _blocking_pop(reverse: bool) -> Run:
    def shape(found: tuple[bytes, list[Entry]]) -> Reply:
        key, [(score, member)] = found
        return [key, member, score]

    def run(session: Session, args: list[bytes]) -> Reply:
        timeout = waiting_time(args[-1])
        return session.block(session.store._bzmpop(args[1:-1], reverse, 1), timeout, shape)

    return run


for _end, _reverse in (("min", False), ("max", True)):
    command(f"zpop{_end}", -2, "write fast", "sorted-set", POP)(_popping(_reverse))
    command(
        f"bzpop{_end}", -3, "write noscript blocking fast", "sorted-set", Keys("RW access delete", last=-2)
    )(_blocking_pop(_reverse))


@command("zmpop", -4, "write movablekeys", "sorted-set", Keys("RW access delete", counted=True))
def zmpop(session: Session, args: list[bytes]) -> Reply:
    found = session.store._zmpop(*read_zmpop(args[1:]))
    return NULL_ARRAY if found is None else _popped(found)


@command("bzmpop", -5, "write blocking movablekeys", "sorted-set", Keys("RW access delete", 2, counted=True))
def bzmpop(session: Session, args: list[bytes]) -> Reply:
    attempt = session.store._bzmpop(*read_zmpop(args[2:]))
    return session.block(attempt, waiting_time(args[1]), _popped)


# Looking


@command("zscore", 3, "readonly fast", "sorted-set", READ)
def zscore(session: Session, args: list[bytes]) -> Reply:
    return session.store._zscore(args[1], args[2])


@command("zmscore", -3, "readonly fast", "sorted-set", READ)
def zmscore(session: Session, args: list[bytes]) -> Reply:
    return session.store._zmscore(args[1], args[2:])


@command("zcard", 2, "readonly fast", "sorted-set", Keys("RO"))
def zcard(session: Session, args: list[bytes]) -> Reply:
    return session.store._zcard(args[1])


@command("zcount", 4, "readonly fast", "sorted-set", READ)
def zcount(session: Session, args: list[bytes]) -> Reply:
    return session.store._zcount(args[1], score_range(args[2], args[3]))


@command("zlexcount", 4, "readonly fast", "sorted-set", READ)
def zlexcount(session: Session, args: list[bytes]) -> Reply:
    return session.store._zcount(args[1], lex_range(args[2], args[3]))


@command("zrank", 3, "readonly fast", "sorted-set", READ)
def zrank(session: Session, args: list[bytes]) -> Reply:
    found = session.store._zrank(args[1], args[2])
    return None if found is None else found[0]


@command("zrevrank", 3, "readonly fast", "sorted-set", READ)
def zrevrank(session: Session, args: list[bytes]) -> Reply:
    found = session.store._zrank(args[1], args[2], reverse=True)
    return None if found is None else found[0]


@command("zrandmember", -2, "readonly", "sorted-set", READ)
def zrandmember(session: Session, args: list[bytes]) -> Reply:
    if len(args) == 2:
        picked = session.store._zrandmember(args[1], None)
        return picked[0][1] if picked else None
    count, withscores = integer(args[2]), len(args) > 3
    if count < -INT64_MAX:
        raise ResponseError(f"{OUT_OF_RANGE}, value must between {-INT64_MAX} and {INT64_MAX}")
    if len(args) > 4 or (withscores and args[3].upper() != b"WITHSCORES"):
        raise syntax_error()
    if withscores and not -INT64_MAX // 2 < count <= INT64_MAX // 2:
        raise ResponseError(OUT_OF_RANGE)
    picked = session.store._zrandmember(args[1], count)
    return _scored(picked) if withscores else _members(picked)


@command("zscan", -3, "readonly", "sorted-set", READ)
def zscan(session: Session, args: list[bytes]) -> Reply:
    cursor, entries, small = session.store._zscan(args[1], scan_cursor(args[2]), *scan_options(args, 3))
    texts = [half for score, member in entries for half in (member, scanned_text(score, small))]
    return [b"%d" % cursor, texts]


# Ranges

By: TypeAlias = Literal["rank", "score", "lex"]


def _range(
    args: list[bytes], at: int, by: By | None, reverse: bool | None, store: bool
) -> tuple[Range, bool]:
    """The range whose first end stands at `at`, and whether scores are asked for.

    ZRANGE has `by` and `reverse` as options; for the older commands they are given.
    """
    withscores, offset, limit = False, None, None
    words = Words(args, at + 2)
    while (word := words.next()) is not None:
        if word == b"WITHSCORES" and not store:
            withscores = True
        elif word == b"LIMIT" and words.left() >= 2:
            offset, limit = words.integer(), words.integer()
        elif word == b"REV" and reverse is None:
            reverse = True
        elif word == b"BYSCORE" and by is None:
            by = "score"
        elif word == b"BYLEX" and by is None:
            by = "lex"
        else:
            raise syntax_error()
    by = by or "rank"
    if by == "rank" and limit not in (None, -1):
        raise ResponseError(LIMIT_NEEDS_A_RANGE)
    if by == "lex" and withscores:
        raise ResponseError(f"{SYNTAX}, WITHSCORES not supported in combination with BYLEX")
    return read_range(args[at], args[at + 1], offset, limit, by, bool(reverse)), withscores


def _ranging(by: By | None, reverse: bool | None) -> Run:
    def run(session: Session, args: list[bytes]) -> Reply:
        wanted, withscores = _range(args, 2, by, reverse, store=False)
        entries = session.store._zrange(args[1], wanted)
        return _scored(entries) if withscores else _members(entries)

    return run


_RANGES: list[tuple[str, By | None, bool | None]] = [
    ("zrange", None, None),
    ("zrevrange", "rank", True),
    ("zrangebyscore", "score", False),
    ("zrevrangebyscore", "score", True),
    ("zrangebylex", "lex", False),
    ("zrevrangebylex", "lex", True),
]
for _name, _by, _backward in _RANGES:
    command(_name, -4, "readonly", "sorted-set", READ)(_ranging(_by, _backward))


@command("zrangestore", -5, "write", "sorted-set", DESTINATION, Keys("RO access", 2))
def zrangestore(session: Session, args: list[bytes]) -> Reply:
    wanted, _ = _range(args, 3, None, None, store=True)
    return session.store._zrangestore(args[1], args[2], wanted)


# Combining


class _Wanted(NamedTuple):
    keys: list[bytes]
    weights: list[float]
    aggregate: bytes = b"SUM"
    withscores: bool = False


def _combination(session: Session, args: list[bytes], at: int, weighted: bool) -> _Wanted:
    """What stands from the number of keys on, at `at`; it stores where there is a key before that."""
    store, name = session.store, args[0].decode().lower()
    number = integer(args[at])
    if number < 1:
        raise ResponseError(at_least_one_key(name))
    if number > len(args) - at - 1:
        raise syntax_error()
    keys = args[at + 1 : at + 1 + number]
    weights, aggregate, withscores = [1.0] * number, b"SUM", False
    words = Words(args, at + 1 + number)
    while (word := words.next()) is not None:
        if word == b"WEIGHTS" and weighted and words.left() >= number:
            parsed = [parse_double(words.value()) for _ in keys]
            weights = [weight for weight in parsed if weight is not None]
            if len(weights) < number:
                store._zrefuse(keys, NOT_A_WEIGHT)
        elif word == b"AGGREGATE" and weighted and words.left():
            aggregate = words.value().upper()
            if aggregate not in AGGREGATES:
                store._zrefuse(keys, SYNTAX)
        elif word == b"WITHSCORES" and at == 1:
            withscores = True
        else:
            store._zrefuse(keys, SYNTAX)
    return _Wanted(keys, weights, aggregate, withscores)


def _combining(how: Combination, weighted: bool) -> Run:
    def run(session: Session, args: list[bytes]) -> Reply:
        keys, weights, aggregate, withscores = _combination(session, args, 1, weighted)
        entries = session.store._zcombine(how, keys, weights, aggregate)
        return _scored(entries) if withscores else _members(entries)

    return run


def _storing(how: Combination, weighted: bool) -> Run:
    def run(session: Session, args: list[bytes]) -> Reply:
        keys, weights, aggregate, _ = _combination(session, args, 2, weighted)
        return session.store._zcombinestore(args[1], how, keys, weights, aggregate)

    return run


_COMBINATIONS: list[tuple[str, Combination, bool]] = [
    ("zunion", union, True),
    ("zinter", intersection, True),
    ("zdiff", difference, False),
]
for _name, _how, _weighted in _COMBINATIONS:
    command(_name, -3, "readonly movablekeys", "sorted-set", READ_COUNTED)(_combining(_how, _weighted))
    command(f"{_name}store", -4, "write movablekeys", "sorted-set", DESTINATION, SOURCES)(
        _storing(_how, _weighted)
    )


@command("zintercard", -3, "readonly movablekeys", "sorted-set", READ_COUNTED)
def zintercard(session: Session, args: list[bytes]) -> Reply:
    return session.store._zintercard(*session.store._zread_intercard(args[1:]))
