"""Access control lists: users, the rules they are made by, and what they may do. No sessions.

A user has selectors: the one that his rules speak of, and those in parentheses. He may do what one of them
allows as a whole: the command, every key, every channel.
"""

from __future__ import annotations

import hashlib
import hmac
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
NO_SUCH_PASSWORD = "The password you are trying to remove from the user does not exist"
NOT_A_HASH = (
    "The password hash must be exactly 64 characters and contain only lowercase hexadecimal characters"
)
FIRST_ARGUMENT_OF_SUBCOMMAND = "Allowing first-arg of a subcommand is not supported"
AFTER_ALL_KEYS = (
    "Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does not have any effect. "
    "Try 'resetkeys' to start with an empty list of patterns"
)
AFTER_ALL_CHANNELS = (
    "Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and does not have any "
    "effect. Try 'resetchannels' to start with an empty list of channels"
)
WRONG_PASSWORD = "WRONGPASS invalid username-password pair or user is disabled."


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
        self.commands: set[str] = set()
        self.first_arguments: dict[str, list[bytes]] = {}
        """Of commands that may be run with these first arguments only."""
        self.keys: list[KeyPattern] = []
        self.channels: list[bytes] = []

    def __copy__(self) -> Selector:
        twin = Selector()
        twin.__dict__.update(self.__dict__)
        twin.commands = set(self.commands)
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
            self.change(_known(rule[1:]), allowed=False)
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
        self.commands = set(CATEGORIES)
        self.first_arguments = {}

    def deny_all_commands(self) -> None:
        self.all_commands = self.future_commands = False
        self.commands = set()
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
        if _has_blank(pattern):
            raise RuleError(SYNTAX_ERROR)
        if pattern not in self.channels:
            self.channels.append(pattern)

    def _allow_command(self, rule: bytes) -> None:
        name, bar, word = rule.rpartition(b"|")
        if not bar:
            self.change(_known(word), allowed=True)
            return
        command = _known(name)
        if "|" in command:
            raise RuleError(FIRST_ARGUMENT_OF_SUBCOMMAND)
        if not word:
            raise RuleError(SYNTAX_ERROR)
        if _subcommands(command):
            self.change(_known(rule), allowed=True)
            return
        words = self.first_arguments.setdefault(command, [])
        if word.lower() not in map(bytes.lower, words):
            words.append(word)

    def _change_category(self, category: str, allowed: bool) -> None:
        if category not in CATEGORY_NAMES:
            raise RuleError(UNKNOWN_COMMAND)
        for name in _members(category):
            self.change(name, allowed)

    def change(self, name: str, allowed: bool) -> None:
        """Allow or deny a command with all of its subcommands."""
        self.first_arguments.pop(name, None)
        names = (name, *_subcommands(name))
        if allowed:
            self.commands.update(names)
        else:
            self.commands.difference_update(names)
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
        left = copy(self)
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
                told.change(name, allowed)
                yield ("+" if allowed else "-") + name
            if not allowed:
                for word in self.first_arguments.get(name, ()):
                    yield f"+{name}|{word.decode('latin-1')}"


def _best_category(commands: set[str], categories: list[str], adding: bool) -> str | None:
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
_has_blank = re.compile(rb"[\0 \t\n\r\x0b\x0c]").search

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


