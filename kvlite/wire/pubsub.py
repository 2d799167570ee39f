"""SUBSCRIBE and its kin, PUBLISH, PUBSUB: a connection that hears of messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..channels import Confirmation, Kind, Message, Subscriber
from ..errors import ResponseError
from .replies import NO_REPLY, Push, Replies, Reply
from .table import Keys, command, container, helped, wrong_subcommand

if TYPE_CHECKING:
    from .session import Door, Session

ALLOWED = {
    *("subscribe", "psubscribe", "ssubscribe", "unsubscribe", "punsubscribe", "sunsubscribe"),
    *("ping", "quit", "reset"),
}
"""What a client that listens may send in RESP2, where messages and replies cannot be told apart."""
NOT_WHILE_LISTENING = (
    "Can't execute '{}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET "
    "are allowed in this context"
)
FLAGS = "pubsub noscript loading stale"


_latest: tuple[Message, Push] = ((), Push())


def _push_of(message: Message) -> Push:
    """The same for all who get the same message, one after the other: then it is encoded once."""
    global _latest
    latest = _latest
    if latest[0] is not message:
        latest = _latest = message, Push(message)
    return latest[1]


class Listener(Subscriber):
    """What a session is subscribed to."""

    def __init__(self, door: Door) -> None:
        super().__init__()
        self._door = door
        self._push = door.push

    def deliver(self, message: Message) -> None:
        self._push(_push_of(message))

    def hear_no_more(self) -> None:
        """Nothing is handed over any more, though it is still subscribed."""
        self._push = lambda reply: None

    def dismiss(self, why: str) -> None:
        self._door.close()


def stop_listening(session: Session) -> None:
    """Unsubscribe from everything, without a word. Never waits for the store's lock."""
    listener, session.listener = session.listener, None
    if listener is None:
        return
    shared = session.store._shared

    def leave() -> None:
        with shared.lock:
            shared.hub.leave(listener)

    listener.hear_no_more()
    session.instance.errands.run(leave)


def may_hear(session: Session) -> bool:
    """Whether the user may be subscribed to all that he is subscribed to."""
    return session.listener is None or all(
        any(selector.allows_channel(name, kind is Kind.PATTERN) for selector in session.user.selectors)
        for kind, names in session.listener.subscriptions.items()
        for name in list(names)
    )


# Subscribing


def _subscribe(session: Session, kind: Kind, names: list[bytes]) -> Reply:
    store = session.store
    store._acquire()
    try:
        listener, hub = session.listener or Listener(session.door), store._shared.hub
        return _confirm(session, listener, [hub.subscribe(listener, kind, name) for name in names])
    finally:
        store._release()


def _unsubscribe(session: Session, kind: Kind, names: list[bytes]) -> Reply:
    store = session.store
    store._acquire()
    try:
        listener, hub = session.listener or Listener(session.door), store._shared.hub
        confirmed = [hub.unsubscribe(listener, kind, name) for name in names]
        return _confirm(session, listener, confirmed or hub.unsubscribe_all(listener, kind))
    finally:
        store._release()


def _confirm(session: Session, listener: Listener, confirmations: list[Confirmation]) -> Reply:
    """Tell the client, by messages, that something was done; within EXEC they are the reply."""
    session.listener = listener if any(listener.subscriptions.values()) else None
    session.review()
    pushes = list(map(Push, confirmations))
    if session.executing:
        return Replies(pushes)
    for push in pushes:
        session.door.push(push)
    return NO_REPLY


@command("subscribe", -2, FLAGS, "pubsub")
def subscribe(session: Session, args: list[bytes]) -> Reply:
    return _subscribe(session, Kind.CHANNEL, args[1:])


@command("psubscribe", -2, FLAGS, "pubsub")
def psubscribe(session: Session, args: list[bytes]) -> Reply:
    return _subscribe(session, Kind.PATTERN, args[1:])


@command("ssubscribe", -2, FLAGS, "pubsub", Keys("not_key", last=-1))
def ssubscribe(session: Session, args: list[bytes]) -> Reply:
    if session.executing:
        raise ResponseError("SSUBSCRIBE isn't allowed for a DENY BLOCKING client")
    return _subscribe(session, Kind.SHARD, args[1:])


@command("unsubscribe", -1, FLAGS, "pubsub")
def unsubscribe(session: Session, args: list[bytes]) -> Reply:
    return _unsubscribe(session, Kind.CHANNEL, args[1:])


@command("punsubscribe", -1, FLAGS, "pubsub")
def punsubscribe(session: Session, args: list[bytes]) -> Reply:
    return _unsubscribe(session, Kind.PATTERN, args[1:])


@command("sunsubscribe", -1, FLAGS, "pubsub", Keys("not_key", last=-1))
def sunsubscribe(session: Session, args: list[bytes]) -> Reply:
    return _unsubscribe(session, Kind.SHARD, args[1:])


# Publishing


@command("publish", 3, "pubsub loading stale fast may_replicate", "pubsub")
def publish(session: Session, args: list[bytes]) -> Reply:
    return session.store._publish(args[1], args[2])


@command("spublish", 3, "pubsub loading stale fast may_replicate", "pubsub", Keys("not_key"))
def spublish(session: Session, args: list[bytes]) -> Reply:
    return session.store._spublish(args[1], args[2])


# Asking

container("pubsub", -2, "pubsub")


@command("pubsub|channels", -2, "pubsub loading stale", "pubsub")
def channels(session: Session, args: list[bytes]) -> Reply:
    return _channels(session, args, Kind.CHANNEL)


@command("pubsub|shardchannels", -2, "pubsub loading stale", "pubsub")
def shardchannels(session: Session, args: list[bytes]) -> Reply:
    return _channels(session, args, Kind.SHARD)


def _channels(session: Session, args: list[bytes], kind: Kind) -> Reply:
    if len(args) > 3:
        raise wrong_subcommand(args)
    return session.store._pubsub_channels(kind, args[2] if len(args) == 3 else None)


@command("pubsub|numsub", -2, "pubsub loading stale", "pubsub")
def numsub(session: Session, args: list[bytes]) -> Reply:
    return _numsub(session, args, Kind.CHANNEL)


@command("pubsub|shardnumsub", -2, "pubsub loading stale", "pubsub")
def shardnumsub(session: Session, args: list[bytes]) -> Reply:
    return _numsub(session, args, Kind.SHARD)


def _numsub(session: Session, args: list[bytes], kind: Kind) -> Reply:
    return [part for pair in session.store._pubsub_numsub(kind, args[2:]) for part in pair]


@command("pubsub|numpat", 2, "pubsub loading stale", "pubsub")
def numpat(session: Session, args: list[bytes]) -> Reply:
    return session.store._pubsub_numpat()


helped(
    "pubsub",
    "CHANNELS [<pattern>]",
    "    List the channels that somebody is subscribed to, or those that match.",
    "NUMPAT",
    "    Tell to how many patterns there are subscriptions.",
    "NUMSUB [<channel> ...]",
    "    Tell how many are subscribed to each of the channels, not counting patterns.",
    "SHARDCHANNELS [<pattern>]",
    "    As CHANNELS, of shard channels.",
    "SHARDNUMSUB [<shardchannel> ...]",
    "    As NUMSUB, of shard channels.",
)
