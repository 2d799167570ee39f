"""How the arguments of a command are written, and the structure that COMMAND DOCS tells of them.

seconds             an argument; `seconds:string` where its type is not that of its name
NX                  a word to be written as it is; also a sign such as $
EX seconds          a word with an argument
(offset count)      arguments that belong together
(LEFT|RIGHT)        one of several
[x]                 x or nothing
x...                one x or more, with their word before the first alone: KEYS key...
(GET pattern)...    with their word before each
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

_tokens = re.compile(r"\.\.\.|[\[\]()|]|[^\s\[\]()|.]+").findall

_TYPES = {
    "key": "destination destkey dst key key1 key2 newkey source sourcekey src",
    "integer": """
        bit bits client-id cluster_bus_port config-epoch count cursor db decrement destination-db end end-slot
        frequency increment index index1 index2 len limit milliseconds num-matches numfields numkeys numlocal
        numreplicas offset port protover rank seconds slot start start-slot stop ttl version weight
    """,
    "double": "height latitude longitude radius score timeout width",
    "pattern": "pattern",
    "unix-time": "unix-time-milliseconds unix-time-seconds",
}
TYPE_OF = {name: kind for kind, names in _TYPES.items() for name in names.split()}
"""The type of an argument by its name, where it is not a string."""


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument, or a block of several, or one of several."""

    name: str
    type: str
    token: str = ""
    optional: bool = False
    multiple: bool = False
    multiple_token: bool = False
    """The word stands before each."""
    arguments: tuple[Argument, ...] = field(default=())


def parse(text: str) -> tuple[Argument, ...]:
    """The arguments that `text` describes.

    >>> [argument.name for argument in parse("key [NX|XX] [EX seconds]")]
    ['key', 'nx_xx', 'seconds']
    """
    reader = _Reader(_tokens(text))
    found = tuple(reader.sequence())
    assert reader.at == len(reader.tokens), f"cannot be read: {text}"
    return found


class _Reader:
    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens
        self.at = 0

    @property
    def next(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, token: str) -> bool:
        """Whether the next token is this one, which is behind us then."""
        if self.next != token:
            return False
        self.at += 1
        return True

    def sequence(self) -> Iterator[Argument]:
        while self.next not in ("", "]", ")", "|"):
            yield self.item()

    def item(self) -> Argument:
        if self.take("["):
            return replace(self.choice("]"), optional=True)
        if self.take("("):
            inner = self.choice(")")
            if self.take("..."):
                return replace(inner, multiple=True, multiple_token=bool(inner.token))
            return inner
        word = self.tokens[self.at]
        self.at += 1
        if word.isupper() or not word[0].isalnum():
            return self.behind(word)
        name, _, kind = word.partition(":")
        if kind not in ("string", *_TYPES):
            name, kind = word, TYPE_OF.get(word, "string")
        return Argument(name, kind, multiple=self.take("..."))

    def behind(self, token: str) -> Argument:
        """What belongs to a word: the argument behind it, if there is one."""
        follows = self.next
        if follows == "(" or (follows[:1].isalnum() and not follows.isupper()):
            return replace(self.item(), token=token)
        return Argument(token.lower(), "pure-token", token)

    def choice(self, closing: str) -> Argument:
        """What stands up to a closing bracket: one thing, several, or one of several."""
        alternatives = [_block(list(self.sequence()))]
        while self.take("|"):
            alternatives.append(_block(list(self.sequence())))
        assert self.take(closing), f"{closing} is missing"
        if len(alternatives) == 1:
            return alternatives[0]
        return Argument(_joined(alternatives), "oneof", arguments=tuple(alternatives))


def _block(arguments: list[Argument]) -> Argument:
    if len(arguments) == 1:
        return arguments[0]
    return Argument(_joined(arguments), "block", arguments=tuple(arguments))


def _joined(arguments: list[Argument]) -> str:
    return "_".join(argument.name for argument in arguments)
