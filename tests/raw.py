"""Raw bytes to a kvlite stream and to the oracle, and the bytes that come back: every byte must be the same.

- `Wire` is a client of a store through `wire.stream`, with no sockets: what it sends is answered at once.
- `Socket` is a raw connection to the oracle, or to any server.
- `RawPair` asks both, under one clock.
- `Clients` are several connections to each side of a pair, of which some may wait while others go on.
"""

from __future__ import annotations

import contextlib
import itertools
import re
import shlex
import shutil
import socket
import subprocess
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol, Self

from oracle import Oracle

from kvlite import ManualClock, Store
from kvlite.wire import commands as commands  # fills the table
from kvlite.wire.instance import Instance
from kvlite.wire.session import Gauge
from kvlite.wire.stream import Stream


def request(*words: Any) -> bytes:
    """A request as clients send it: numbers and texts become bytes."""
    parts = [word if isinstance(word, bytes) else str(word).encode() for word in words]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%b\r\n" % (len(part), part) for part in parts)


class Client(Protocol):
    """Who sends requests and gets replies, as bytes."""

    def send(self, data: bytes) -> None: ...

    def reply(self) -> bytes:
        """The next reply, whole."""

    def disconnect(self) -> None: ...


class Timer:
    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


_turns = itertools.count()


class Wire:
    """A client of `store` that speaks the protocol, without a socket."""

    address = "127.0.0.1:50000"
    own_address = "127.0.0.1:6379"

    def __init__(self, store: Store[Any], protocol: int = 2) -> None:
        self.out = b""
        self.closed = False
        self.timers: list[Timer] = []
        self.store = store
        self.turns: deque[int] = deque()
        """When it is to go on: those of all clients are in the order in which they were asked for."""
        self.stream = Stream(Instance.of(store), self)
        if protocol == 3:
            self.ask("HELLO", 3)

    # As the transport of the stream

    def write(self, data: bytes) -> None:
        self.out += data

    def call_soon(self) -> None:
        self.turns.append(next(_turns))

    def call_later(self, seconds: float) -> Timer:
        self.timers.append(Timer(seconds))
        return self.timers[-1]

    def gauge(self) -> Gauge:
        return Gauge(unsent=len(self.out))

    def close(self) -> None:
        self.closed = True

    # As a client

    def send(self, data: bytes) -> None:
        self.stream.receive(data)

    def receive(self) -> bytes:
        """All that has come and was not received before."""
        while self.turns:
            self.proceed()
        out, self.out = self.out, b""
        return out

    def proceed(self) -> None:
        """Go on once."""
        self.turns.popleft()
        self.stream.proceed()

    def reply(self) -> bytes:
        """The next reply, whole; EOFError if there is none."""
        replies = self.receive()
        end = _end_of_reply(replies)
        self.out = replies[end:]
        return replies[:end]

    def ask(self, *words: Any) -> bytes:
        """What a request is answered with: nothing while it waits."""
        self.send(request(*words))
        return self.receive()

    def time_out(self) -> None:
        """Let the time of what this client waits for be up."""
        timer = self.timers.pop()
        if not timer.cancelled:
            self.stream.time_out()

    def disconnect(self) -> None:
        self.stream.lost()


THE_END = b"(the end)"


class Socket:
    """A raw connection to a server."""

    def __init__(self, address: str | tuple[str, int], protocol: int = 2, timeout: float = 5) -> None:
        family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
        with contextlib.ExitStack() as opened:
            self._socket = opened.enter_context(socket.socket(family, socket.SOCK_STREAM))
            self._socket.settimeout(timeout)
            self._socket.connect(address)
            self._file = opened.enter_context(self._socket.makefile("rb"))
            self.ended = False
            self.disconnect = opened.pop_all().close
        if protocol == 3:
            self.ask("HELLO", 3)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.disconnect()

    def __del__(self) -> None:
        if hasattr(self, "disconnect"):
            self.disconnect()

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def ask(self, *words: Any) -> bytes:
        """The one reply to a request."""
        self.send(request(*words))
        return self.reply()

    def reply(self) -> bytes:
        """The next reply, whole, as it came; EOFError if the connection has ended."""
        line = self._file.readline()
        if not line.endswith(b"\r\n"):
            raise EOFError
        kind, count = line[:1], line[1:-2]
        if kind in b"$=!":
            return line if count == b"-1" else line + self._file.read(int(count) + 2)
        if kind in b"*~>%":
            replies = max(0, int(count)) * (2 if kind == b"%" else 1)
            return line + b"".join(self.reply() for _ in range(replies))
        return line

    def end(self) -> None:
        """Send nothing any more."""
        self._socket.shutdown(socket.SHUT_WR)

    def rest(self) -> bytes:
        """Everything up to the end of the connection, however it ends."""
        data = b""
        with contextlib.suppress(ConnectionResetError):
            while more := self._file.read1():
                data += more
        return data

    def awaits(self, *signs: bytes, seconds: float = 5) -> bool:
        """Read until one of `signs` has come, or the connection has `ended`; False if neither comes in
        time."""
        self._socket.settimeout(seconds)
        data, length = b"", max(map(len, signs))
        while not any(sign in data for sign in signs):
            try:
                more = self._file.read1()
            except TimeoutError:
                return False
            except ConnectionError:
                more = b""
            if not more:
                self.ended = True
                return True
            data = data[-length:] + more
        return True

    def arrived(self) -> bytes:
        """What has come, without waiting, and `THE_END` if that was all."""
        usual = self._socket.gettimeout()
        self._socket.setblocking(False)
        received = b""
        try:
            while data := self._socket.recv(65536):
                received += data
            return received + THE_END
        except BlockingIOError:
            return received
        finally:
            self._socket.settimeout(usual)

    def silent(self, seconds: float = 0.05) -> bool:
        """Whether nothing comes for so long."""
        usual = self._socket.gettimeout()
        self._socket.settimeout(seconds)
        try:
            return not self._socket.recv(1, socket.MSG_PEEK)
        except TimeoutError:
            return True
        finally:
            self._socket.settimeout(usual)


