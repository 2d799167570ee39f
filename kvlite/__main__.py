"""The command line: `python -m kvlite`."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from . import RedisError, __version__

INTERRUPTED = 130
PIPE_BROKEN = 141


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n")


def number(low: int, high: int) -> Callable[[str], int]:
    """A parser of whole numbers from `low` to `high`."""

    def parse(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = low - 1
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number from {low} to {high}")
        return value

    return parse


def word(text: str) -> str:
    """A parser of words, as the demo tells them apart."""
    if len(text) < 2 or not text.isalpha():
        raise argparse.ArgumentTypeError(f"{text!r} is not a word of two or more letters")
    return text.lower()


def folder(text: str) -> str:
    """A parser of the names of folders."""
    if not text:
        raise argparse.ArgumentTypeError("a folder has a name")
    return text


def run_demo(options: argparse.Namespace) -> int:
    from . import demo

    demo.run(options.workers, options.limit, options.word, options.path)
    return 0


def run_check(options: argparse.Namespace) -> int:
    from . import inspecting

    return inspecting.run_check(options.path, options.repair)


def run_info(options: argparse.Namespace) -> int:
    from . import inspecting

    return inspecting.run_info(options.path)


def run_top(options: argparse.Namespace) -> int:
    from . import top

    return top.run_top(options.where, options.interval, options.once, options.largest)


def run_serve(options: argparse.Namespace) -> int:
    # The first process of a container is not ended by SIGTERM unless it asks for it, and reading a large
    # store may take a while before the server does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        from . import serving

        return serving.run_serve(options.words)
    except KeyboardInterrupt:
        return 0


def make_parser() -> Parser:
    parser = Parser(
        prog="python -m kvlite",
        description="kvlite: Redis's data model as an embeddable library.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"kvlite {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    serve = commands.add_parser(
        "serve",
        help="serve a store to any Redis client; `serve --help` tells more",
        add_help=False,
        prefix_chars="\0",  # its options are Redis's parameters, which it reads by itself
    )
    serve.add_argument("words", nargs="*")
    serve.set_defaults(run=run_serve)

    demo = commands.add_parser(
        "demo",
        help="index Python's standard library and answer questions about it",
        description="Index every module of this Python's standard library into a store, with several threads,"
        " and answer questions about it. With --path the index is kept on disk: the next run"
        " goes on where one was killed, and answers at once when nothing is left to do.",
        allow_abbrev=False,
    )
    demo.add_argument(
        "--workers", type=number(1, 64), default=4, metavar="N", help="threads that index (default: 4)"
    )
    demo.add_argument(
        "--limit", type=number(1, 1_000_000), metavar="FILES", help="index the first FILES files only"
    )
    demo.add_argument("--word", type=word, default="queue", help="the word to ask about (default: queue)")
    demo.add_argument(
        "--path", type=folder, metavar="FOLDER", help="keep the index in FOLDER (default: in memory)"
    )
    demo.set_defaults(run=run_demo)

    check = commands.add_parser(
        "check",
        help="verify every byte of a store that is kept on disk",
        description="Verify every checksum and every value of the store in the folder PATH, and say what was"
        " found. The exit code is 1 if it is damaged.",
        allow_abbrev=False,
    )
    check.add_argument("path", metavar="PATH", help="the folder")
    check.add_argument(
        "--repair",
        action="store_true",
        help="keep all that can be kept; what was left out goes to a file, and the damaged files stay",
    )
    check.set_defaults(run=run_check)

    info = commands.add_parser(
        "info",
        help="say what is in a store that is kept on disk",
        description="Say what is in the store in the folder PATH, changing nothing: sizes, keys by type,"
        " the largest keys, snapshot and log.",
        allow_abbrev=False,
    )
    info.add_argument("path", metavar="PATH", help="the folder")
    info.set_defaults(run=run_info)

    top = commands.add_parser(
        "top",
        help="watch a store: hits, misses, memory, keys by type, the largest keys",
        description="Watch the store in the folder PATH, or on the kvlite or Redis server at URL"
        " (redis://host:6379, rediss://..., unix:///path): memory, hits, misses, evictions, keys by type and"
        " the largest keys, again and again until Ctrl-C. A folder shows what is on disk, whoever has it"
        " open; hits and requests are a server's. The keys are visited some at a time.",
        allow_abbrev=False,
    )
    top.add_argument("where", metavar="PATH|URL", help="the folder or the server")
    top.add_argument("--once", action="store_true", help="visit all keys, print once and end; so into a pipe")
    top.add_argument(
        "--interval", type=number(1, 3600), default=2, metavar="S", help="seconds between looks (default: 2)"
    )
    top.add_argument(
        "--largest", type=number(0, 1000), default=10, metavar="N", help="how many keys to name (default: 10)"
    )
    top.set_defaults(run=run_top)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; its exit code."""
    parser = make_parser()
    try:
        try:
            options = parser.parse_args(arguments)
            if "run" not in options:
                parser.print_help()
                return 0
            code: int = options.run(options)
            return code
        finally:
            sys.stdout.flush()
    except RedisError as error:
        print(f"python -m kvlite: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # What is still buffered would be written, and fail again, when the interpreter ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_BROKEN


if __name__ == "__main__":
    sys.exit(main())
