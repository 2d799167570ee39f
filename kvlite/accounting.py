"""What the keys and values of a database take in memory, counted as they change, while a limit stands.

Every effect goes through a gate then, which takes what the key took before off the account and puts on what
it takes now. Strings are measured each time; what a collection takes is recorded, put forward by what an
effect brings or takes away, and measured anew once as much has changed as could make the record wrong: so
errors never add up, and a change costs O(1), amortized.
"""

from __future__ import annotations

from collections.abc import Callable
from sys import getsizeof
from typing import TYPE_CHECKING, Any, Protocol

from .database import Database, Value
from .effects import WEIGHED, announce, announces_its_key_only, announces_to
from .memory import after_growth, deadlines, tables
from .structs import Collection

if TYPE_CHECKING:
    from .keyspace import Keyspace

HEADER = getsizeof(b"")
"""The bytes of a string beside its text."""
TWO_HEADERS = 2 * HEADER
RECORD = getsizeof([0, 0, 0]) + 2 * getsizeof(1 << 40)
TOLERANCE = 16
"""A collection is measured anew when a part of it, one in so many, may have become something else."""


class Full(Protocol):
    """Who is to know that an account has reached its ceiling."""

    pressed: bool


class Account:
    """The bytes that one database takes, but for its tables: `total`."""

    __slots__ = ("ceiling", "full", "newest", "records", "total")

    def __init__(self, full: Full) -> None:
        self.full = full
        self.ceiling = 0
        """Where `full.pressed` is set."""
        self.total = 0
        self.newest = b""
        """The key that came into being last."""
        self.records: dict[bytes, list[int]] = {}
        """For each collection: its bytes with the key, its length, and how many bytes have changed since
        it was measured."""

    def successor(self) -> Account:
        """The account of an empty database."""
        account = Account(self.full)
        account.ceiling = self.ceiling
        return account

    def count(self, db: Database) -> None:
        """Measure everything. O(n)."""
        self.total, self.records = 0, {}
        for key, value in db.data.items():
            self.total += self.entered(key, value)

    def entered(self, key: bytes, value: Value | None) -> int:
        """The bytes of a key and what is its value from now on."""
        if type(value) is bytes:
            size = len(key) + HEADER
            return size + len(value) + HEADER if len(value) > 1 else size  # a byte by itself is shared
        if value is None:
            return 0
        size = len(key) + HEADER
        if isinstance(value, Collection):
            size += value.footprint(0)
            self.records[key] = [size, len(value), 0]
            return size
        return size + getsizeof(value)

    def left(self, key: bytes, value: Value | None) -> int:
        """The bytes that were counted for a key, whose value this has been."""
        if isinstance(value, Collection):
            record = self.records.pop(key, None)
            return 0 if record is None else record[0]
        return self.entered(key, value)

    def changed(self, key: bytes, size: int, held: Value | None, value: Value | None, rest: Any) -> None:
        """An effect with the arguments `rest` has made `value` of `held`, for which `size` was counted."""
        if value is held and isinstance(value, Collection):
            self.total += self._moved(key, value, rest)
        else:
            if held is None:
                self.newest = key
            elif isinstance(held, Collection):
                self.records.pop(key, None)
            self.total += self.entered(key, value) - size
        if self.total > self.ceiling:
            self.full.pressed = True

    def put_forward(self, record: list[int], value: Collection, weight: int) -> bool:
        """Count what a collection takes by the weight that its elements have gained, if that can be trusted.

        Only what its tables take is not known.
        """
        size, length, drift = record
        grown = len(value) - length
        around = value.overhead * grown
        drift += abs(around) // 2 + abs(weight) // 16 + 1
        if drift * TOLERANCE > size:
            return False
        gained = weight + around
        record[:] = size + gained, length + grown, drift
        self.total = total = self.total + gained
        if total > self.ceiling:
            self.full.pressed = True
        return True

    def size_of(self, key: bytes, value: Value | None) -> int:
        """The bytes that are counted for a key."""
        if isinstance(value, Collection):
            record = self.records.get(key)
            return 0 if record is None else record[0]
        return self.entered(key, value)

    def _moved(self, key: bytes, value: Collection, rest: Any) -> int:
        """How many bytes more a collection takes after an effect has worked on it."""
        record = self.records.get(key)
        if record is None:
            return self.entered(key, value)
        size, length, drift = record
        grown = len(value) - length
        brought = _bytes_of(rest)
        lost = size * -grown // (length or 1) if grown < 0 else 0
        drift += brought + lost
        if drift * TOLERANCE > size:
            return self.entered(key, value) - size
        more = brought if grown > 0 else -lost
        self.records[key] = [size + more, length + grown, drift]
        return more

    def own_size(self) -> int:
        return getsizeof(self.records) + RECORD * len(self.records)


def _bytes_of(arguments: Any) -> int:
    """About how many bytes the elements take that are among the arguments of an effect."""
    size = 0
    for argument in arguments:
        if type(argument) is bytes:
            size += len(argument) + HEADER
        elif isinstance(argument, (list, tuple, dict)):
            size += _bytes_of(argument) + 16 * len(argument)
        elif argument is not None:
            size += getsizeof(argument)
    return size


def used_by(db: Database) -> int:
    """The bytes that a database takes, all told. O(1)."""
    account: Account = db.account
    size = account.total + account.own_size() + tables(db) + deadlines(db)
    return size if db.uses is None else size + db.uses.size()


