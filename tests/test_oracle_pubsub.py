"""PubSub objects say what redis-py's say, message by message."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from typing import Any

import pytest
from doors import client_pair
from hypothesis import given
from hypothesis import strategies as st
from oracle import Oracle, Pair, ask, same

NAMES = st.sampled_from(["a", b"a", "b", "c", "", b"\xc3\xa9", 1])
PATTERNS = st.sampled_from(["a", "*", "[ab]", "?", "a*", "", b"\xc3\xa9", "\\*"])
LEAVING = st.one_of(st.just([]), st.lists(NAMES, max_size=2))
STEPS = st.one_of(
    st.tuples(st.just("subscribe"), st.lists(NAMES, max_size=3)),
    st.tuples(st.just("psubscribe"), st.lists(PATTERNS, max_size=3)),
    st.tuples(st.just("ssubscribe"), st.lists(NAMES, min_size=1, max_size=2)),
    st.tuples(st.just("unsubscribe"), LEAVING),
    st.tuples(st.just("punsubscribe"), st.one_of(st.just([]), st.lists(PATTERNS, max_size=2))),
    st.tuples(st.just("sunsubscribe"), LEAVING),
    st.tuples(st.just("publish"), st.tuples(NAMES, st.sampled_from(["x", b"", 1, 2.5]))),
    st.tuples(st.just("spublish"), st.tuples(NAMES, st.sampled_from(["x", 1]))),
    st.tuples(st.just("pubsub_channels"), st.lists(PATTERNS, max_size=1)),
    st.tuples(st.just("pubsub_shardchannels"), st.lists(PATTERNS, max_size=1)),
    st.tuples(st.just("pubsub_numsub"), st.lists(NAMES, max_size=3)),
    st.tuples(st.just("pubsub_shardnumsub"), st.lists(NAMES, max_size=3)),
    st.tuples(st.just("pubsub_numpat"), st.just(())),
)
HISTORIES = st.lists(st.tuples(st.integers(0, 1), STEPS), min_size=12, max_size=25)


class Transcript:
    """A PubSub, its handlers, and what it says."""

    def __init__(self, side: Any, **options: Any) -> None:
        self.pubsub = side.pubsub(**options)
        self.handled: list[Any] = []

    def read(self) -> list[Any]:
        """Every message until now, and what it has made of the state."""
        self.pubsub.unsubscribe("until now")
        said = []
        while True:
            answer = ask(lambda: self.pubsub.parse_response(timeout=5))
            if answer.error is not None:
                said.append((type(answer.error).__name__, str(answer.error)))
            elif answer.value[1] in (b"until now", "until now"):
                break
            else:
                said.append(self.pubsub.handle_message(answer.value))
        state = [self.pubsub.channels, self.pubsub.patterns, self.pubsub.shard_channels]
        return [*map(_in_one_order, _grouped(said)), state, self.pubsub.subscribed]


def _grouped(said: list[Any]) -> list[list[Any]]:
    return [
        list(group) for _, group in groupby(said, lambda each: each["type"] if isinstance(each, dict) else "")
    ]


def _in_one_order(messages: list[Any]) -> list[Any]:
    """Which pattern comes first, and which of all channels is left first, is up to Redis's hashing."""
    kind = messages[0]["type"] if isinstance(messages[0], dict) else ""
    if kind == "pmessage":
        return sorted(messages, key=lambda message: repr((message["channel"], message["pattern"])))
    if kind.endswith("unsubscribe"):
        return [kind, sorted(repr(each["channel"]) for each in messages), [each["data"] for each in messages]]
    return messages


@pytest.fixture(scope="module", params=["bytes", "str", "client", "decoding client", "RESP2 client"])
def pair(oracle: Oracle, request: pytest.FixtureRequest) -> Pair:
    """A store, or redis-py in the process."""
    options = {"decode_responses": request.param in ("str", "decoding client")}
    if "client" not in request.param:
        return Pair(oracle, **options)
    return client_pair(oracle, protocol=2 if "RESP2" in request.param else 3, **options)


