"""Keyspace notifications: what happens to keys, published on channels.

Those who know what happened say so, after the change, by `store._notify(event, key)`. While no class of
events is enabled `_notify` is None.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .errors import INVALID_EVENT_CLASS

if TYPE_CHECKING:
    from .keyspace import Keyspace

LETTERS = {letter: 1 << place for place, letter in enumerate("g$lshzxetdnKEm")}
"""The classes of events, as `notify-keyspace-events` names them, in the order in which Redis prints them.

K and E are not classes but the two kinds of channels: `__keyspace@0__:key` and `__keyevent@0__:event`.
"""
_ALL = sum(LETTERS[letter] for letter in "g$lshzxetd")
"""What the letter A stands for: neither `n` (new keys) nor `m` (missed keys)."""
_KEYSPACE, _KEYEVENT, _GENERIC, NEW = (LETTERS[letter] for letter in "KEgn")

_EMPTYING = 1 << len(LETTERS)
"""The event may be the end of its key, which is then an event too, `del`."""

_EVENTS_OF_CLASS = {
    "g": "del expire persist rename_from rename_to move_from move_to copy_to restore",
    "$": "set setrange append incrby incrbyfloat setbit pfadd",
    "l": "lpush rpush lpop rpop lset linsert lrem ltrim sortstore",
    "s": "sadd srem spop sinterstore sunionstore sdiffstore",
    "h": "hset hincrby hincrbyfloat hdel hexpire hpersist hexpired",
    "t": "xadd xdel xtrim xsetid xgroup-create xgroup-setid xgroup-destroy xgroup-createconsumer "
    "xgroup-delconsumer",
    "z": "zadd zincr zrem zremrangebyrank zremrangebyscore zremrangebylex zpopmin zpopmax "
    "zrangestore zunionstore zinterstore zdiffstore geosearchstore georadiusstore",
    "x": "expired",
    "e": "evicted",
    "n": "new",
    "m": "keymiss",
}
_MAY_EMPTY = {
    *("lpop", "rpop", "lrem", "ltrim", "srem", "spop", "hdel", "hexpired", "zrem", "zpopmin", "zpopmax"),
    *("zremrangebyrank", "zremrangebyscore", "zremrangebylex"),
}

EVENTS = {
    name.encode(): LETTERS[letter] | (_EMPTYING if name in _MAY_EMPTY else 0)
    for letter, names in _EVENTS_OF_CLASS.items()
    for name in names.split()
}
"""The class of every event, and whether it may empty its key."""


def event_classes(text: str) -> int:
    """The classes that `text`, as in `notify-keyspace-events`, enables; ValueError for another letter."""
    classes = 0
    for letter in text:
        if letter != "A" and letter not in LETTERS:
            raise ValueError(INVALID_EVENT_CLASS)
        classes |= _ALL if letter == "A" else LETTERS[letter]
    return classes


def event_letters(classes: int) -> str:
    """The text that CONFIG GET shows. As in Redis 7.0, A hides an n."""
    every = classes & _ALL == _ALL
    shown = "A" if every else ""
    for letter, bit in LETTERS.items():
        if classes & bit and not (every and (bit & _ALL or bit == NEW)):
            shown += letter
    return shown


class _Notifier:
    """Publishes the enabled events of one database."""

    __slots__ = ("_classes", "_event_prefix", "_hub", "_key_prefix", "_shared", "_store")

    def __init__(self, store: Keyspace[Any], classes: int) -> None:
        self._store = store
        self._shared = store._shared
        self._hub = store._shared.hub
        self._classes = classes
        self._key_prefix = b"__keyspace@%d__:" % store._index
        self._event_prefix = b"__keyevent@%d__:" % store._index

    def notify(self, event: bytes, key: bytes) -> None:
        """Publish that `event` has happened to `key`, and after it that the key went if that emptied it."""
        classes, kind = self._classes, EVENTS[event]
        if classes & kind:
            self._publish(event, key)
        if kind & _EMPTYING and classes & _GENERIC and key not in self._store._db.data:
            self._publish(b"del", key)

    def _publish(self, event: bytes, key: bytes) -> None:
        hub = self._hub
        if not hub.channels and not hub.patterns:
            return
        hold = self._shared.depth > 0
        if self._classes & _KEYSPACE:
            hub.publish(self._key_prefix + key, event, hold)
        if self._classes & _KEYEVENT:
            hub.publish(self._event_prefix + event, key, hold)


class Births:
    """An observer that says of each key that comes into being that it is `new`."""

    def changing(self, store: Keyspace[Any], key: bytes) -> None:
        if store._notify is not None and key not in store._db.data:
            store._notify(b"new", key)

    def changing_aside(self, store: Keyspace[Any], key: bytes) -> None:
        pass

    def emptying(self, store: Keyspace[Any]) -> None:
        pass

    def swapping(self, store: Keyspace[Any], other: Keyspace[Any]) -> None:
        pass


def notifier(store: Keyspace[Any], classes: int) -> Callable[[bytes, bytes], None] | None:
    """What `store._notify` is while these classes are enabled."""
    return _Notifier(store, classes).notify if classes & (_KEYSPACE | _KEYEVENT) else None
