"""What a user may do: the commands, keys and channels of one selector, and the rules that make it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from copy import copy
from enum import IntEnum
from functools import cache

from ..errors import ResponseError
from ..globs import compile_glob
from .facts import CATEGORIES, CATEGORY_NAMES, NEWER
from .table import Row

UNKNOWN_COMMAND = "Unknown command or category name in ACL"
SYNTAX_ERROR = "Syntax error"
FIRST_ARGUMENT_OF_SUBCOMMAND = "Allowing first-arg of a subcommand is not supported"
AFTER_ALL_KEYS = (
    "Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does not have any effect. "
    "Try 'resetkeys' to start with an empty list of patterns"
)
AFTER_ALL_CHANNELS = (
    "Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and does not have any "
    "effect. Try 'resetchannels' to start with an empty list of channels"
)


class Denial(IntEnum):
    """What somebody may not do. Where several selectors deny a request, the greatest counts."""

    COMMAND = 1
    KEY = 2
    CHANNEL = 3


NO_PERMISSION = {
    Denial.COMMAND: "this user has no permissions to run the '{}' command",
    Denial.KEY: "this user has no permissions to access one of the keys used as arguments",
    Denial.CHANNEL: "this user has no permissions to access one of the channels used as arguments",
}
"""What a client is told; the name of the command goes in."""

NO_PERMISSION_ANY_MORE = {
    Denial.COMMAND: "no permission to execute the command or subcommand",
    Denial.KEY: "no permission to touch the specified keys",
    Denial.CHANNEL: "no permission to access one of the channels used as arguments",
}
"""Why EXEC does not run a request that could be queued."""

NO_PERMISSION_IN_SCRIPT = {
    Denial.COMMAND: "The user executing the script can't run this command or subcommand",
    Denial.KEY: "The user executing the script can't access at least one of the keys "
    "mentioned in the command arguments",
    Denial.CHANNEL: "The user executing the script can't publish to the channel mentioned in the command",
}

CHANNELS: dict[str, tuple[bool, bool]] = {
    "publish": (False, False),
    "spublish": (False, False),
    "subscribe": (True, False),
    "ssubscribe": (True, False),
    "psubscribe": (True, True),
}
"""The commands whose arguments are channels: whether all of them are, and whether they are patterns."""

_ALL_COMMANDS = frozenset(CATEGORIES)
_READING = frozenset({"access"})
_WRITING = frozenset({"insert", "update", "delete"})


@cache
def _access(flags: str) -> tuple[bool, bool]:
    """Whether a key with these flags is read, and whether it is written."""
    words = set(flags.split())
    return not words.isdisjoint(_READING), not words.isdisjoint(_WRITING)


def matcher(pattern: bytes) -> Callable[[bytes], bool]:
    """As in Redis, `*` in a rule does not match the empty name; "all" does."""
    return compile_glob(b"**" if pattern == b"*" else pattern)


@cache
def _subcommands(name: str) -> tuple[str, ...]:
    return tuple(each for each in CATEGORIES if each.startswith(name + "|"))


@cache
def _members(category: str) -> tuple[str, ...]:
    return tuple(name for name in sorted(CATEGORIES) if category in CATEGORIES[name])


class RuleError(ResponseError):
    """A rule that makes no sense."""


class KeyPattern:
    """Keys that may be read, written, or both."""

    __slots__ = ("matches", "pattern", "read", "write")

    def __init__(self, pattern: bytes, read: bool, write: bool) -> None:
        self.pattern = pattern
        self.matches = matcher(pattern)
        self.read = read
        self.write = write

    def __bytes__(self) -> bytes:
        if self.read and self.write:
            return b"~" + self.pattern
        return (b"%R~" if self.read else b"%W~") + self.pattern


class Selector:
    """Commands, keys and channels that may be used together."""

    def __init__(self, all_channels: bool = False) -> None:
        self.all_commands = False
        """Also those that are unknown: nothing was taken away since `+@all`."""
        self.future_commands = False
        """It began with `+@all`, and then some may have been taken away."""
        self.all_keys = False
        self.all_channels = all_channels
        self.commands: frozenset[str] = frozenset()
        """Exchanged, never changed: most users have all there are in common."""
        self.first_arguments: dict[str, list[bytes]] = {}
        """Of commands that may be run with these first arguments only."""
        self.keys: list[KeyPattern] = []
        self.channels: list[bytes] = []

    def copy(self) -> Selector:
        """Another that allows the same, of which each may be changed by itself."""
        twin = object.__new__(Selector)
        twin.__dict__.update(self.__dict__)
        twin.first_arguments = {name: list(words) for name, words in self.first_arguments.items()}
        twin.keys = [copy(pattern) for pattern in self.keys]
        twin.channels = list(self.channels)
        return twin

    @property
    def unrestricted(self) -> bool:
        return self.all_commands and self.all_keys and self.all_channels

    # What is allowed

    def denial(self, row: Row, args: list[bytes]) -> tuple[Denial, int] | None:
        """Why this selector does not allow a request, and the place of the argument at fault; else None."""
        if not self.all_commands and not self._allows_command(row, args):
            return Denial.COMMAND, 0
        if not self.all_keys and row.has_keys:
            for place, flags in row.keys_at(args):
                if not self.allows_key(args[place], flags):
                    return Denial.KEY, place
        if not self.all_channels and row.name in CHANNELS:
            several, are_patterns = CHANNELS[row.name]
            for place in range(1, len(args) if several else 2):
                if not self.allows_channel(args[place], are_patterns):
                    return Denial.CHANNEL, place
        return None

    def _allows_command(self, row: Row, args: list[bytes]) -> bool:
        if row.name in self.commands or "no_auth" in row.flags:
            return True
        allowed = self.first_arguments.get(row.name)
        return allowed is not None and len(args) > 1 and args[1].lower() in map(bytes.lower, allowed)

    def allows_key(self, key: bytes, flags: str) -> bool:
        """Whether `key` may be used as the flags of its `Keys` say."""
        if self.all_keys:
            return True
        read, write = _access(flags)
        return any(
            (each.read or not read) and (each.write or not write) and each.matches(key) for each in self.keys
        )

    def allows_channel(self, channel: bytes, is_pattern: bool) -> bool:
        """A pattern is allowed where it is one of the rules' own."""
        if self.all_channels or (is_pattern and channel in self.channels):
            return True
        return not is_pattern and any(matcher(each)(channel) for each in self.channels)

    # Rules

    def apply(self, rule: bytes) -> None:
        """Change what is allowed by one rule. RuleError if it is none."""
        change = _SELECTOR_WORDS.get(rule.lower())
        if change is not None:
            change(self)
        elif rule[:1] in (b"~", b"%"):
            self._add_keys(rule)
        elif rule[:1] == b"&":
            self._add_channels(rule[1:])
        elif rule[:2] in (b"+@", b"-@"):
            self._change_category(rule[2:].lower().decode("latin-1"), rule[:1] == b"+")
        elif rule[:1] == b"+":
            self._allow_command(rule[1:])
        elif rule[:1] == b"-":
            self.change([_known(rule[1:])], allowed=False)
        elif rule:
            raise RuleError(SYNTAX_ERROR)

    def allow_all_keys(self) -> None:
        self.all_keys = True
        self.keys = []

    def reset_keys(self) -> None:
        self.all_keys = False
        self.keys = []

    def allow_all_channels(self) -> None:
        self.all_channels = True
        self.channels = []

    def reset_channels(self) -> None:
        self.all_channels = False
        self.channels = []

    def allow_all_commands(self) -> None:
        self.all_commands = self.future_commands = True
        self.commands = _ALL_COMMANDS
        self.first_arguments = {}

    def deny_all_commands(self) -> None:
        self.all_commands = self.future_commands = False
        self.commands = frozenset()
        self.first_arguments = {}

    def _add_keys(self, rule: bytes) -> None:
        if self.all_keys:
            raise RuleError(AFTER_ALL_KEYS)
        parts = _is_key_rule(rule)
        if parts is None:
            raise RuleError(SYNTAX_ERROR)
        letters, pattern = (parts[1] or b"RW").upper(), parts[2]
        read, write = b"R" in letters, b"W" in letters
        for each in self.keys:
            if each.pattern == pattern:
                each.read |= read
                each.write |= write
                return
        self.keys.append(KeyPattern(pattern, read, write))

    def _add_channels(self, pattern: bytes) -> None:
        if self.all_channels:
            raise RuleError(AFTER_ALL_CHANNELS)
        if has_blank(pattern):
            raise RuleError(SYNTAX_ERROR)
        if pattern not in self.channels:
            self.channels.append(pattern)

    def _allow_command(self, rule: bytes) -> None:
        name, bar, word = rule.rpartition(b"|")
        if not bar:
            self.change([_known(word)], allowed=True)
            return
        command = _known(name)
        if "|" in command:
            raise RuleError(FIRST_ARGUMENT_OF_SUBCOMMAND)
        if not word:
            raise RuleError(SYNTAX_ERROR)
        if _subcommands(command):
            self.change([_known(rule)], allowed=True)
            return
        words = self.first_arguments.setdefault(command, [])
        if word.lower() not in map(bytes.lower, words):
            words.append(word)

    def _change_category(self, category: str, allowed: bool) -> None:
        if category not in CATEGORY_NAMES:
            raise RuleError(UNKNOWN_COMMAND)
        self.change(_members(category), allowed)

    def change(self, names: Iterable[str], allowed: bool) -> None:
        """Allow or deny commands, each with all of its subcommands."""
        changed: set[str] = set()
        for name in names:
            self.first_arguments.pop(name, None)
            changed.update((name, *_subcommands(name)))
        if allowed:
            self.commands |= changed
        else:
            self.commands -= changed
            self.all_commands = False

    # What is told

    def describe(self) -> bytes:
        """All of it as rules, from which the same can be made again."""
        reset = b"" if self.all_channels else b"resetchannels"
        rules = (self.key_rules(), reset, self.channel_rules(), self.command_rules())
        return b" ".join(filter(None, rules))

    def key_rules(self) -> bytes:
        return b"~*" if self.all_keys else b" ".join(map(bytes, self.keys))

    def channel_rules(self) -> bytes:
        return b"&*" if self.all_channels else b" ".join(b"&" + each for each in self.channels)

    def command_rules(self) -> bytes:
        """Categories that come near, each the best of those that are left, then single commands."""
        adding = not self.future_commands
        told = Selector()
        told.apply(b"-@all" if adding else b"+@all")
        rules = ["-@all" if adding else "+@all"]
        sign, opposite = ("+", "-") if adding else ("-", "+")
        left = self.copy()
        categories = list(CATEGORY_NAMES)
        while best := _best_category(left.commands, categories, adding):
            told.apply(f"{sign}@{best}".encode())
            left.apply(f"{opposite}@{best}".encode())
            rules.append(f"{sign}@{best}")
            categories.remove(best)
        rules += self._single_commands(told)
        return " ".join(rules).encode("latin-1")

    def _single_commands(self, told: Selector) -> Iterator[str]:
        """What is missing or too much in `told`, which is made to be as this."""
        for name in sorted(CATEGORIES):
            allowed = name in self.commands
            if allowed != (name in told.commands):
                told.change([name], allowed)
                yield ("+" if allowed else "-") + name
            if not allowed:
                for word in self.first_arguments.get(name, ()):
                    yield f"+{name}|{word.decode('latin-1')}"


