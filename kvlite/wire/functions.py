"""FUNCTION, FCALL and FCALL_RO."""

from __future__ import annotations

from ..encoding import integer
from ..errors import ResponseError
from .args import shown
from .lua.functions import BAD_NUMBER_OF_KEYS, Function, Library
from .lua.running import check_count
from .replies import OK, Members, Reply, Status
from .scripting import FLAGS, READS, WRITES, run, show_first
from .session import Session
from .table import command, container, helped, wrong_subcommand


def _call(session: Session, args: list[bytes], read_only: bool = False) -> Reply:
    show_first(session, args)
    function = session.instance.functions.find(args[1])
    count = check_count(integer(args[2], BAD_NUMBER_OF_KEYS), len(args) - 3)
    return run(session, function, args, count, read_only)


@command("fcall", -3, f"may_replicate {FLAGS}", "scripting", WRITES)
def fcall(session: Session, args: list[bytes]) -> Reply:
    return _call(session, args)


@command("fcall_ro", -3, f"readonly {FLAGS}", "scripting", READS)
def fcall_ro(session: Session, args: list[bytes]) -> Reply:
    return _call(session, args, read_only=True)


container("function", -2, "scripting")


@command("function|load", -3, "write noscript", "scripting")
def function_load(session: Session, args: list[bytes]) -> Reply:
    for option in args[2:-1]:
        if option.upper() != b"REPLACE":
            raise ResponseError(f"Unknown option given: {shown(option)}")
    return session.store._function_load(args[-1], replace=len(args) > 3)


@command("function|delete", 3, "write noscript", "scripting")
def function_delete(session: Session, args: list[bytes]) -> Reply:
    session.store._function_delete(args[2])
    return OK


@command("function|flush", -2, "write noscript", "scripting")
def function_flush(session: Session, args: list[bytes]) -> Reply:
    if len(args) > 3:
        raise wrong_subcommand(args)
    session.store._function_flush(args[2] if len(args) > 2 else b"SYNC")
    return OK


@command("function|list", -2, "noscript", "scripting")
def function_list(session: Session, args: list[bytes]) -> Reply:
    pattern: bytes | None = None
    with_code = False
    words = iter(args[2:])
    for word in words:
        if word.upper() == b"WITHCODE" and not with_code:
            with_code = True
        elif word.upper() == b"LIBRARYNAME" and pattern is None:
            pattern = next(words, None)
            if pattern is None:
                raise ResponseError("library name argument was not given")
        else:
            raise ResponseError(f"Unknown argument {shown(word)}")
    found = session.store._function_list(b"*" if pattern is None else pattern)
    return [_described(library, with_code) for library in found]


def _described(library: Library, with_code: bool) -> Reply:
    described: dict[bytes, Reply] = {
        b"library_name": library.name,
        b"engine": b"LUA",
        b"functions": [_function(function) for function in library.functions],
    }
    return described | {b"library_code": library.code} if with_code else described


def _function(function: Function) -> Reply:
    return {
        b"name": function.name,
        b"description": function.description,
        b"flags": Members(map(Status, function.shown_flags)),
    }


@command("function|stats", 2, "noscript allow_busy", "scripting")
def function_stats(session: Session, args: list[bytes]) -> Reply:
    return session.instance.functions.stats()


@command("function|kill", 2, "noscript allow_busy", "scripting")
def function_kill(session: Session, args: list[bytes]) -> Reply:
    session.instance.runner.kill("FUNCTION")
    return OK


@command("function|dump", 2, "noscript", "scripting")
def function_dump(session: Session, args: list[bytes]) -> Reply:
    return session.store.function_dump()


@command("function|restore", -3, "write noscript", "scripting")
def function_restore(session: Session, args: list[bytes]) -> Reply:
    if len(args) > 4:
        raise wrong_subcommand(args)
    session.store._function_restore(args[2], args[3] if len(args) > 3 else b"APPEND")
    return OK


helped(
    "function",
    "LOAD [REPLACE] <FUNCTION CODE>",
    "    Keep a library of functions; REPLACE lets it take the place of one of its name.",
    "DELETE <LIBRARY NAME>",
    "    Forget a library.",
    "LIST [LIBRARYNAME PATTERN] [WITHCODE]",
    "    Show the libraries, or those whose names match, with their functions,",
    "    and with their code if asked.",
    "STATS",
    "    Show which function is running, if any, and what there is to run functions with.",
    "KILL",
    "    End the function that is running, if it has written nothing.",
    "FLUSH [ASYNC|SYNC]",
    "    Forget all libraries. It is done at once either way.",
    "DUMP",
    "    Show all libraries as one payload, which RESTORE reads.",
    "RESTORE <PAYLOAD> [FLUSH|APPEND|REPLACE]",
    "    Keep the libraries of a payload. What is there already:",
    "    * FLUSH: is forgotten.",
    "    * APPEND: stays, and one of the same name is an error (the default).",
    "    * REPLACE: stays, unless there is one of the same name in the payload.",
)