def needed_by(db: Database) -> int:
    """`used_by`, with tables of the size to which they grow. O(1)."""
    account: Account = db.account
    return account.total + account.own_size() + after_growth(db) + deadlines(db)


class _Touched:
    """An observer that only wants to know which keys an effect is about to change."""

    def __init__(self) -> None:
        self.keys: list[tuple[Keyspace[Any], bytes]] = []

    def changing(self, store: Keyspace[Any], key: bytes) -> None:
        self.keys.append((store, key))

    changing_aside = changing

    def emptying(self, store: Keyspace[Any]) -> None:
        pass

    def swapping(self, store: Keyspace[Any], other: Keyspace[Any]) -> None:
        pass


def counting_gate(store: Keyspace[Any], code: int, name: str) -> Callable[..., Any]:
    """The gate where memory is counted: announces and records where that is wanted, and keeps the account."""
    shared, index = store._shared, store._index
    make, weigh = getattr(type(store), name), WEIGHED.get(code)

    def tell(arguments: tuple[Any, ...]) -> None:
        if shared.observers:
            announce(store, code, arguments)
        if shared.journal is not None:
            shared.journal.write((code, index, *arguments))

    def gate(key: bytes, *rest: Any) -> Any:
        if shared.observers or shared.journal is not None:
            tell((key, *rest))
        db = store._db
        account, held = db.account, db.data.get(key)
        size = account.size_of(key, held)
        result = make(store, key, *rest)
        account.changed(key, size, held, store._db.data.get(key), rest)
        return result

    def gate_of_elements(key: bytes, *rest: Any) -> Any:
        # What comes into a collection, or goes, has a weight that is told beforehand.
        if shared.observers or shared.journal is not None:
            tell((key, *rest))
        data, account = store._db.data, store._db.account
        held, record = data.get(key), account.records.get(key)
        if record is None:
            result = make(store, key, *rest)
            account.changed(key, 0, held, data.get(key), rest)
            return result
        weight = weigh(held, *rest)  # type: ignore[misc]
        result = make(store, key, *rest)
        value = data.get(key)
        if value is not held:
            account.changed(key, record[0], held, value, rest)
        elif not account.put_forward(record, held, weight):
            account.total += account.entered(key, held) - record[0]
        return result

    def gate_of_drop(key: bytes) -> None:
        # A key that goes, whatever it holds.
        if shared.observers or shared.journal is not None:
            tell((key,))
        db = store._db
        db.account.total -= db.account.left(key, db.data[key])
        db.remove(key)
        if store._watchers:
            store._went(key)

    def gate_of_put(key: bytes, text: Any, deadline: int | None) -> None:
        # The commonest changes are made in line: one string comes into being, or takes the place of another.
        if shared.observers or shared.journal is not None:
            tell((key, text, deadline))
        db = store._db
        account, held = db.account, db.data.get(key)
        if deadline is None and type(text) is bytes and len(text) > 1:
            if held is None:
                keys = db.keys  # as `db.add` does it
                db.data[key] = text
                keys.positions[key] = len(keys.items)
                keys.items.append(key)
                if db.uses is not None:
                    db.uses.born(key)
                account.newest = key
                account.total = total = account.total + len(key) + len(text) + TWO_HEADERS
                if total > account.ceiling:
                    account.full.pressed = True
                return
            if type(held) is bytes and len(held) > 1 and key not in db.deadlines and not store._watchers:
                db.data[key] = text
                account.total = total = account.total + len(text) - len(held)
                if total > account.ceiling:
                    account.full.pressed = True
                return
        elif (
            deadline is None
            and type(text) is type(held) is int
            and key not in db.deadlines
            and not store._watchers
        ):
            db.data[key] = text
            account.total += getsizeof(text) - getsizeof(held)
            return
        size = account.size_of(key, held)
        make(store, key, text, deadline)
        account.changed(key, size, held, text, ())

    def gate_of_several(*arguments: Any) -> Any:
        tell(arguments)
        touched = _Touched()
        announces_to(touched, store, code, arguments)
        for each, key in touched.keys:
            account = each._db.account
            account.total -= account.left(key, each._db.data.get(key))
        result = make(store, *arguments)
        for each, key in touched.keys:
            account = each._db.account
            account.total += account.entered(key, each._db.data.get(key))
        return result

    if not announces_its_key_only(code):
        return gate_of_several
    gates: dict[str, Callable[..., Any]] = {"_effect_drop": gate_of_drop, "_effect_put": gate_of_put}
    return gates.get(name, gate if weigh is None else gate_of_elements)


def let_go(store: Keyspace[Any], keys: dict[bytes, int]) -> None:
    """Let `keys`, which are there, go: by the effect, or by its body where nobody has to be told."""
    shared, db = store._shared, store._db
    told = store._notify is not None or store._on_evicted is not None or store._watchers
    if told or shared.observers or shared.journal is not None:
        for key in keys:
            store._effect_drop(key)
            if store._notify is not None:
                store._notify(b"evicted", key)
            if store._on_evicted is not None:
                store._on_evicted(key)
        return
    account: Account = db.account
    values: list[Any] = db.remove_all(keys)
    if set(map(type, values)) == {bytes} and min(map(len, values)) > 1:
        account.total -= sum(map(len, keys)) + sum(map(len, values)) + TWO_HEADERS * len(values)
    else:
        account.total -= sum(map(account.left, keys, values))