class User:
    """Somebody with passwords and rules."""

    def __init__(self, name: bytes, all_channels: bool = False) -> None:
        self.name = name
        self.all_channels = all_channels
        """Whether selectors begin with all channels: the setting `acl-pubsub-default`."""
        self.enabled = False
        self.nopass = False
        """Every password will do."""
        self.sanitize: bytes | None = None
        """`sanitize-payload` or `skip-sanitize-payload`, once it was said; it changes nothing."""
        self.passwords: list[bytes] = []
        """The SHA-256 of each, in hexadecimal digits."""
        self.selectors = [Selector(all_channels)]

    def __copy__(self) -> User:
        twin = User(self.name)
        twin.become(self)
        twin.passwords = list(self.passwords)
        twin.selectors = [copy(each) for each in self.selectors]
        return twin

    def become(self, other: User) -> None:
        """Take over all of what `other` is, which is not used any more."""
        self.__dict__.update(other.__dict__)

    @property
    def unrestricted(self) -> bool:
        return any(selector.unrestricted for selector in self.selectors)

    def denial(self, row: Row, args: list[bytes]) -> tuple[Denial, int] | None:
        """Why he may not run a request, and the place of the argument at fault; None if he may."""
        worst: tuple[Denial, int] | None = None
        for selector in self.selectors:
            found = selector.denial(row, args)
            if found is None:
                return None
            worst = found if worst is None else max(worst, found)
        return worst

    def has_password(self, password: bytes) -> bool:
        """In a time that says nothing about the passwords."""
        if not self.enabled:
            return False
        digest = hash_of(password)
        found = False
        for each in self.passwords:
            found |= hmac.compare_digest(each, digest)
        return found or self.nopass

    def may_read_every_key(self, row: Row, args: list[bytes]) -> bool:
        """Whether a selector that allows the request allows to read all keys, whatever they are called."""
        return any(
            selector.all_keys or any(each.read and each.pattern == b"*" for each in selector.keys)
            for selector in self.selectors
            if selector.denial(row, args) is None
        )

    # Rules

    def apply(self, rule: bytes) -> None:
        """Change him by one rule. RuleError if it is none."""
        change = _USER_WORDS.get(rule.lower())
        if change is not None:
            change(self)
        elif rule[:1] in _PASSWORD_SIGNS:
            self._change_passwords(rule)
        elif rule[:1] == b"(" and rule[-1:] == b")":
            selector = Selector(self.all_channels)
            for each in rule[1:-1].split(b" "):
                selector.apply(each)
            self.selectors.append(selector)
        else:
            self.selectors[0].apply(rule)

    def _change_passwords(self, rule: bytes) -> None:
        hashed, adding = _PASSWORD_SIGNS[rule[:1]]
        digest = rule[1:]
        if not hashed:
            digest = hash_of(digest)
        elif _is_hash(digest) is None:
            raise RuleError(NOT_A_HASH)
        if adding:
            self.nopass = False
            if digest not in self.passwords:
                self.passwords.append(digest)
        elif digest in self.passwords:
            self.passwords.remove(digest)
        else:
            raise RuleError(NO_SUCH_PASSWORD)

    def enable(self) -> None:
        self.enabled = True

    def disable(self) -> None:
        self.enabled = False

    def take_any_password(self) -> None:
        self.nopass = True
        self.passwords = []

    def reset_passwords(self) -> None:
        self.nopass = False
        self.passwords = []

    def sanitize_payload(self) -> None:
        self.sanitize = b"sanitize-payload"

    def skip_sanitize_payload(self) -> None:
        self.sanitize = b"skip-sanitize-payload"

    def clear_selectors(self) -> None:
        del self.selectors[1:]

    def reset(self) -> None:
        self.become(User(self.name, self.all_channels))
        self.sanitize_payload()

    # What is told

    def flags(self) -> list[bytes]:
        flags = [b"on" if self.enabled else b"off"]
        if self.nopass:
            flags.append(b"nopass")
        if self.sanitize is not None:
            flags.append(self.sanitize)
        return flags

    def describe(self) -> bytes:
        """The line of a configuration file that makes him."""
        root, *others = (selector.describe() for selector in self.selectors)
        words = [b"user", self.name, *self.flags(), *(b"#" + each for each in self.passwords), root]
        return b" ".join([*words, *(b"(%b)" % each for each in others)])


