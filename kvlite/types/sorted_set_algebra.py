"""Sorted sets combined: unions, intersections and differences, read or stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, NoReturn, TypeAlias, overload

from ..encoding import Encodable, encode, encode_all, integer
from ..errors import SYNTAX, WRONG_TYPE, DataError, ResponseError, wrong_arity
from ..keyspace import T
from ..numbers import parse_double, parse_int
from ..structs import Collection
from ..structs.set import Set
from ..structs.sorted_set import (
    AGGREGATES,
    Combination,
    Entry,
    Ones,
    Scores,
    SortedSet,
    difference,
    intersection,
    intersection_size,
    is_small,
    union,
)
from .sorted_sets import Keys, S, ScoreCast, SortedSets

WeightedKeys: TypeAlias = Iterable[Encodable] | Mapping[Any, float]
"""Keys, or a dict of keys and their weights."""

_STORED: dict[Combination, bytes] = {
    union: b"zunionstore",
    intersection: b"zinterstore",
    difference: b"zdiffstore",
}
"""The event when a combination is stored."""

NOT_A_WEIGHT = "weight value is not a float"
NEGATIVE_LIMIT = "LIMIT can't be negative"


def at_least_one_key(command: str) -> str:
    return f"at least 1 input key is needed for '{command}' command"


class SortedSetAlgebra(SortedSets[T]):
    """The commands that combine sorted sets."""

    @overload
    def zunion(
        self,
        keys: WeightedKeys,
        aggregate: str | None = None,
        withscores: Literal[False] = False,
        score_cast_func: ScoreCast[Any] = ...,
    ) -> list[T]: ...
    @overload
    def zunion(
        self,
        keys: WeightedKeys,
        aggregate: str | None = None,
        *,
        withscores: Literal[True],
        score_cast_func: ScoreCast[S] = ...,
    ) -> list[tuple[T, S]]: ...
    @overload
    def zunion(
        self,
        keys: WeightedKeys,
        aggregate: str | None = None,
        withscores: bool = False,
        score_cast_func: ScoreCast[S] = ...,
    ) -> list[T] | list[tuple[T, S]]: ...
    def zunion(
        self,
        keys: WeightedKeys,
        aggregate: str | None = None,
        withscores: bool = False,
        score_cast_func: ScoreCast[Any] = float,
    ) -> list[T] | list[tuple[T, Any]]:
        """The members of all sorted sets at `keys`, in order. O(n log n) in the sum of their sizes.

        A member that is in several has the sum of its scores, or with `aggregate` their `"min"` or `"max"`.
        With a dict of keys the scores are multiplied by its values first. A plain set's members have score 1.
        For `withscores` see `zrange`.
        """
        wanted = self._zread_combination("zunion", keys, aggregate, withscores)
        return self._zshaped(self._zcombine(union, *wanted), withscores, score_cast_func)

    @overload
    def zinter(
        self, keys: WeightedKeys, aggregate: str | None = None, withscores: Literal[False] = False
    ) -> list[T]: ...
    @overload
    def zinter(
        self, keys: WeightedKeys, aggregate: str | None = None, *, withscores: Literal[True]
    ) -> list[tuple[T, float]]: ...
    @overload
    def zinter(
        self, keys: WeightedKeys, aggregate: str | None = None, withscores: bool = False
    ) -> list[T] | list[tuple[T, float]]: ...
    def zinter(
        self, keys: WeightedKeys, aggregate: str | None = None, withscores: bool = False
    ) -> list[T] | list[tuple[T, float]]:
        """The members that are in each of the sorted sets at `keys`, in order; see `zunion`.

        O(n * keys + m log m) for a smallest set of n.
        """
        wanted = self._zread_combination("zinter", keys, aggregate, withscores)
        return self._zshaped(self._zcombine(intersection, *wanted), withscores, float)

    @overload
    def zdiff(self, keys: Sequence[Encodable], withscores: Literal[False] = False) -> list[T]: ...
    @overload
    def zdiff(self, keys: Sequence[Encodable], withscores: bool = False) -> list[T | bytes]: ...
    def zdiff(self, keys: Sequence[Encodable], withscores: bool = False) -> list[T] | list[T | bytes]:
        """The members of the first sorted set that are in no other, in order. O(n * keys + m log m).

        With `withscores` each is followed by the text of its score.
        """
        found = self._zcombine(
            difference, *self._zread_combination("zdiff", keys, None, withscores, weighted=False)
        )
        return self._zflat(found) if withscores else self._many([member for _, member in found])

    def zunionstore(self, dest: Encodable, keys: WeightedKeys, aggregate: str | None = None) -> int:
        """Put what `zunion` gives at `dest`, whatever was there; how many members."""
        target = encode(dest)
        return self._zcombinestore(target, union, *self._zread_combination("zunionstore", keys, aggregate))

    def zinterstore(self, dest: Encodable, keys: WeightedKeys, aggregate: str | None = None) -> int:
        """Put what `zinter` gives at `dest`, whatever was there; how many members."""
        target = encode(dest)
        return self._zcombinestore(
            target, intersection, *self._zread_combination("zinterstore", keys, aggregate)
        )

    def zdiffstore(self, dest: Encodable, keys: Sequence[Encodable]) -> int:
        """Put what `zdiff` gives at `dest`, whatever was there; how many members."""
        target = encode(dest)
        return self._zcombinestore(
            target, difference, *self._zread_combination("zdiffstore", keys, None, weighted=False)
        )

    def zintercard(self, numkeys: int, keys: Keys, limit: int = 0) -> int:
        """How many members are in each of the sorted sets at `keys`; not more than `limit`, unless it is 0.

        O(n * keys) for a smallest set of n, and no more than it takes to count to `limit`.
        """
        return self._zintercard(*self._zread_intercard(encode_all([numkeys, *keys, b"LIMIT", limit])))

    def _zread_intercard(self, words: list[bytes]) -> tuple[list[bytes], int]:
        """The keys and the limit of ZINTERCARD's arguments."""
        count, *rest = words
        number = integer(count)
        if number < 1:
            raise ResponseError(at_least_one_key("zintercard"))
        if number > len(rest):
            raise ResponseError(SYNTAX)
        names, options = rest[:number], rest[number:]
        most = 0
        while options:
            word, *options = options
            if word.upper() != b"LIMIT" or not options:
                self._zrefuse(names, SYNTAX)
            text, *options = options
            parsed = parse_int(text)
            if parsed is None or parsed < 0:
                self._zrefuse(names, NEGATIVE_LIMIT)
            most = parsed
        return names, most

    def _zread_combination(
        self,
        command: str,
        keys: WeightedKeys,
        aggregate: str | None,
        withscores: bool = False,
        weighted: bool = True,
    ) -> tuple[list[bytes], list[float], bytes]:
        """The keys, their weights and the aggregate of a command, as redis-py takes them."""
        size = len(keys)  # type: ignore[arg-type]
        if aggregate and aggregate.upper() not in ("SUM", "MIN", "MAX", "COUNT"):
            raise DataError("aggregate can be sum, min, max or count.")
        names = encode_all(keys)
        texts = encode_all(keys.values()) if weighted and isinstance(keys, dict) else []
        if not size:
            if not aggregate and not withscores:
                raise wrong_arity(command)
            raise ResponseError(at_least_one_key(command))
        weights = [1.0] * size
        for place, text in enumerate(texts):
            weight = parse_double(text)
            if weight is None:
                self._zrefuse(names, NOT_A_WEIGHT)
            weights[place] = weight
        how = aggregate.upper().encode() if aggregate else b"SUM"
        if how not in AGGREGATES:
            self._zrefuse(names, SYNTAX)
        return names, weights, how

    def _zrefuse(self, keys: Iterable[bytes], error: str) -> NoReturn:
        """Raise the error, after the one for a key of the wrong type: Redis looks at the keys first."""
        self._acquire()
        try:
            self._zsources(keys)
        finally:
            self._release()
        raise ResponseError(error)

    def _zsources(self, keys: Iterable[bytes]) -> list[Scores]:
        sources: list[Scores] = []
        for key in keys:
            value = self._read(key, Collection)
            if value is None:
                sources.append({})
            elif isinstance(value, SortedSet):
                sources.append(value.scores)
            elif isinstance(value, Set):
                sources.append(Ones(value))
            else:
                raise ResponseError(WRONG_TYPE)
        return sources

    def _zcombine(
        self, how: Combination, keys: Sequence[bytes], weights: Sequence[float], aggregate: bytes
    ) -> list[Entry]:
        """`how` is union, intersection or difference."""
        self._acquire()
        try:
            scores = how(self._zsources(keys), weights, aggregate)
        finally:
            self._release()
        return sorted((score, member) for member, score in scores.items())

    def _zcombinestore(
        self, dest: bytes, how: Combination, keys: Sequence[bytes], weights: Sequence[float], aggregate: bytes
    ) -> int:
        self._acquire()
        try:
            self._reap()
            scores = how(self._zsources(keys), weights, aggregate)
            if is_small(scores, self._shared.limits):
                # -0.0 + 0.0 is 0.0: a small set does not know the sign of a zero.
                scores = {member: score + 0.0 for member, score in scores.items()}
            return self._zstore(dest, scores, _STORED[how])
        finally:
            self._release()

    def _zintercard(self, keys: Sequence[bytes], limit: int = 0) -> int:
        self._acquire()
        try:
            return intersection_size(self._zsources(keys), limit)
        finally:
            self._release()
