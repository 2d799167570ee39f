"""What kinds of values parameters have.

A kind reads the words of a value, raising ValueError with Redis's text for words that make none, and shows a
value as CONFIG GET does.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Callable
from typing import Any

from ..events import event_classes, event_letters
from ..numbers import INT64_MAX as LONG
from ..numbers import SIZES, parse_int
from .resp import quoted

UINT64 = 2**64
_is_address = re.compile(r"[\w.:%*-]+", re.ASCII).fullmatch
_is_size = re.compile(r"([0-9]{0,127})(|b|[kmg]b?)").fullmatch


def _number(word: str) -> int | None:
    return parse_int(word.encode(errors="surrogateescape"))


def _quoted(text: str) -> str:
    return quoted(text.encode(errors="surrogateescape")).decode()


class Kind:
    """What values a parameter has."""

    several = False
    """Whether a value may be several words; CONFIG SET has them in one argument."""
    grows = False
    """Whether each line of a configuration file adds to those before it."""

    def read(self, words: list[str]) -> Any:
        raise NotImplementedError

    def show(self, value: Any) -> str:
        return str(value)

    def merge(self, old: Any, new: Any) -> Any:
        """What becomes of `old` when `new` is set."""
        return new

    def lines(self, name: str, value: Any) -> list[str]:
        """The lines of a configuration file that say `value`."""
        return [f"{name} {self.show(value)}"]


class YesNo(Kind):
    """A bool."""

    def read(self, words: list[str]) -> bool:
        word = words[0].lower()
        if word not in ("yes", "no"):
            raise ValueError("argument must be 'yes' or 'no'")
        return word == "yes"

    def show(self, value: bool) -> str:
        return "yes" if value else "no"


class AlwaysNo(YesNo):
    """False, for a reason."""

    def __init__(self, why: str) -> None:
        self._why = why

    def read(self, words: list[str]) -> bool:
        if super().read(words):
            raise ValueError(self._why)
        return False


class Integer(Kind):
    """An int from `low` to `high`."""

    def __init__(self, low: int, high: int) -> None:
        self.low = low
        self.high = high

    def read(self, words: list[str]) -> int:
        number = _number(words[0])
        if number is None:
            raise ValueError("argument couldn't be parsed into an integer")
        return self._within(number)

    def _within(self, number: int) -> int:
        if not self.low <= number <= self.high:
            raise ValueError(f"argument must be between {self.low} and {self.high} inclusive")
        return number


class Frequency(Integer):
    """An int from 1 to 500, made of any that is not negative."""

    def read(self, words: list[str]) -> int:
        return min(max(super().read(words), 1), 500)


class Octal(Integer):
    """An int written to the base of eight: the permissions of a file."""

    def read(self, words: list[str]) -> int:
        try:
            return self._within(int(words[0], 8))
        except ValueError:
            raise ValueError("argument couldn't be parsed as an octal number") from None

    def show(self, value: int) -> str:
        return f"{value:o}"


class Memory(Integer):
    """A number of bytes, which may be given with a unit such as `kb` (1024) or `k` (1000)."""

    def __init__(self, low: int = 0, high: int = LONG) -> None:
        super().__init__(low, high)

    def read(self, words: list[str]) -> int:
        size = _size(words[0])
        if size is None:
            raise ValueError("argument must be a memory value")
        return self._within(size)

    def lines(self, name: str, value: int) -> list[str]:
        return [f"{name} {short_size(value)}"]


class MemoryOrPercent(Memory):
    """A number of bytes; or, as a negative int, a percentage of `maxmemory`."""

    def read(self, words: list[str]) -> int:
        word = words[0]
        if word.endswith("%") and (number := _number(word[:-1])) is not None and number >= 0:
            if number > 100:
                raise ValueError("percentage argument must be less or equal to 100")
            return -number
        size = _size(word)
        if size is None:
            raise ValueError("argument must be a memory or percent value")
        return size if size <= LONG else size - UINT64

    def show(self, value: int) -> str:
        return f"{-value}%" if value < 0 else str(value)

    def lines(self, name: str, value: int) -> list[str]:
        return [f"{name} {self.show(value)}"] if value < 0 else super().lines(name, value)


def short_size(size: int) -> str:
    """A number of bytes in the largest unit that shows it exactly."""
    for unit in ("gb", "mb", "kb"):
        if size and size % SIZES[unit] == 0:
            return f"{size // SIZES[unit]}{unit}"
    return str(size)


def _size(word: str) -> int | None:
    """As Redis reads it: a unit alone is 0, and what is too large for 64 bits is what C makes of it."""
    match = _is_size(word.lower())
    if match is None:
        return None
    return min(int(match[1] or "0"), UINT64 - 1) * SIZES[match[2]] % UINT64


class Choice(Kind):
    """One of several words."""

    def __init__(self, *choices: str) -> None:
        self.choices = choices

    def read(self, words: list[str]) -> Any:
        return self._one(words[0])

    def _one(self, word: str) -> str:
        if word.lower() not in self.choices:
            raise ValueError(f"argument(s) must be one of the following: {', '.join(self.choices)}")
        return word.lower()


class ShutdownOptions(Choice):
    """Words for SHUTDOWN, a tuple of them; `default` is none."""

    several = True

    def __init__(self) -> None:
        super().__init__("default", "save", "nosave", "now", "force")

    def read(self, words: list[str]) -> tuple[str, ...]:
        chosen = {self._one(word) for word in words or [""]}
        if {"save", "nosave"} <= chosen:
            raise ValueError("shutdown options SAVE and NOSAVE can't be used simultaneously")
        return tuple(choice for choice in self.choices[1:] if choice in chosen)

    def show(self, value: tuple[str, ...]) -> str:
        return " ".join(value) or "default"


class Text(Kind):
    """A str, which `check` may refuse by a ValueError."""

    def __init__(self, check: Callable[[str], None] | None = None) -> None:
        self._check = check

    def read(self, words: list[str]) -> str:
        if self._check is not None:
            self._check(words[0])
        return words[0]

    def lines(self, name: str, value: str) -> list[str]:
        return [f"{name} {_quoted(value)}"]


class Addresses(Kind):
    """A tuple of addresses to listen at."""

    several = True

    def read(self, words: list[str]) -> tuple[str, ...]:
        if len(words) > 16:
            raise ValueError("Too many bind addresses specified.")
        return () if words == [""] else tuple(words)

    def show(self, value: tuple[str, ...]) -> str:
        return " ".join(value)

    def lines(self, name: str, value: tuple[str, ...]) -> list[str]:
        # A client has set it: no end of a line in it may make another one.
        words = [word if _is_address(word) else _quoted(word) for word in value]
        return [" ".join([name, *words] if words else [name, '""'])]


class SavePoints(Kind):
    """A tuple of pairs: seconds, and how many changes in that time call for a snapshot."""

    several = True
    grows = True

    def read(self, words: list[str]) -> tuple[tuple[int, int], ...]:
        if words == [""]:
            return ()
        numbers = [_number(word) for word in words]
        points = []
        for seconds, changes in zip(numbers[::2], numbers[1::2], strict=False):
            if seconds is None or changes is None or seconds < 1 or changes < 0:
                raise ValueError("Invalid save parameters")
            points.append((seconds, changes))
        if len(numbers) % 2:
            raise ValueError("Invalid save parameters")
        return tuple(points)

    def show(self, value: tuple[tuple[int, int], ...]) -> str:
        return " ".join(f"{seconds} {changes}" for seconds, changes in value)

    def lines(self, name: str, value: tuple[tuple[int, int], ...]) -> list[str]:
        return [f"{name} {seconds} {changes}" for seconds, changes in value] or [f'{name} ""']


class BufferLimits(Kind):
    """A dict of a class of clients to three ints: hard limit, soft limit, seconds that the soft one may last.

    A class that is not named in a value keeps its limits.
    """

    several = True
    classes = ("normal", "slave", "pubsub")

    def read(self, words: list[str]) -> dict[str, tuple[int, int, int]]:
        if words == [""]:
            return {}
        if len(words) % 4:
            raise ValueError("Wrong number of arguments in buffer limit configuration.")
        limits = {}
        for at in range(0, len(words), 4):
            name = "slave" if words[at].lower() == "replica" else words[at].lower()
            if name not in self.classes:
                raise ValueError("Invalid client class specified in buffer limit configuration.")
            hard, soft = _size(words[at + 1]), _size(words[at + 2])
            seconds = _number(words[at + 3])
            if hard is None or soft is None or seconds is None or seconds < 0:
                raise ValueError("Error in hard, soft or soft_seconds setting in buffer limit configuration.")
            limits[name] = (hard, soft, seconds)
        return limits

    def show(self, value: dict[str, tuple[int, int, int]]) -> str:
        return " ".join("{} {} {} {}".format(name, *value[name]) for name in self.classes)

    def merge(
        self, old: dict[str, tuple[int, int, int]], new: dict[str, tuple[int, int, int]]
    ) -> dict[str, tuple[int, int, int]]:
        return {**old, **new}

    def lines(self, name: str, value: dict[str, tuple[int, int, int]]) -> list[str]:
        lines = []
        for each in self.classes:
            hard, soft, seconds = value[each]
            shown = "replica" if each == "slave" else each
            lines.append(f"{name} {shown} {short_size(hard)} {short_size(soft)} {seconds}")
        return lines


class Percentiles(Kind):
    """A tuple of floats."""

    several = True

    def read(self, words: list[str]) -> tuple[float, ...]:
        if words == [""]:
            return ()
        try:
            percentiles = tuple(map(float, words))
        except ValueError:
            raise ValueError("Invalid latency-tracking-info-percentiles parameters") from None
        if not all(0 <= each <= 100 for each in percentiles):
            raise ValueError("latency-tracking-info-percentiles parameters should sit between [0.0,100.0]")
        return percentiles

    def show(self, value: tuple[float, ...]) -> str:
        return " ".join(f"{each:f}".rstrip("0").rstrip(".") for each in value)


class OomScores(Kind):
    """A tuple of three ints."""

    several = True

    def read(self, words: list[str]) -> tuple[int, ...]:
        if len(words) != 3:
            raise ValueError("wrong number of arguments")
        scores = [_number(word) for word in words]
        if not all(score is not None and -2000 <= score <= 2000 for score in scores):
            raise ValueError("Invalid oom-score-adj-values, elements must be between -2000 and 2000.")
        return tuple(score for score in scores if score is not None)

    def show(self, value: tuple[int, ...]) -> str:
        return " ".join(map(str, value))


class Events(Kind):
    """The classes of keyspace events, as `Shared.notify_events` takes them."""

    def read(self, words: list[str]) -> int:
        return event_classes(words[0])

    def show(self, value: int) -> str:
        return event_letters(value)

    def lines(self, name: str, value: int) -> list[str]:
        return [f"{name} {_quoted(self.show(value))}"]


class Master(Kind):
    """Whom to replicate: nobody. Only at start, and only `no one`."""

    several = True

    def read(self, words: list[str]) -> str:
        if len(words) != 2:
            raise ValueError("wrong number of arguments")
        if [word.lower() for word in words] != ["no", "one"]:
            raise ValueError("a kvlite server does not replicate another one")
        return ""


# What a text must be


def is_hostname(text: str) -> None:
    if not all(letter.isascii() and (letter.isalnum() or letter in "-.") for letter in text):
        raise ValueError("Hostnames may only contain alphanumeric characters, hyphens or dots")


def is_file_name(text: str) -> None:
    if "/" in text or "\\" in text:
        raise ValueError("dbfilename can't be a path, just a filename")


def is_folder(text: str) -> None:
    try:
        mode = os.stat(text).st_mode
    except OSError as error:
        raise ValueError(error.strerror) from None
    if not stat.S_ISDIR(mode):
        raise ValueError(os.strerror(errno.ENOTDIR))
    if not os.access(text, os.X_OK):
        raise ValueError(os.strerror(errno.EACCES))


def is_title(text: str) -> None:
    known = ("title", "listen-addr", "server-mode", "port", "tls-port", "unixsocket", "config-file")
    for name in known:
        text = text.replace("{" + name + "}", name)
    if not text or "{" in text:
        raise ValueError("template format is invalid or contains unknown variables")
