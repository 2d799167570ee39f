"""The life of a server that is a process: it starts, says how it is, serves, and stops when it is told to."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any

from .. import __version__
from ..errors import RedisError
from ..server import Server
from ..server.listening import why_not
from ..server.server import loop_factory
from ..store import Store
from ..wire.config import Config, is_local
from ..wire.instance import Instance
from .help import HELP
from .options import LOOPBACK, Options, meant_variable, read_options

log = logging.getLogger("kvlite")

WRONG = 2
"""The exit code of a server that could not start."""
SPARE_FILES = 32
"""How many files are open beside the connections."""
LEVELS = {
    "debug": logging.DEBUG,
    "verbose": logging.DEBUG,
    "notice": logging.INFO,
    "warning": logging.WARNING,
}
WITHOUT_EFFECT = {
    "syslog-enabled": "what is said goes to standard error, or to the logfile",
    "tls-ciphersuites": "those of TLS 1.3 are OpenSSL's own",
}
"""Parameters that would matter if they had an effect."""


def run_serve(arguments: Sequence[str]) -> int:
    """Serve until told to stop; the exit code. What keeps it from starting is said in one line."""
    try:
        options = read_options(arguments, os.environ)
        if options.wants_help:
            print(HELP, end="")
            return 0
        _begin_to_log(options)
        began = time.perf_counter()
        with Store(options.path) as store:
            seconds = time.perf_counter() - began
            server = _make_server(store, options)
            with asyncio.Runner(loop_factory=loop_factory()) as runner:
                runner.run(_serve(server, options, seconds))
        log.info("stopped; everything is kept" if options.path else "stopped")
    except OSError as error:
        return _cannot(
            f"{error.filename}: {error.strerror}" if error.filename else error.strerror or str(error)
        )
    except (RedisError, ValueError) as error:
        return _cannot(str(error))
    return 0


def _cannot(why: str) -> int:
    print(f"python -m kvlite serve: {why}", file=sys.stderr)
    return WRONG


def _begin_to_log(options: Options) -> None:
    """Say things on standard error, or in the logfile."""
    file = options.last("logfile")
    with _named("logfile", file):
        handler = logging.FileHandler(file) if file else logging.StreamHandler()
    handler.setFormatter(_Lines("%(asctime)s.%(msecs)03d %(message)s", "%Y-%m-%d %H:%M:%S"))
    logging.basicConfig(handlers=[handler], level=LEVELS[options.last("loglevel")], force=True)


@contextlib.contextmanager
def _named(option: str, path: str) -> Iterator[None]:
    """Let the error of a file that cannot be made say which, and what to do."""
    try:
        yield
    except OSError as error:
        why = f"--{option} {path} cannot be made: {why_not(path, error)}"
        raise OSError(error.errno, why) from error


class _Lines(logging.Formatter):
    """A line for each event; what is more than news says so."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        if record.levelno > logging.INFO:
            record.message = f"{record.levelname.lower()}: {record.message}"
        return super().formatMessage(record)


def _make_server(store: Store[Any], options: Options) -> Server:
    instance = Instance.of(store)
    config = instance.config
    for setting in options.settings:
        setting.apply(config)
    if options.file is not None:
        config.file = os.path.abspath(options.file)
    if config["aclfile"]:
        raise ValueError("aclfile is not read: put its `user` lines into the configuration file")
    hosts = config["bind"] if options.was_said("bind") else LOOPBACK
    if not config["unixsocket"] and not (hosts and (config["port"] or config["tls-port"])):
        raise ValueError("there is nowhere to listen: give a --port, a --tls-port or a --unixsocket")
    _allow_files(config)
    return Server(store, hosts, config["port"] or None, config["tls-port"] or None)


def _allow_files(config: Config) -> None:
    """Let the process open a file for each client that may come; allow fewer clients if that cannot be."""
    try:
        import resource
    except ImportError:  # a system without such limits
        return
    wanted = config["maxclients"] + SPARE_FILES
    allowed, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if allowed >= wanted or allowed == resource.RLIM_INFINITY:
        return
    if most != resource.RLIM_INFINITY:
        wanted = min(wanted, most)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
        allowed = wanted
    if allowed - SPARE_FILES < config["maxclients"]:
        config["maxclients"] = max(1, allowed - SPARE_FILES)
        log.warning(
            "the system lets this process have %d files open: maxclients is %d", allowed, config["maxclients"]
        )


async def _serve(server: Server, options: Options, seconds: float) -> None:
    async with server:
        _obey_signals(server)
        with _pid_file(server.instance.config["pidfile"]):
            _say_what(server, options, seconds)
            _say_where(server)
            with _service_manager():
                await server.serve_forever()


def _obey_signals(server: Server) -> None:
    """The first SIGTERM or SIGINT is a request, the second an order."""
    loop = asyncio.get_running_loop()

    def stop(name: str) -> None:
        if server.is_stopping:
            log.warning("%s again: ending at once", name)
            os._exit(1)
        log.info("%s: stopping", name)
        server.stop()

    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, stop, each.name)
    if hasattr(signal, "SIGHUP"):
        loop.add_signal_handler(signal.SIGHUP, lambda: None)


def _say_what(server: Server, options: Options, seconds: float) -> None:
    """Say what is served, what it took so many `seconds` to find, and what was said in vain."""
    config, recovery, journal = server.instance.config, server.store.recovery, server.store._shared.journal
    log.info("kvlite %s, pid %d", __version__, os.getpid())
    if recovery is not None and journal is not None:
        log.info("serving %s (appendfsync %s)", journal.path, config.show("appendfsync"))
        log.info("%d keys recovered in %.3f seconds", recovery.keys, seconds)
    else:
        log.warning("what is stored is kept in memory only, and lost when this ends: give a PATH to keep it")
    for variable in options.ignored:
        near = meant_variable(variable)
        level, meant = (logging.WARNING, f": did you mean {near}?") if near else (logging.INFO, "")
        log.log(level, "%s in the environment is no option, and is ignored%s", variable, meant)
    for name, what in WITHOUT_EFFECT.items():
        if name in config.given and config[name] != config.defaults[name]:
            log.warning("%s has no effect: %s", name, what)


def _say_where(server: Server) -> None:
    config, acl = server.instance.config, server.instance.acl
    for place in server.places:
        log.info("listening at %s%s", place, " (TLS)" if place.secure else "")
    open_to_all = [place for place in server.places if not place.path and not is_local(str(place))]
    if open_to_all and acl.is_open and config["protected-mode"]:
        log.warning(
            "other machines are refused, as there is no password: set one (--requirepass), or turn the"
            " protection off where only friends can reach this port (--protected-mode no)"
        )
    elif open_to_all and acl.is_open:
        log.warning("everybody who can reach this port can read and write everything: there is no password")
    log.info("ready; Ctrl-C or SIGTERM stops it")


@contextlib.contextmanager
def _pid_file(path: str) -> Iterator[None]:
    """Keep the number of this process in a file, if there is to be one."""
    if not path:
        yield
        return
    with _named("pidfile", path), open(path, "w") as file:
        file.write(f"{os.getpid()}\n")
    try:
        yield
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)


@contextlib.contextmanager
def _service_manager() -> Iterator[None]:
    """Tell systemd, if it is what started this, when the server is ready and when it stops."""
    _notify(b"READY=1")
    try:
        yield
    finally:
        _notify(b"STOPPING=1")


def _notify(state: bytes) -> None:
    address = os.environ.get("NOTIFY_SOCKET")
    if address:
        if address.startswith("@"):
            address = f"\0{address[1:]}"
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notified:
            notified.sendto(state, address)