_UNTIL_INPUT_ENDS = """
"$@" &
server=$!
cat > /dev/null
kill -9 $server
wait $server 2> /dev/null
"""


@contextlib.contextmanager
def plain_server(*arguments: str, loopback: bool = False) -> Iterator[Any]:
    """The address of a private redis-server, its clock the machine's, with nothing configured but `arguments`
    and where it listens: a unix socket, or a port of 127.0.0.1. It goes when this process does."""
    folder = tempfile.mkdtemp(prefix="plain-")
    address: Any = f"{folder}/socket"
    where = ["--port", "0", "--unixsocket", address]
    if loopback:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            address = probe.getsockname()
        where = ["--port", str(address[1]), "--bind", "127.0.0.1"]
    command = ["sh", "-c", _UNTIL_INPUT_ENDS, "plain", "redis-server", *arguments, *where, "--dir", folder]
    with contextlib.ExitStack() as ending:
        ending.callback(shutil.rmtree, folder)
        log = ending.enter_context(open(f"{folder}/log", "wb"))
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log)
        try:
            _await(address, time.monotonic() + 10)
            yield address
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(timeout=10)


def _await(address: Any, deadline: float) -> None:
    while True:
        try:
            Socket(address).disconnect()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.005)


def decoded(reply: bytes) -> Any:
    """A reply as Python has it: lists, dicts, bytes, ints; what is simple or an error with its first byte."""
    value, rest = _decoded(reply)
    assert not rest, f"more than one reply: {rest!r}"
    return value


def _decoded(data: bytes) -> tuple[Any, bytes]:
    line, _, rest = data.partition(b"\r\n")
    kind, text = line[:1], line[1:]
    if kind == b":":
        return int(text), rest
    if kind in b"$=":
        size = int(text)
        return (None, rest) if size < 0 else (rest[:size], rest[size + 2 :])
    if kind in b"*~>%":
        items = []
        for _ in range(max(0, int(text)) * (2 if kind == b"%" else 1)):
            item, rest = _decoded(rest)
            items.append(item)
        return (dict(zip(items[::2], items[1::2], strict=True)) if kind == b"%" else items), rest
    return line, rest


Blur = Callable[[bytes], bytes]
"""Makes the bytes alike where Redis leaves them open."""


def _end_of_reply(replies: bytes) -> int:
    end = replies.find(b"\r\n") + 2
    if end == 1:
        raise EOFError
    kind, count = replies[:1], replies[1 : end - 2]
    if kind in b"$=!":
        return end if count == b"-1" else end + int(count) + 2
    if kind in b"*~>%":
        for _ in range(max(0, int(count)) * (2 if kind == b"%" else 1)):
            end += _end_of_reply(replies[end:])
    return end


def unordered(reply: bytes) -> bytes:
    """The parts of each array, set and map in order: for replies whose order means nothing."""
    return _rebuilt(reply, lambda parts: sorted(parts), lambda part: part)


def lengths(reply: bytes) -> bytes:
    """The types and lengths alone: for replies drawn by lot."""
    return _rebuilt(reply, lambda parts: parts, lambda part: part[:1])


def _rebuilt(
    replies: bytes, order: Callable[[list[bytes]], list[bytes]], show: Callable[[bytes], bytes]
) -> bytes:
    at = 0

    def read() -> bytes:
        nonlocal at
        end = replies.index(b"\r\n", at) + 2
        line, at = replies[at:end], end
        kind, count = line[:1], line[1:-2]
        if kind in b"$=!" and count != b"-1":
            text, at = replies[at : at + int(count) + 2], at + int(count) + 2
            return show(line + text)
        if kind in b"*~>%":
            width = 2 if kind == b"%" else 1
            parts = [b"".join(read() for _ in range(width)) for _ in range(max(0, int(count)))]
            return line + b"".join(order(parts))
        return show(line)

    whole = b""
    while at < len(replies):
        whole += read()
    return whole


