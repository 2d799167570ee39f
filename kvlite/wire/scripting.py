"""EVAL, EVALSHA and their read-only forms, and SCRIPT."""

from __future__ import annotations

from ..encoding import integer
from ..errors import NoScriptError, ResponseError
from .lua.running import Program, check_count
from .lua.scripts import NO_SCRIPT
from .monitor import show
from .replies import OK, Reply
from .session import Session
from .table import Keys, command, container, helped

FLAGS = "noscript stale skip_monitor no_mandatory_keys movablekeys"
WRITES = Keys("RW access update", index=2, counted=True)
READS = Keys("RO access", index=2, counted=True)


def _evaluate(session: Session, args: list[bytes], read_only: bool = False) -> Reply:
    count = _count_of_keys(session, args)
    return run(session, session.instance.scripts.evaluated(args[1]), args, count, read_only)


def _evaluate_known(session: Session, args: list[bytes], read_only: bool = False) -> Reply:
    if len(args[1]) != 40:
        raise NoScriptError(NO_SCRIPT)
    count = _count_of_keys(session, args)
    return run(session, session.instance.scripts.find(args[1]), args, count, read_only)


def _count_of_keys(session: Session, args: list[bytes]) -> int:
    show_first(session, args)
    return check_count(integer(args[2]), len(args) - 3)


def show_first(session: Session, args: list[bytes]) -> None:
    """Let MONITOR see a request before what the script calls."""
    if session.instance.monitors:
        assert session.row is not None
        show(session, session.row, args)


def run(session: Session, program: Program, args: list[bytes], count: int, read_only: bool) -> Reply:
    """What a script or function answers to the request `args`, which has `count` keys."""
    runner, store = session.instance.runner, session.store
    keys, values = args[3 : 3 + count], args[3 + count :]
    return runner.elsewhere(
        session, lambda: runner.run(program, keys, values, store, args, session, read_only)
    )


@command("eval", -3, f"may_replicate {FLAGS}", "scripting", WRITES)
def eval_(session: Session, args: list[bytes]) -> Reply:
    return _evaluate(session, args)


@command("eval_ro", -3, f"readonly {FLAGS}", "scripting", READS)
def eval_ro(session: Session, args: list[bytes]) -> Reply:
    return _evaluate(session, args, read_only=True)


@command("evalsha", -3, f"may_replicate {FLAGS}", "scripting", WRITES)
def evalsha(session: Session, args: list[bytes]) -> Reply:
    return _evaluate_known(session, args)


@command("evalsha_ro", -3, f"readonly {FLAGS}", "scripting", READS)
def evalsha_ro(session: Session, args: list[bytes]) -> Reply:
    return _evaluate_known(session, args, read_only=True)


container("script", -2, "scripting")


@command("script|load", 3, "noscript stale", "scripting")
def script_load(session: Session, args: list[bytes]) -> Reply:
    return session.instance.scripts.load(args[2]).name


@command("script|exists", -3, "noscript", "scripting")
def script_exists(session: Session, args: list[bytes]) -> Reply:
    return [int(session.instance.scripts.knows(sha)) for sha in args[2:]]


@command("script|flush", -2, "noscript", "scripting")
def script_flush(session: Session, args: list[bytes]) -> Reply:
    if len(args) > 3 or (len(args) == 3 and args[2].upper() not in (b"SYNC", b"ASYNC")):
        raise ResponseError("SCRIPT FLUSH only support SYNC|ASYNC option")
    session.instance.scripts.flush()
    return OK


@command("script|kill", 2, "noscript allow_busy", "scripting")
def script_kill(session: Session, args: list[bytes]) -> Reply:
    session.instance.runner.kill("SCRIPT")
    return OK


@command("script|debug", 3, "noscript", "scripting")
def script_debug(session: Session, args: list[bytes]) -> Reply:
    mode = args[2].upper()
    if mode == b"NO":
        return OK
    if mode in (b"YES", b"SYNC"):
        raise ResponseError("there is no debugger for scripts here: have them tell what they do by redis.log")
    raise ResponseError("Use SCRIPT DEBUG YES/SYNC/NO")


helped(
    "script",
    "DEBUG (YES|SYNC|NO)",
    "    Only NO is possible: there is no debugger.",
    "EXISTS <sha1> [<sha1> ...]",
    "    Tell of each SHA1 whether there is a script that has it.",
    "FLUSH [ASYNC|SYNC]",
    "    Forget all scripts. It is done at once either way.",
    "KILL",
    "    End the script that is running, if it has written nothing.",
    "LOAD <script>",
    "    Keep a script for EVALSHA, without running it.",
)
