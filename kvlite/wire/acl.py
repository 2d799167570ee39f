"""Access control lists: users, and the rules they are made by. No sessions.

A user has selectors: the one that his rules speak of, and those in parentheses. He may do what one of them
allows as a whole: the command, every key, every channel.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Iterable
from functools import partial
from threading import Lock

from ..errors import ResponseError
from .acl_selector import Denial, RuleError, Selector, has_blank
from .table import Row

WRONG_PASSWORD = "WRONGPASS invalid username-password pair or user is disabled."
NO_SUCH_PASSWORD = "The password you are trying to remove from the user does not exist"
NOT_A_HASH = (
    "The password hash must be exactly 64 characters and contain only lowercase hexadecimal characters"
)


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

    def copy(self) -> User:
        """Another with the same rules, of which each may be changed by itself."""
        twin = object.__new__(User)
        twin.become(self)
        twin.passwords = list(self.passwords)
        twin.selectors = [each.copy() for each in self.selectors]
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


def _anybody() -> User:
    """The default user as he is at first."""
    user = User(b"default")
    for rule in (b"+@all", b"~*", b"&*", b"on", b"nopass"):
        user.apply(rule)
    return user


_ANYBODY = _anybody()


class Acl:
    """The users of one instance. What it raises is what the client is told."""

    def __init__(self) -> None:
        self.all_channels = False
        """What new users may do: the setting `acl-pubsub-default`."""
        self.default = _ANYBODY.copy()
        self.users: dict[bytes, User] = {b"default": self.default}
        self._lock = Lock()
        """Held while users are changed."""

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
        if has_blank(name):
            raise ResponseError("Usernames can't contain spaces or null characters")
        rules = join_selectors(rules)
        with self._lock:
            user = self.users.get(name)
            changed = User(name, self.all_channels) if user is None else user.copy()
            changed.all_channels = self.all_channels
            for rule in rules:
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
        return [] if lines == [_shown(_ANYBODY.describe())] else lines

    def delete_users(self, names: list[bytes]) -> list[User]:
        """Those of these names that were there, and are no more."""
        if b"default" in names:
            raise ResponseError("The 'default' user cannot be removed")
        with self._lock:
            return [self.users.pop(name) for name in dict.fromkeys(names) if name in self.users]

    def remember(self) -> Callable[[], list[User]]:
        """How all users are now: what is returned is to be called to have them so again, once. It returns
        those who are users no more."""
        with self._lock:
            return partial(self._put_back, {name: user.copy() for name, user in self.users.items()})

    def begin_anew(self) -> list[User]:
        """Have the one user that always is, as he is at first. Returns those who are users no more."""
        return self._put_back({b"default": _ANYBODY.copy()})

    def _put_back(self, users: dict[bytes, User]) -> list[User]:
        with self._lock:
            gone = [self.users.pop(name) for name in self.users.keys() - users.keys()]
            for name, user in users.items():
                self.users.setdefault(name, user).become(user)
        return gone