_USER_WORDS: dict[bytes, Callable[[User], None]] = {
    b"on": User.enable,
    b"off": User.disable,
    b"nopass": User.take_any_password,
    b"resetpass": User.reset_passwords,
    b"sanitize-payload": User.sanitize_payload,
    b"skip-sanitize-payload": User.skip_sanitize_payload,
    b"clearselectors": User.clear_selectors,
    b"reset": User.reset,
}
_PASSWORD_SIGNS = {b">": (False, True), b"<": (False, False), b"#": (True, True), b"!": (True, False)}
"""Whether what follows is a hash, and whether it is added."""

_is_hash = re.compile(rb"[0-9a-f]{64}\Z").match


def hash_of(password: bytes) -> bytes:
    return hashlib.sha256(password).hexdigest().encode()


def join_selectors(rules: Iterable[bytes]) -> list[bytes]:
    """The rules, each selector one of them even if it came in several words."""
    joined: list[bytes] = []
    words: list[bytes] = []
    for rule in rules:
        if words or (rule[:1] == b"(" and rule[-1:] != b")"):
            words.append(rule)
            if len(words) == 1 or rule[-1:] != b")":
                continue
            rule, words = b" ".join(words), []
        joined.append(rule)
    if words:
        raise ResponseError(f"Unmatched parenthesis in acl selector starting at '{_shown(words[0])}'.")
    return joined


def _shown(text: bytes) -> str:
    return text.decode("utf-8", "surrogateescape")


class Acl:
    """The users of one instance. What it raises is what the client is told."""

    def __init__(self) -> None:
        self.all_channels = False
        """What new users may do: the setting `acl-pubsub-default`."""
        self.default = User(b"default")
        for rule in (b"+@all", b"~*", b"&*", b"on", b"nopass"):
            self.default.apply(rule)
        self.users: dict[bytes, User] = {b"default": self.default}

    @property
    def is_open(self) -> bool:
        """Whether nobody has to say who he is."""
        return self.default.enabled and self.default.nopass

    def require_password(self, password: bytes) -> None:
        """The setting `requirepass`: the password of the default user, or none if it is empty."""
        self.default.apply(b"resetpass")
        self.default.apply(b">" + password if password else b"nopass")

    def authenticate(self, name: bytes, password: bytes) -> User | None:
        """The user of that name, if it is his password and he is not disabled."""
        user = self.users.get(name)
        return user if user is not None and user.has_password(password) else None

    def set_user(self, name: bytes, rules: list[bytes]) -> None:
        """Make or change a user, by all of the rules or not at all."""
        if _has_blank(name):
            raise ResponseError("Usernames can't contain spaces or null characters")
        user = self.users.get(name)
        changed = User(name, self.all_channels) if user is None else copy(user)
        changed.all_channels = self.all_channels
        for rule in join_selectors(rules):
            try:
                changed.apply(rule)
            except RuleError as error:
                raise ResponseError(f"Error in ACL SETUSER modifier '{_shown(rule)}': {error}") from None
        if user is None:
            self.users[name] = changed
        else:
            user.become(changed)

    def take_line(self, words: list[str]) -> None:
        """Make the user that a line of a configuration file tells of; ValueError if it tells none."""
        if not words:
            raise ValueError("wrong number of arguments")
        name, *rules = (word.encode("utf-8", "surrogateescape") for word in words)
        try:
            self.set_user(name, rules)
        except ResponseError as error:
            raise ValueError(str(error)) from None

    def lines(self) -> list[str]:
        """Lines of a configuration file that make all users; none if there is just the one that always is."""
        lines = [_shown(user.describe()) for _, user in sorted(self.users.items())]
        return [] if lines == [_shown(Acl().default.describe())] else lines

    def delete_users(self, names: list[bytes]) -> list[User]:
        """Those of these names that were there, and are no more."""
        if b"default" in names:
            raise ResponseError("The 'default' user cannot be removed")
        return [self.users.pop(name) for name in dict.fromkeys(names) if name in self.users]