def _best_category(commands: frozenset[str], categories: list[str], adding: bool) -> str | None:
    """The category with the fewest commands that are not meant, of those where more are meant than not.

    Commands that Redis 7.0 does not have do not count, so that it would choose the same.
    """
    best, fewest, most = None, len(CATEGORIES), 0
    for category in categories:
        members = [name for name in _members(category) if name not in NEWER]
        on = sum(name in commands for name in members)
        meant, not_meant = (on, len(members) - on) if adding else (len(members) - on, on)
        if meant > not_meant and (not_meant < fewest or (not_meant == fewest and meant > most)):
            best, fewest, most = category, not_meant, meant
    return best


_is_key_rule = re.compile(rb"(?:~|%(R|W|RW|WR)(?:~|\Z))([^\0 \t\n\r\x0b\x0c]*)\Z", re.IGNORECASE).match
has_blank = re.compile(rb"[\0 \t\n\r\x0b\x0c]").search

_SELECTOR_WORDS: dict[bytes, Callable[[Selector], None]] = {
    b"allkeys": Selector.allow_all_keys,
    b"~*": Selector.allow_all_keys,
    b"resetkeys": Selector.reset_keys,
    b"allchannels": Selector.allow_all_channels,
    b"&*": Selector.allow_all_channels,
    b"resetchannels": Selector.reset_channels,
    b"allcommands": Selector.allow_all_commands,
    b"+@all": Selector.allow_all_commands,
    b"nocommands": Selector.deny_all_commands,
    b"-@all": Selector.deny_all_commands,
}


def _known(name: bytes) -> str:
    """The name of a command in lower case; RuleError if there is none of that name."""
    found = name.decode("latin-1").lower()
    if found not in CATEGORIES:
        raise RuleError(UNKNOWN_COMMAND)
    return found
