"""Effects: the only way state changes, and the funnel that announces and records each one.

An effect is a method of a store that changes one key, absolutely and deterministically: no clock, no
randomness, no condition is inside. What decides (the command) calls it with final values, and the same
call made again on the same state gives the same state, so an effect is at once the change and its record.

Bare effects announce nothing: they are as fast as the dicts they change. When somebody wants to know, an
observer or a journal, `open_funnel` puts every effect of the store behind one gate which tells the
observers that a key is about to change, hands the record to the journal, and only then lets the effect run.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from .keyspace import Keyspace

_Effect = TypeVar("_Effect", bound=Callable[..., Any])


class Observer(Protocol):
    """Somebody who must know of a change before it is made. Called under the store's lock."""

    def changing(self, store: Keyspace[Any], key: bytes) -> None:
        """`key` is about to change; its value may be read or copied now."""

    def changing_aside(self, store: Keyspace[Any], key: bytes) -> None:
        """Something about `key` is about to change that a WATCH does not mind."""

    def emptying(self, store: Keyspace[Any]) -> None:
        """All keys of this database are about to go; `store._db` keeps them for who holds it."""

    def swapping(self, store: Keyspace[Any], other: Keyspace[Any]) -> None:
        """The two databases are about to change places."""


class Journal(Protocol):
    """Where effects are recorded. A record that cannot be kept is an error, and the effect is not made."""

    path: str

    def write(self, effect: tuple[Any, ...]) -> None:
        """Keep one effect: its code, its database, its arguments. Within a batch, until it ends."""

    def end_batch(self) -> None:
        """The effects since the batch began belong together: all of them or none."""

    def release(self) -> None:
        """Let go of the store's lock, and wait for what the command wrote to be as safe as it must be."""

    def written(self) -> object:
        """How much has been written, for `settle`."""

    def settle(self, written: Any) -> None:
        """Wait for what had been written then to be as safe as it must be. Called without the lock."""

    def stop(self) -> None:
        """End what goes on in the background. Called without the lock."""

    def close(self) -> None:
        """Keep what there is to keep, and let go of the files. Called once, after `stop`."""

    def abandon(self) -> None:
        """Let go of the parent's files, in a process that was forked."""

    def mark(self) -> int:
        """How far the current batch has come, for `rewind`."""

    def rewind(self, mark: int) -> None:
        """Forget the effects of the current batch after `mark`: they were rolled back."""


def _announce_key(store: Keyspace[Any], observer: Observer, arguments: tuple[Any, ...]) -> None:
    observer.changing(store, arguments[0])


EFFECTS: dict[int, str] = {}
"""The name of the method for each code. Codes are part of the log's format: they never change."""
WEIGHED: dict[int, Callable[..., int]] = {}
"""How an effect's weight is told, by its code; the others are measured."""
KIND_OF: dict[int, type] = {}
"""The kind of value that an effect changes, by its code; others take any."""

_announcements: dict[int, Callable[[Any, Observer, tuple[Any, ...]], None]] = {}


def effect(
    code: int,
    announce: Callable[[Any, Observer, tuple[Any, ...]], None] = _announce_key,
    on: type | None = None,
    weigh: Callable[..., int] | None = None,
) -> Callable[[_Effect], _Effect]:
    """Mark a method as an effect with this code in the log.

    `announce` tells an observer what is about to change; by default the key, the first argument. `on` is the
    kind of value that is changed, or made if the key is missing, where it must be one. `weigh` tells how many
    bytes of elements it is about to bring to that value, less those that it takes away: it is given the value
    and the other arguments.
    """

    def register(method: _Effect) -> _Effect:
        assert code not in EFFECTS, f"code {code} is taken by {EFFECTS[code]}"
        EFFECTS[code] = method.__name__
        _announcements[code] = announce
        if on is not None:
            KIND_OF[code] = on
        if weigh is not None:
            WEIGHED[code] = weigh
        return method

    return register


def announce(store: Keyspace[Any], code: int, arguments: tuple[Any, ...]) -> None:
    """Tell those who observe `store` of an effect that is about to be made."""
    for observer in store._shared.observers:
        _announcements[code](store, observer, arguments)


def announces_its_key_only(code: int) -> bool:
    """Whether an effect changes the key that is its first argument, and nothing else."""
    return _announcements[code] is _announce_key


def announces_to(observer: Observer, store: Keyspace[Any], code: int, arguments: tuple[Any, ...]) -> None:
    """`announce` to one observer."""
    _announcements[code](store, observer, arguments)


def open_funnel(store: Keyspace[Any]) -> None:
    """Let every effect of `store` be announced and recorded before it is made."""
    store._unobserved = False
    if store._shared.make_gate is not None:
        _put_up(store, store._shared.make_gate)
    elif store._shared.observers:
        _put_up(store, _gate)
    elif not store._gated:
        _put_up(store, _recording_gate)


def _put_up(store: Keyspace[Any], make_gate: Callable[..., Any]) -> None:
    if store._gated is not make_gate:
        if make_gate not in store._gates:
            store._gates[make_gate] = {name: make_gate(store, code, name) for code, name in EFFECTS.items()}
        store.__dict__.update(store._gates[make_gate])
        store._gated = make_gate


def close_funnel(store: Keyspace[Any]) -> None:
    """Let effects be made without a word again."""
    store._unobserved = store._is_unobserved()


def _gate(store: Keyspace[Any], code: int, name: str) -> Callable[..., Any]:
    """The gate where somebody observes. The first that finds that nobody does any more exchanges them all, so
    one atomic block after the other puts them up once."""
    shared = store._shared
    make = getattr(type(store), name)

    def gate(*arguments: Any) -> Any:
        if shared.forgotten:
            shared.forget()
        announce(store, code, arguments)
        if shared.journal is not None:
            shared.journal.write((code, store._index, *arguments))
        if not shared.observers:
            leave_unobserved(store)
        return make(store, *arguments)

    return gate


def leave_unobserved(store: Keyspace[Any]) -> None:
    """Let effects be made as fast as can be where nobody observes them."""
    if store._shared.journal is not None:
        _put_up(store, _recording_gate)
        return
    for name in EFFECTS.values():
        store.__dict__.pop(name, None)
    store._gated = None


def _recording_gate(store: Keyspace[Any], code: int, name: str) -> Callable[..., Any]:
    """The gate where only the journal wants to know, on the way of every write to a store that is kept."""
    journal = store._shared.journal
    assert journal is not None
    write, index, make = journal.write, store._index, getattr(type(store), name)

    def gate(*arguments: Any) -> Any:
        write((code, index, *arguments))
        return make(store, *arguments)

    # The same without packing and unpacking, which would take a quarter of what a `set` does.

    def gate_of_three(one: Any, two: Any, three: Any) -> Any:
        write((code, index, one, two, three))
        return make(store, one, two, three)

    def gate_of_four(one: Any, two: Any, three: Any, four: Any) -> Any:
        write((code, index, one, two, three, four))
        return make(store, one, two, three, four)

    gates: dict[int, Callable[..., Any]] = {4: gate_of_three, 5: gate_of_four}
    return gates.get(make.__code__.co_argcount, gate)