class RawPair:
    """A kvlite stream and a socket to the oracle that are sent the same bytes and must send back the same."""

    def __init__(self, oracle: Oracle, protocol: int = 2, **options: Any) -> None:
        self.oracle = oracle
        self.protocol = protocol
        self._options = options
        self._sockets: list[Socket] = []
        self.reset()

    def reset(self) -> None:
        """Both sides empty again, at the same time, each with one fresh connection."""
        for each in self._sockets:
            each.disconnect()
        self.oracle.wipe()
        self.store: Store[Any] = Store(clock=ManualClock(self.oracle.now_ms), **self._options)
        self._sockets = []
        self.wire, self.socket = self.connect()

    def connect(self, protocol: int | None = None) -> tuple[Wire, Socket]:
        """One more connection to each side."""
        protocol = self.protocol if protocol is None else protocol
        self._sockets.append(Socket(self.oracle.address, protocol))
        return Wire(self.store, protocol), self._sockets[-1]

    def ask(self, *words: Any, blur: Blur | None = None) -> bytes:
        """What both answer to a request, in the same bytes."""
        self.oracle.calls += 1
        theirs, own = self.socket.ask(*words), self.wire.ask(*words)
        alike = theirs == own if blur is None else blur(theirs) == blur(own)
        assert alike, f"{words!r}: different answers\n  redis:  {theirs!r}\n  kvlite: {own!r}"
        return theirs

    def ask_all(self, requests: Iterable[Iterable[Any]]) -> None:
        for words in requests:
            self.ask(*words)

    def ask_lines(self, text: str) -> None:
        """`ask` each line, whose words may be quoted as in a shell."""
        for line in filter(None, map(str.strip, text.splitlines())):
            self.ask(*shlex.split(line))

    def advance(self, seconds: float, expire: bool = True) -> None:
        """Move both clocks forward; without `expire` while Redis answers nobody."""
        self.oracle.advance(seconds, expire)
        self.store.advance(seconds)

    def close(self) -> None:
        for each in self._sockets:
            each.disconnect()


class NumberOf(int):
    """Stands in a request for the number of that client, which differs from side to side."""


Shape = Callable[[bytes], Any]
"""What is compared of the bytes."""


class Clients:
    """Connections to both sides of a pair, which are sent the same and must all receive the same bytes: but
    for the numbers of the connections, which HELLO tells."""

    def __init__(self, raw: RawPair, count: int) -> None:
        raw.reset()
        self._oracle = raw.oracle
        self._control = Socket(raw.oracle.address)
        self.pairs = [raw.connect() for _ in range(count)]
        self._present = list(range(count))
        self._numbers = [[decoded(side.ask("CLIENT", "ID")) for side in pair] for pair in self.pairs]

    def ask(self, number: int, *words: Any, shape: Shape = bytes) -> list[bytes]:
        """What each of them has received when client `number` has sent this request."""
        return self.ask_at_once(number, [words], shape)

    def ask_at_once(
        self, number: int, requests: Sequence[Sequence[Any]], shape: Shape = bytes
    ) -> list[bytes]:
        """`ask`, of several requests that come in one piece."""
        self._oracle.calls += len(requests)
        for side, client in enumerate(self.pairs[number]):
            client.send(b"".join(request(*self._words_for(side, words)) for words in requests))
        return self.received(shape, f"after client {number} has sent {requests!r}, ")

    def _words_for(self, side: int, words: Sequence[Any]) -> list[Any]:
        return [self._numbers[word][side] if isinstance(word, NumberOf) else word for word in words]

    def received(self, shape: Shape = bytes, when: str = "") -> list[bytes]:
        """What each of them has received since it was last asked for, on both sides the same."""
        for _ in range(2):  # what was sent before the first is answered before the second
            self._control.ask("PING")
        while waiting := [own for own, _ in self.pairs if own.turns]:
            min(waiting, key=lambda own: own.turns[0]).proceed()
        every = [b""] * len(self.pairs)
        for number in self._present:
            own_end, their_end = self.pairs[number]
            own, theirs = own_end.receive() + THE_END * own_end.closed, their_end.arrived()
            assert shape(_without_number(own)) == shape(_without_number(theirs)), (
                f"{when}client {number} receives\n  redis:  {theirs!r}\n  kvlite: {own!r}"
            )
            every[number] = theirs
            if own_end.closed:
                own_end.disconnect()
        return every

    def disconnect(self, number: int) -> list[bytes]:
        """What each of the others has received when client `number` has gone away."""
        self._present.remove(number)
        for client in self.pairs[number]:
            client.disconnect()
        return self.received(when=f"after client {number} has gone, ")

    def close(self) -> None:
        self._control.disconnect()


def _without_number(replies: bytes) -> bytes:
    return re.sub(rb"(\$2\r\nid\r\n:)\d+", rb"\1", replies)