@given(HISTORIES)
def test_every_message_is_that_of_redis_py(pair: Pair, steps: list[Any]) -> None:
    pair.reset()
    theirs = [Transcript(pair.redis) for _ in range(2)]
    own = [Transcript(pair.store) for _ in range(2)]
    for number, (method, arguments) in steps:
        if method.endswith("subscribe"):
            getattr(theirs[number].pubsub, method)(*arguments)
            getattr(own[number].pubsub, method)(*arguments)
        elif method.endswith("channels"):
            pair.call_unordered(method, *arguments)
        else:
            pair.call(method, *arguments)
        for one, other in zip(theirs, own, strict=True):
            said, expected = other.read(), one.read()
            assert same(expected, said), f"{method}{arguments!r}\n redis:  {expected}\n kvlite: {said}"
    for transcript in (*theirs, *own):
        transcript.pubsub.close()


def test_publishing_in_a_pipeline(pair: Pair) -> None:
    pair.reset()

    def publish(side: Any) -> Any:
        inbox = Transcript(side)
        inbox.pubsub.subscribe("a")
        inbox.read()
        pipe = side.pipeline().publish("a", 1).pubsub_numsub("a", "b").spublish("a", 2).pubsub_numpat()
        said = pipe.pubsub_channels().pubsub_shardchannels().execute(), inbox.read()
        inbox.pubsub.close()
        return said

    pair.both(publish)


@pytest.mark.parametrize("ignoring", [False, True])
def test_handlers_and_ignored_confirmations(pair: Pair, ignoring: bool) -> None:
    pair.reset()

    def handle(side: Any) -> Any:
        handled: list[Any] = []
        inbox = Transcript(side, ignore_subscribe_messages=ignoring)
        inbox.pubsub.subscribe("plain", a=handled.append)
        inbox.pubsub.psubscribe(**{"*": handled.append})
        inbox.pubsub.ssubscribe(a=handled.append)
        for name in ("a", "b", "plain"):
            side.publish(name, "x")
        side.spublish("a", "y")
        said = inbox.read()[:-2]
        inbox.pubsub.unsubscribe("a")
        side.publish("a", "again")
        said += inbox.read()[:-2]
        inbox.pubsub.close()
        return said, sorted(handled, key=repr)

    pair.both(handle)


def _without_subscription(side: Any) -> Any:
    pubsub = side.pubsub()
    said = [pubsub.get_message(), pubsub.get_message(timeout=0.001), list(pubsub.listen()), pubsub.subscribed]
    pubsub.parse_response()
    return said


def _without_handler(side: Any) -> Any:
    with side.pubsub() as pubsub:
        pubsub.psubscribe("a*")
        return pubsub.run_in_thread()


def _refused(side: Any) -> Any:
    with side.pubsub() as pubsub:
        return pubsub.subscribe("a", None)


def _closed(side: Any) -> Any:
    pubsub = side.pubsub()
    pubsub.subscribe("a")
    pubsub.close()
    return pubsub.get_message(), pubsub.channels, pubsub.subscribed, side.publish("a", "nobody")


def _subscription_objects(side: Any) -> Any:
    from redis.typing import Subscription

    handled: list[Any] = []
    with side.pubsub(ignore_subscribe_messages=True) as pubsub:
        pubsub.subscribe([Subscription(b"\xff", handled.append)], Subscription("b"))
        pubsub.subscribe(["c", "d"], "e")
        for channel in (b"\xff", "e"):
            side.publish(channel, "x")
        got = [pubsub.get_message(timeout=1) for _ in range(7)]
    return got, handled


def _pings(side: Any) -> Any:
    with side.pubsub() as pubsub:
        pubsub.subscribe("a")
        pubsub.ping()
        pubsub.ping("x")
        pubsub.ping(7)
        return [pubsub.get_message(timeout=1) for _ in range(4)]


def _pushes(side: Any) -> Any:
    def turn(response: Any) -> Any:
        return [*response[:-1], b"turned"]

    with side.pubsub(push_handler_func=turn) as pubsub:
        pubsub.subscribe("a")
        side.publish("a", "x")
        return [pubsub.get_message(timeout=1) for _ in range(2)]


@pytest.mark.parametrize("open_pair", [Pair, client_pair], ids=["store", "client"])
@pytest.mark.parametrize(
    "say",
    [
        _without_subscription,
        _without_handler,
        _refused,
        _closed,
        _subscription_objects,
        _pings,
        _pushes,
    ],
)
def test_smaller_things(
    oracle: Oracle, open_pair: Callable[[Oracle], Pair], say: Callable[[Any], Any]
) -> None:
    open_pair(oracle).both(say)
