# mypy: disable-error-code="no-untyped-call"
# (redis-py has no annotations beneath its commands)
"""What pipelines of both kinds make of the replies to all their commands at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from redis.client import EMPTY_RESPONSE, NEVER_DECODE
from redis.exceptions import ExecAbortError, ResponseError, WatchError

from .talk import Words

Command = tuple[tuple[Any, ...], dict[str, Any]]
"""The arguments and the options of a command that a pipeline has queued."""

WATCHING = {"WATCH": True, "UNWATCH": False, "EXEC": False, "DISCARD": False}
"""Whether keys are watched after these."""


class Callbacks(dict[Any, Any]):
    """What a client makes of the replies to each command, looked up once for all in a pipeline."""

    def __init__(self, of: Any) -> None:
        self._of = of

    def __missing__(self, name: Any) -> Any:
        callback = self[name] = self._of.get(name)
        return callback


def may_exchange(connection: Any, kind: type[Any]) -> bool:
    """Whether all replies may be read at once, as nothing else is to be done for this connection."""
    return bool(
        isinstance(connection, kind)
        and not connection.health_check_interval
        and not connection.himport_registry.revision
    )


def undecoded(commands: list[Command]) -> list[int]:
    """The numbers of the commands whose replies are not to be decoded."""
    return [number for number, (_, options) in enumerate(commands) if NEVER_DECODE in options]


class Transaction:
    """Part of a pipeline: its commands between MULTI and EXEC."""

    watching: bool

    if TYPE_CHECKING:
        annotate_exception: Callable[[Any, int, Any], None]
        raise_first_error: Callable[[Any, Any], None]

    def _requests(self, connection: Any, commands: list[Command]) -> list[Words]:
        sent = [args for args, options in commands if EMPTY_RESPONSE not in options]
        return [[b"MULTI"], *connection.pack_commands(sent), [b"EXEC"]]

    def _results(
        self, connection: Any, commands: list[Command], replies: list[Any], raise_on_error: bool
    ) -> list[Any]:
        """The results of the commands, without their callbacks, for the replies to `_requests`."""
        opened, *queued, results = replies
        failures = self._failures(commands, opened, queued)
        if isinstance(results, ExecAbortError) and failures:
            raise failures[0][1] from results
        if isinstance(results, Exception):
            raise results
        self.watching = False
        if results is None:
            raise WatchError("Watched variable changed.")
        for number, failure in failures:
            results.insert(number, failure)
        if len(results) != len(commands):
            connection.mark_for_reconnect()
            raise ResponseError("Wrong number of response items from pipeline execution")
        if raise_on_error:
            self.raise_first_error(commands, results)
        return list(results)

    def _failures(self, commands: list[Command], opened: Any, queued: list[Any]) -> list[tuple[int, Any]]:
        """The numbers of the commands that were not queued, and what stands for their results."""
        failures = [(0, opened)] if isinstance(opened, Exception) else []
        if len(queued) == len(commands) and not any(isinstance(reply, Exception) for reply in queued):
            return failures
        replies = iter(queued)
        for number, (args, options) in enumerate(commands):
            if EMPTY_RESPONSE in options:
                failures.append((number, options[EMPTY_RESPONSE]))
            elif isinstance(reply := next(replies), Exception):
                self.annotate_exception(reply, number + 1, args)
                failures.append((number, reply))
        return failures
