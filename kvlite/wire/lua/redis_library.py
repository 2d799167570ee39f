"""The library `redis`: commands, replies and what else Redis offers to scripts."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..info import VERSION
from ..replies import Reply
from ..resp import error_text
from ..table import ROWS
from .arguments import RaisedReply, number_text, parse_number
from .caller import Caller
from .conversions import FromLua, to_lua
from .engine import Engine, Outcome

if TYPE_CHECKING:
    from ..instance import Instance
    from .running import Run

LEVELS = ("DEBUG", "VERBOSE", "NOTICE", "WARNING")
_REPLICATION = {"ALL": 3, "AOF": 1, "REPLICA": 2, "SLAVE": 2, "NONE": 0}
CONSTANTS: dict[str, Any] = {
    **{f"LOG_{name}": level for level, name in enumerate(LEVELS)},
    **{f"REPL_{name}": flags for name, flags in _REPLICATION.items()},
    "REDIS_VERSION": VERSION.encode(),
    "REDIS_VERSION_NUM": sum(
        int(part) << 8 * place for place, part in enumerate(reversed(VERSION.split(".")))
    ),
}
ONLY_FOR_SCRIPTS: dict[str, Callable[..., Any]] = {
    "replicate_commands": lambda *args: True,
    "breakpoint": lambda *args: False,
    "debug": lambda *args: None,
}
_LARGE = 16 * 1024


class RedisLibrary:
    """The functions of one engine. `begin` says for which script they are called."""

    def __init__(
        self, instance: Instance, interrupted: Callable[[], bytes | None], for_functions: bool = False
    ) -> None:
        from .. import commands as commands  # fills the table

        functions = self._functions()
        if not for_functions:
            functions |= ONLY_FOR_SCRIPTS
        self.engine = Engine(functions, CONSTANTS, interrupted, for_functions)
        make_table = self.engine.make_table
        self._caller = Caller(instance)
        self._converters = {resp: to_lua(make_table, resp) for resp in (2, 3)}
        self._convert = self._converters[2]
        self._table = make_table
        self._reply = FromLua(self.engine)
        self._run: Run | None = None

    def _functions(self) -> dict[str, Callable[..., Any]]:
        return {
            "call": self.call,
            "pcall": self.pcall,
            "error_reply": self.error_reply,
            "status_reply": self.status_reply,
            "sha1hex": self.sha1hex,
            "log": self.log,
            "setresp": self.setresp,
            "set_repl": self.set_repl,
            "acl_check_cmd": self.acl_check_cmd,
        }

    def begin(self, run: Run) -> None:
        self._run = run
        self._caller.prepare(run)
        self._convert = self._converters[2]

    def end(self) -> None:
        """Hold on to nothing of what ran."""
        self._run = None

    def reply(self, outcome: Outcome) -> Reply:
        """What is answered for an outcome that is no failure, in the protocol of the last `redis.setresp`."""
        return self._reply(outcome, self._caller.protocol)

    # Commands

    def call(self, *args: Any) -> Any:
        self.engine.make_room(0)
        reply = self._caller.call(_words(args), self._running)
        kind = type(reply)
        if kind is int:
            return reply
        if kind is bytes:
            if len(reply) > _LARGE:  # type: ignore[arg-type]
                self.engine.make_room(len(reply))  # type: ignore[arg-type]
            return reply
        if isinstance(reply, Exception):
            raise RaisedReply(error_text(reply), counted=True)
        return self._convert(reply)

    def pcall(self, *args: Any) -> Any:
        try:
            return self.call(*args)
        except RaisedReply as error:
            table = {b"err": error.text}
            return self._table({**table, b"ignore_error_stats_update": True} if error.counted else table)

    @property
    def _running(self) -> Run:
        assert self._run is not None, "no script is running"
        return self._run

    def acl_check_cmd(self, *args: Any) -> bool:
        words = _words(args)
        row = ROWS.get(words[0]) or ROWS.get(words[0].lower())
        if row is not None and row.subcommands and len(words) > 1:
            row = row.subcommands.get(words[1].lower())
        if row is None:
            raise _error("Invalid command passed to redis.acl_check_cmd()")
        session = self._running.session
        return session is None or session.user.denial(row, words) is None

    # Replies

    def error_reply(self, *args: Any) -> Any:
        if len(args) != 1 or type(args[0]) is not bytes:
            return self._misused()
        text = args[0].partition(b"\0")[0].removeprefix(b"-")
        code, blank, message = text.partition(b" ")
        if not blank:
            code, message = b"ERR", text
        return self._table({b"err": code + b" " + message.strip(b"\r\n")})

    def status_reply(self, *args: Any) -> Any:
        if len(args) != 1 or type(args[0]) is not bytes:
            return self._misused()
        return self._table({b"ok": args[0]})

    def _misused(self) -> Any:
        return self._table({b"err": b"ERR wrong number or type of arguments"})

    # The rest

    def sha1hex(self, *args: Any) -> bytes:
        if len(args) != 1:
            raise _error("wrong number of arguments")
        return hashlib.sha1(_text(args[0]) or b"", usedforsecurity=False).hexdigest().encode()

    def log(self, *args: Any) -> None:
        if len(args) < 2:
            raise _error("redis.log() requires two arguments or more.")
        level = _number(args[0])
        if level is None:
            raise _error("First argument must be a number (log level).")
        if not 0 <= int(level) < len(LEVELS):
            raise _error("Invalid debug level.")
        texts = [text for text in map(_text, args[1:]) if text is not None]
        self._write_log(int(level), b" ".join(texts).decode("utf-8", "replace"))

    def _write_log(self, level: int, text: str) -> None:
        import logging  # slow to import, and rarely needed

        grade = (logging.DEBUG, logging.DEBUG, logging.INFO, logging.WARNING)[level]
        logging.getLogger("kvlite.script").log(grade, "%s", text)

    def setresp(self, *args: Any) -> None:
        if len(args) != 1:
            raise _error("redis.setresp() requires one argument.")
        resp = _number(args[0])
        if resp not in (2, 3):
            raise _error("RESP version must be 2 or 3.")
        self._caller.protocol = int(resp)
        self._convert = self._converters[int(resp)]

    def set_repl(self, *args: Any) -> None:
        if len(args) != 1:
            raise _error("redis.set_repl() requires two arguments.")
        if int(_number(args[0]) or 0) & ~_REPLICATION["ALL"]:
            raise _error("Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE.")


def _error(text: str) -> RaisedReply:
    return RaisedReply(b"ERR " + text.encode())


def _words(args: tuple[Any, ...]) -> list[bytes]:
    """The arguments of a command."""
    if not args:
        raise _error("Please specify at least one argument for this redis lib call")
    return [arg if type(arg) is bytes else _word(arg) for arg in args]


def _word(arg: Any) -> bytes:
    if type(arg) is int or type(arg) is float:
        return number_text(arg, 17)
    raise _error("Lua redis lib command arguments must be strings or integers")


def _text(arg: Any) -> bytes | None:
    if type(arg) is bytes:
        return arg
    return number_text(arg) if type(arg) in (int, float) else None


def _number(arg: Any) -> int | float | None:
    if type(arg) is bytes:
        return parse_number(arg)
    return arg if type(arg) in (int, float) else None
