"""Commands about the server as a whole: SHUTDOWN, MODULE, LOLWUT."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from ..encoding import integer
from ..errors import RedisError, ResponseError
from .args import syntax_error
from .config import check_allowed
from .info import VERSION
from .persistence import durability_of
from .replies import NO_REPLY, Reply, Verbatim
from .table import command, container, helped

if TYPE_CHECKING:
    from .session import Session

NO_SERVER = "there is no server to shut down: this store is used within a process, which closes it"
SHUTDOWN_FAILED = "Errors trying to SHUTDOWN. Check logs."

# SHUTDOWN


@command("shutdown", -1, "admin noscript loading stale no_multi allow_busy", "server")
def shutdown(session: Session, args: list[bytes]) -> Reply:
    options = {word.upper() for word in args[1:]}
    if not options <= {b"NOSAVE", b"SAVE", b"NOW", b"FORCE", b"ABORT"} or {b"NOSAVE", b"SAVE"} <= options:
        raise syntax_error()
    if b"ABORT" in options:
        if len(options) > 1:
            raise syntax_error()
        raise ResponseError("No shutdown in progress.")
    stop = session.instance.stop
    if stop is None:
        raise ResponseError(NO_SERVER)
    runner = session.instance.runner
    if session.instance.busy:
        if b"NOSAVE" not in options:
            raise runner.busy_error()
        runner.end()
    if b"SAVE" in options:
        _save(session, b"FORCE" in options)
    session.closing = True
    stop()
    return NO_REPLY


def _save(session: Session, force: bool) -> None:
    """Take a snapshot. An error if there is none afterwards, unless the end is to come anyway."""
    try:
        durability_of(session.instance)
        session.instance.saves.take()
    except RedisError as error:
        if not force:
            raise ResponseError(SHUTDOWN_FAILED) from error


# MODULE

container("module", -2, "server")


@command("module|list", 2, "admin noscript", "server")
def module_list(session: Session, args: list[bytes]) -> Reply:
    return []


@command("module|load", -3, "admin noscript no_async_loading", "server")
@command("module|loadex", -3, "admin noscript no_async_loading", "server")
def module_load(session: Session, args: list[bytes]) -> Reply:
    check_allowed(session, "module|load")
    raise ResponseError("Error loading the extension. Please check the server logs.")


@command("module|unload", 3, "admin noscript no_async_loading", "server")
def module_unload(session: Session, args: list[bytes]) -> Reply:
    check_allowed(session, "module|unload")
    raise ResponseError("Error unloading module: no such module with that name")


helped(
    "module",
    "LIST",
    "    List the modules: there are none.",
    "LOAD <path> [<arg> ...]",
    "    An error: modules cannot be loaded.",
    "LOADEX <path> [[CONFIG NAME VALUE] [CONFIG NAME VALUE]] [ARGS ...]",
    "    As LOAD.",
    "UNLOAD <name>",
    "    An error: there is none to be unloaded.",
)

# LOLWUT

COLUMNS, ROWS = 48, 9


@command("lolwut", -1, "readonly fast", "server")
def lolwut(session: Session, args: list[bytes]) -> Reply:
    columns, rows = COLUMNS, ROWS
    if len(args) > 2 and args[1].upper() == b"VERSION":
        _, *sizes = [integer(argument) for argument in args[2:]]
        columns, rows = [*sizes[:2], *(COLUMNS, ROWS)[len(sizes[:2]) :]]
    picture = landscape(Random(), _within(columns, 160), _within(rows, 40))
    return Verbatim(f"{picture}\nkvlite, in the words of Redis ver. {VERSION}\n".encode())


def _within(number: int, most: int) -> int:
    return min(max(number, 4), most)


def landscape(random: Random, columns: int, rows: int) -> str:
    """Hills by night: each column is as high as the one before it, or a step more or less."""
    height, sky = rows // 2, [[" "] * columns for _ in range(rows)]
    for column in range(columns):
        step = random.choice((-1, 0, 0, 1))
        height = min(max(height + step, 1), rows - 2)
        for row in range(rows):
            if row < height:
                sky[rows - 1 - row][column] = "#" if row < height - 1 else "/_\\"[1 - step]
            elif random.random() < 0.03:
                sky[rows - 1 - row][column] = random.choice(".*+")
    return "\n".join("".join(line).rstrip() for line in sky)
