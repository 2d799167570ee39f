"""What `serve` is told: by its arguments, by the environment, by a file in the manner of redis.conf."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..wire.config import REFUSED, Config, read_config_file
from ..wire.parameters import NAMES, nearest

PREFIX = "KVLITE_"
ALIASES = {"host": "bind"}
"""Options that are parameters under another name."""
OWN = ("config", "path")
"""Options that are no parameters."""
VARIABLES = {PREFIX + name.upper().replace("-", "_"): name for name in (*NAMES, *ALIASES, *OWN)}
"""The variable of the environment for each option."""
LOOPBACK = ("127.0.0.1", "-::1")


@dataclass(frozen=True)
class Setting:
    """A parameter that is to be set."""

    name: str
    words: Sequence[str]
    where: str
    """Where it was found, for who has to mend it."""

    def apply(self, config: Config) -> None:
        """ValueError, in one line, if it is wrong."""
        try:
            config.set_at_start(self.name, *self.words)
        except ValueError as error:
            raise ValueError(f"{self.where}: {error}") from None

    def value(self) -> Any:
        """The value by itself."""
        row = NAMES[self.name]
        if not self.words:
            raise ValueError(f"{self.where}: wrong number of arguments")
        try:
            return row.kind.read(list(self.words))
        except ValueError as error:
            raise ValueError(f"{self.where}: {error}") from None


@dataclass
class Options:
    """All that was said, in the order in which it counts: what comes later wins."""

    path: str | None = None
    """The folder of the store; None is a store in memory."""
    file: str | None = None
    """The configuration file."""
    settings: list[Setting] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    """What the environment says that is no option."""
    wants_help: bool = False

    def last(self, name: str) -> Any:
        """The value that was said last for a parameter, or its default. ValueError if it is wrong."""
        said = [setting for setting in self.settings if setting.name == name]
        return said[-1].value() if said else Config()[name]

    def was_said(self, name: str) -> bool:
        return any(setting.name == name for setting in self.settings)


def read_options(arguments: Sequence[str], environment: Mapping[str, str]) -> Options:
    """Arguments win over the environment, and that over the file. ValueError, in one line, says what is
    wrong; OSError is of a file that cannot be read."""
    options = Options()
    said_here = _take_arguments(options, arguments)
    said_around = _take_environment(options, environment)
    if options.file is not None:
        for line in read_config_file(options.file):
            where = f"{line.file}, line {line.number}: {line.name}"
            options.settings.append(Setting(line.name, line.words, where))
    options.settings += [*said_around, *said_here]
    if options.path is None and options.last("appendonly"):
        options.path = os.path.join(options.last("dir"), options.last("appenddirname"))
    # A file made for Redis says `appendonly no`; the folder decides.
    options.settings = [setting for setting in options.settings if setting.name != "appendonly"]
    return options


def _take_arguments(options: Options, arguments: Sequence[str]) -> list[Setting]:
    settings: list[Setting] = []
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        if word in ("-h", "--help"):
            options.wants_help = True
        elif word.startswith("--"):
            name, equals, value = word.removeprefix("--").partition("=")
            words = [value] if equals else _values(name, rest)
            settings += _take(options, f"--{name}", name, words)
        elif word.startswith("-"):
            raise ValueError(f"there is no option {word}: options begin with two hyphens")
        elif os.path.isfile(word) and options.file is None:
            options.file = word
        elif options.path is None:
            options.path = word
        else:
            raise ValueError(f"{word!r} is one word too many: there is a path, {options.path!r}, already")
    return settings


def _values(name: str, rest: list[str]) -> list[str]:
    """Take the words that belong to an option from `rest`: one, or all up to the next option."""
    most = len(rest) if _is_several(name) else 1
    words: list[str] = []
    while rest and len(words) < most and not rest[0].startswith("--"):
        words.append(rest.pop(0))
    return words


def _take_environment(options: Options, environment: Mapping[str, str]) -> list[Setting]:
    settings: list[Setting] = []
    for variable, value in environment.items():
        if not variable.startswith(PREFIX):
            continue
        # An orchestrator that has a service `kvlite` says by variables like these where it is.
        if variable not in VARIABLES or value.startswith(("tcp://", "udp://")):
            options.ignored.append(variable)
        else:
            settings += _take(options, variable, VARIABLES[variable], [value])
    return settings


def _take(options: Options, where: str, name: str, words: list[str]) -> Iterator[Setting]:
    """Take one option; what was said before by an argument stays."""
    name = ALIASES.get(name, name).lower()
    if name in OWN:
        if len(words) != 1 or not words[0]:
            raise ValueError(f"{where}: wrong number of arguments")
        if name == "config":
            options.file = options.file or words[0]
        else:
            options.path = options.path or words[0]
    elif name in REFUSED:
        raise ValueError(f"{where}: {REFUSED[name]}")
    elif name in NAMES:
        if _is_several(name):
            words = [part for word in words for part in word.split() or [word]]
        yield Setting(NAMES[name].name, words, where)
    else:
        raise ValueError(f"there is no option {where}{_meant(name)}")


def _is_several(name: str) -> bool:
    """Whether the value of an option may be several words."""
    name = ALIASES.get(name.lower(), name.lower())
    return name in NAMES and NAMES[name].kind.several


def _meant(name: str) -> str:
    near = nearest(name, (*ALIASES, *OWN))
    return f"; did you mean --{near}?" if near else ""


def meant_variable(variable: str) -> str | None:
    """The variable that may have been meant by one that is none, and is hardly an orchestrator's."""
    near = nearest(variable.removeprefix(PREFIX).replace("_", "-"), (*ALIASES, *OWN), 0.75)
    return None if near is None or variable in VARIABLES else f"{PREFIX}{near.upper().replace('-', '_')}"
