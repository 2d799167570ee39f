"""Deadlines of the fields of hashes, and the commands that read or write fields together with them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from enum import Enum
from functools import partial
from typing import Literal, TypeAlias

from .. import deadlines
from ..deadlines import Lifetime, lifetime, refuse_several
from ..encoding import AbsoluteExpiry, Encodable, Expiry, encode, encode_all, integer
from ..errors import DataError, PersistenceError, ResponseError, invalid_expire, wrong_arity
from ..keyspace import T
from ..structs.hash import Hash
from .hashes import FieldMapping, Hashes, pairs_of, pieces_of, refuse_long

Condition: TypeAlias = Literal["nx", "xx", "gt", "lt"]

LAST_DEADLINE = (1 << 46) - 1
"""Redis keeps the deadline of a field in 46 bits."""
NO_FIELD, NOT_MET, DONE, REMOVED = -2, 0, 1, 2
"""What HEXPIRE says of each field."""
NO_DEADLINE = -1


class HashDataPersistOptions(Enum):
    """A condition of `hsetex`: FNX if none of the fields exists, FXX if all of them do."""

    FNX = "FNX"
    FXX = "FXX"


class HashExpiry(Hashes[T]):
    """The commands of hashes that have to do with deadlines of fields; and how fields expire."""

    def hexpire(
        self,
        name: Encodable,
        seconds: Expiry,
        *fields: Encodable,
        nx: bool = False,
        xx: bool = False,
        gt: bool = False,
        lt: bool = False,
    ) -> list[int]:
        """Let fields live for `seconds` from now. O(fields * log n).

        For each field: 1 if it got the deadline, 2 if that had passed and the field was removed, 0 if the
        condition was not met, -2 if there is no such field. Conditions: `nx` where there is no deadline, `xx`
        where there is one, `gt` and `lt` where the new one is later or earlier; having none counts as never.
        """
        condition = _condition(nx, xx, gt, lt)
        key, amount, names = _expiry(name, deadlines.seconds(seconds), fields, condition, "hexpire")
        return self._hexpire(key, Lifetime(amount, 1000, absolute=False), names, condition, "hexpire")

    def hpexpire(
        self,
        name: Encodable,
        milliseconds: Expiry,
        *fields: Encodable,
        nx: bool = False,
        xx: bool = False,
        gt: bool = False,
        lt: bool = False,
    ) -> list[int]:
        """`hexpire` in milliseconds."""
        condition = _condition(nx, xx, gt, lt)
        key, amount, names = _expiry(
            name, deadlines.milliseconds(milliseconds), fields, condition, "hpexpire"
        )
        return self._hexpire(key, Lifetime(amount, 1, absolute=False), names, condition, "hpexpire")

    def hexpireat(
        self,
        name: Encodable,
        unix_time_seconds: AbsoluteExpiry,
        *fields: Encodable,
        nx: bool = False,
        xx: bool = False,
        gt: bool = False,
        lt: bool = False,
    ) -> list[int]:
        """`hexpire` until a Unix time in seconds."""
        condition = _condition(nx, xx, gt, lt)
        when = deadlines.unix_seconds(unix_time_seconds)
        key, amount, names = _expiry(name, when, fields, condition, "hexpireat")
        return self._hexpire(key, Lifetime(amount, 1000, absolute=True), names, condition, "hexpireat")

    def hpexpireat(
        self,
        name: Encodable,
        unix_time_milliseconds: AbsoluteExpiry,
        *fields: Encodable,
        nx: bool = False,
        xx: bool = False,
        gt: bool = False,
        lt: bool = False,
    ) -> list[int]:
        """`hexpire` until a Unix time in milliseconds."""
        condition = _condition(nx, xx, gt, lt)
        when = deadlines.unix_milliseconds(unix_time_milliseconds)
        key, amount, names = _expiry(name, when, fields, condition, "hpexpireat")
        return self._hexpire(key, Lifetime(amount, 1, absolute=True), names, condition, "hpexpireat")

    def _hexpire(
        self, key: bytes, life: Lifetime, fields: list[bytes], condition: Condition | None, command: str
    ) -> list[int]:
        self._acquire()
        try:
            hash = self._write(key, Hash)
            now = self._shared.now()
            deadline = field_deadline(life, now, command)
            if hash is None:
                return [NO_FIELD] * len(fields)
            gone = deadline <= now
            done: dict[bytes, None] = {}
            answers = []
            for field in fields:
                if field not in hash.fields or (gone and field in done):
                    answers.append(NO_FIELD)
                elif not _meets(condition, deadline if field in done else hash.deadline(field), deadline):
                    answers.append(NOT_MET)
                else:
                    done[field] = None
                    answers.append(REMOVED if gone else DONE)
            if done and gone:
                self._remove_fields(key, list(done))
            elif done:
                self._let_fields_live(key, list(done), deadline)
            return answers
        finally:
            self._release()

    def hpersist(self, name: Encodable, *fields: Encodable) -> list[int]:
        """Let fields live for ever. O(fields).

        For each field: 1 if it had a deadline, -1 if it had none, -2 if there is no such field.
        """
        name = encode(name)
        return self._hpersist(name, _fields("hpersist", fields))

    def _hpersist(self, key: bytes, fields: list[bytes]) -> list[int]:
        self._acquire()
        try:
            hash = self._write(key, Hash)
            if hash is None:
                return [NO_FIELD] * len(fields)
            done: dict[bytes, None] = {}
            answers = []
            for field in fields:
                if field not in hash.fields:
                    answers.append(NO_FIELD)
                elif field in done or hash.deadline(field) is None:
                    answers.append(NO_DEADLINE)
                else:
                    done[field] = None
                    answers.append(DONE)
            if done:
                self._let_fields_live(key, list(done), None)
            return answers
        finally:
            self._release()

    def httl(self, key: Encodable, *fields: Encodable) -> list[int]:
        """How many seconds fields have left, rounded up. O(fields).

        -1 for a field without a deadline, -2 where there is no such field.
        """
        name = encode(key)
        return self._httl(name, _fields("httl", fields), 1000, absolute=False)

    def hpttl(self, key: Encodable, *fields: Encodable) -> list[int]:
        """`httl` in milliseconds."""
        name = encode(key)
        return self._httl(name, _fields("hpttl", fields), 1, absolute=False)

    def hexpiretime(self, key: Encodable, *fields: Encodable) -> list[int]:
        """The Unix times in seconds, rounded up, until which fields live; -1 and -2 as in `httl`."""
        name = encode(key)
        return self._httl(name, _fields("hexpiretime", fields), 1000, absolute=True)

    def hpexpiretime(self, key: Encodable, *fields: Encodable) -> list[int]:
        """The Unix times in milliseconds until which fields live; -1 and -2 as in `httl`."""
        name = encode(key)
        return self._httl(name, _fields("hpexpiretime", fields), 1, absolute=True)

    def _httl(self, key: bytes, fields: list[bytes], unit: int, absolute: bool) -> list[int]:
        """`unit` is how many milliseconds one of the answers is."""
        self._acquire()
        try:
            hash = self._read(key, Hash)
            start = 0 if absolute else self._shared.now()
            answers = []
            for field in fields:
                if hash is None or field not in hash.fields:
                    answers.append(NO_FIELD)
                else:
                    deadline = hash.deadline(field)
                    answers.append(NO_DEADLINE if deadline is None else -((start - deadline) // unit))
            return answers
        finally:
            self._release()

    def hgetex(
        self,
        name: Encodable,
        *keys: Encodable,
        ex: Expiry | None = None,
        px: Expiry | None = None,
        exat: AbsoluteExpiry | None = None,
        pxat: AbsoluteExpiry | None = None,
        persist: bool = False,
    ) -> list[T | None]:
        """The values of fields, None for each that is missing; they get a new lifetime. O(keys * log n).

        `ex` is in seconds, `px` in milliseconds, `exat` and `pxat` are Unix times; what lies in the past
        removes the field. `persist` takes the deadline away.
        """
        if not keys:
            raise DataError("'hgetex' should have at least one key provided")
        refuse_several(ex, px, exat, pxat, persist=persist)
        life = lifetime(ex, px, exat, pxat)
        name, amount = encode(name), None if life is None else encode(life.amount)
        fields = encode_all(keys)
        return self._many_maybe(self._hgetex(name, fields, _sent(life, amount), bool(persist)))

    def _hgetex(
        self, key: bytes, fields: list[bytes], life: Lifetime | None, persist: bool
    ) -> list[bytes | None]:
        self._acquire()
        try:
            hash = self._write(key, Hash)
            now = self._shared.now()
            deadline = None if life is None else field_deadline(life, now, "hgetex")
            if hash is None:
                return [None] * len(fields)
            values = [hash.fields.get(field) for field in fields]
            found = [field for field in dict.fromkeys(fields) if field in hash.fields]
            if deadline is not None and deadline <= now:
                for place, field in enumerate(fields):
                    if field in fields[:place]:
                        values[place] = None
                if found:
                    self._remove_fields(key, found)
            elif deadline is not None or persist:
                if deadline is None:
                    found = [field for field in found if hash.deadline(field) is not None]
                if found:
                    self._let_fields_live(key, found, deadline)
            return values
        finally:
            self._release()

    def hsetex(
        self,
        name: Encodable,
        key: Encodable | None = None,
        value: Encodable | None = None,
        mapping: FieldMapping | None = None,
        items: Sequence[Encodable] | None = None,
        ex: Expiry | None = None,
        px: Expiry | None = None,
        exat: AbsoluteExpiry | None = None,
        pxat: AbsoluteExpiry | None = None,
        data_persist_option: Enum | None = None,
        keepttl: bool = False,
    ) -> int:
        """Give fields values and a lifetime; 1, or 0 if the condition was not met. O(fields * log n).

        Fields as in `hset`, lifetimes as in `hgetex`; `keepttl` leaves the deadlines there are, and without
        any of these they are taken away. `data_persist_option` is one of `HashDataPersistOptions`.
        """
        pieces = pieces_of("hsetex", key, value, mapping, items)
        if items and len(items) % 2 != 0:
            raise DataError(
                "'hsetex' with odd number of items. 'items' must contain a list of key/value pairs."
            )
        refuse_several(ex, px, exat, pxat, keepttl=keepttl)
        life = lifetime(ex, px, exat, pxat)
        name, amount = encode(name), None if life is None else encode(life.amount)
        option = encode(data_persist_option.value) if data_persist_option else None
        pairs = pairs_of("hsetex", pieces)
        return self._hsetex(name, pairs, _sent(life, amount), bool(keepttl), _exist(option))

    def _hsetex(
        self,
        key: bytes,
        pairs: list[tuple[bytes, bytes]],
        life: Lifetime | None,
        keepttl: bool = False,
        exist: bool | None = None,
    ) -> int:
        """`exist` says whether all of the fields, or none of them, must be there."""
        refuse_long(pairs)
        self._acquire()
        try:
            now = self._shared.now()
            deadline = None if life is None else field_deadline(life, now, "hsetex")
            hash = self._write(key, Hash)
            if exist is not None and any(
                (hash is not None and field in hash.fields) is not exist for field, _ in pairs
            ):
                return 0
            if deadline is not None and deadline <= now:
                if hash is not None:
                    found = [field for field in dict(pairs) if field in hash.fields]
                    if found:
                        self._remove_fields(key, found)
                return 1
            if keepttl and hash is not None and hash.deadlines is not None:
                self._begin()
                try:
                    for field, text in pairs:
                        self._effect_field(key, field, text, hash.deadline(field))
                finally:
                    self._end()
            else:
                self._effect_fields(key, pairs, deadline)
            if self._notify is not None:
                self._notify(b"hset", key)
                if deadline is not None:
                    self._notify(b"hexpire", key)
            return 1
        finally:
            self._release()

    def _hcheck(self, key: bytes) -> None:
        """WRONGTYPE if something else than a hash is at `key`."""
        self._acquire()
        try:
            self._held(key, Hash)
        finally:
            self._release()

    def _let_fields_live(self, key: bytes, fields: list[bytes], deadline: int | None) -> None:
        self._effect_field_deadline(key, fields, deadline)
        if self._notify is not None:
            self._notify(b"hpersist" if deadline is None else b"hexpire", key)

    def _expire_fields(self, key: bytes, limit: int | None = None) -> None:
        db = self._db
        now = self._shared.now()
        if db.field_deadlines[key] > now:
            return
        hash = db.data.get(key)
        first = hash.next_due() if isinstance(hash, Hash) else None
        if isinstance(hash, Hash) and first is not None and first[0] <= now:
            # Where nothing may change, the dead are cleared away unannounced: nobody can tell.
            frozen = self._shared.frozen
            remove = partial(Hashes._effect_remove_fields, self) if frozen else self._effect_remove_fields
            self._begin()
            try:
                while first is not None and first[0] <= now and limit != 0:
                    remove(key, [first[1]])
                    first = hash.next_due()
                    if limit is not None:
                        limit -= 1
                if self._notify is not None and not frozen:
                    self._notify(b"hexpired", key)
            finally:
                with suppress(PersistenceError):  # nothing is lost if dead fields stay in the files
                    self._end()
        db.set_field_deadline(key, None if first is None else first[0])


# Arguments, as redis-py takes them


def _fields(command: str, fields: Iterable[Encodable]) -> list[bytes]:
    names = encode_all(fields)
    if not names:
        raise wrong_arity(command)
    return names


def _condition(nx: bool, xx: bool, gt: bool, lt: bool) -> Condition | None:
    if sum((nx, xx, gt, lt)) > 1:
        raise ValueError("Only one of 'nx', 'xx', 'gt', 'lt' can be specified.")
    return "nx" if nx else "xx" if xx else "gt" if gt else "lt" if lt else None


def _expiry(
    name: Encodable,
    amount: Encodable,
    fields: Iterable[Encodable],
    condition: Condition | None,
    command: str,
) -> tuple[bytes, bytes, list[bytes]]:
    key, text, names = encode(name), encode(amount), encode_all(fields)
    if not names:
        if condition is None:
            raise wrong_arity(command)
        raise ResponseError("Parameter `numFields` should be greater than 0")
    return key, text, names


def _sent(life: Lifetime | None, amount: bytes | None) -> Lifetime | None:
    """`life` with its amount as it is sent."""
    return None if life is None or amount is None else Lifetime(amount, life.unit, life.absolute)


def _exist(option: bytes | None) -> bool | None:
    if option is None:
        return None
    if option.upper() not in (b"FNX", b"FXX"):
        raise ResponseError(f"unknown argument: {option.decode(errors='replace')}")
    return option.upper() == b"FXX"


def field_deadline(life: Lifetime, now: int, command: str) -> int:
    """As `Lifetime.deadline`, by the rules for fields: 0 is a time, and 46 bits are all there is."""
    amount = integer(life.amount)
    start = 0 if life.absolute else now
    if amount < 0:
        raise ResponseError("invalid expire time, must be >= 0")
    if amount > LAST_DEADLINE // life.unit or amount * life.unit > LAST_DEADLINE - start:
        raise invalid_expire(command)
    return start + amount * life.unit


def _meets(condition: Condition | None, old: int | None, new: int) -> bool:
    if condition is None:
        return True
    if old is None:
        return condition in ("nx", "lt")
    return condition == "xx" or (condition == "gt" and new > old) or (condition == "lt" and new < old)
