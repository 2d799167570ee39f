"""Requests drawn from a grammar, good ones and bad ones: also what no client library would send.

A line is a command as Redis's documentation has it:

    ZADD key [NX|XX] [GT|LT] [CH] [INCR] (score member)+

A word in upper case is sent as it is, perhaps in lower case; one in lower case is an argument, drawn from
`ARGUMENTS`, or else sent as it is. Options in a row come in any order, now and then twice. `#key` is a number
and so many keys, and `weight#` as many weights. A number before a line is how often it is drawn. One request
in six is spoiled: something is missing, superfluous or at the wrong place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random
from typing import TypeAlias

from hypothesis import strategies as st
from oracle import START_MS

Words: TypeAlias = list[bytes]
Draw: TypeAlias = Callable[[Random], Words]

INTEGER_ODDITIES = [
    *("+1", "-0", "00", "01", "1.0", "1e3", "-", "abc", "0x10", "1_0", "", " 1", "1 ", "1\0", "1\n"),
    *("2147483648", "4294967296", "4611686018427387904", "9223372036854775807", "-9223372036854775808"),
    *("9223372036854775808", "99999999999999999999999"),
]
"""None of them asks for two thousand million random members."""
FLOAT_ODDITIES = [
    *("nan", "-nan", "1e400", "-1e400", "1e-400", "0x10", "abc", "1e", "1_0", "+inf", "Infinity", "3.0e3"),
    *(".5", "5.", "17179869184.00000001", "1e300", "-1e300", "5e-324", "", " 1", "1 ", "1\0"),
]
LONG = "x" * 65
SECONDS = START_MS // 1000

LARGEST_ID = "18446744073709551615-18446744073709551615"
IDS = [
    *("", "1-", "-1", "1-1-1", "1.0", " 1", "+1", "01-01", "1--05", b"1\0x", "x", "$", ">", "1-*", "9" * 130),
    *(
        "18446744073709551615",
        LARGEST_ID,
        "18446744073709551616",
        "1-18446744073709551616",
        "0",
        "0-1",
        "0-0",
    ),
]

# fmt: off
ARGUMENTS: dict[str, tuple[Sequence[object], Sequence[object]]] = {
    "key": (["a", "b", "c"], ["", b"\xff\x00"]),
    "value": (["a", "b", "1", "10", "-7", "3.5"], ["", b"\xff\x00\r\n", LONG, "é€😀", *INTEGER_ODDITIES]),
    "member": (["a", "b", "c", "d", "aa", "ab", "1", "2", "10"], ["", b"\xff\x00", LONG, "-1", "01"]),
    "short": (["a", "b", "c", "d", "aa", "ab", "1", "2", "10"], ["", b"\xff\x00", "-1", "01"]),
    "number": ([0, 1, 2, 3, -1, 10], ["9223372036854775807", "9223372036854775808", "-0", "a", ""]),
    "integer": (range(-5, 6), INTEGER_ODDITIES),
    "count": (range(5), ["-1", "-3", *INTEGER_ODDITIES]),
    "score": ([-1, 0, 1, 2, 3, 1.5, "inf", "-inf", "0.1"], FLOAT_ODDITIES),
    "weight": ([-1, 0, 1, 2, 3, 0.5], ["inf", "-inf", *FLOAT_ODDITIES]),
    "bound": ([0, 1, 2, "(1", "(2.5", "-inf", "+inf"], ["(", "((1", "[1", "(nan", *FLOAT_ODDITIES]),
    "lex": (["-", "+", "[a", "(a", "[b", "(b", "[aa", "(aa", "["], ["", "a", "-a", "++", b"[\xff", "("]),
    "float": ([1, -1, 0.1, 2.5, 100], [*FLOAT_ODDITIES, *INTEGER_ODDITIES]),
    "timeout": ([0, 1, 0.5], ["-1", "-0.0001", "inf", "1e18", "0x1", *FLOAT_ODDITIES]),
    "pattern": (["*", "a*", "?", "[ab]", "[^a]", "*a"], ["", "\\*", b"\xff*", "**", "[a-", "1?"]),
    "cursor": ([0], ["00", "-0", "+0", "", "x", "-", "0\0x", " 0", "18446744073709551616"]),
    "page": ([100, 1000], ["0", "-1", *INTEGER_ODDITIES[4:]]),
    "type": (["string", "list", "hash", "set", "zset"], ["LIST", "none", "stream", ""]),
    "database": ([0, 1], ["2", "15", "16", "-1", *INTEGER_ODDITIES]),
    "seconds": ([1, 2, 10, 100], ["0", "-1", "9223372036854775", "9223372036854776", *INTEGER_ODDITIES]),
    "milliseconds": ([500, 1000, 2000], ["0", "-1", "9223370336854775807", *INTEGER_ODDITIES]),
    "second": ([SECONDS + 1, SECONDS + 10], [SECONDS, SECONDS - 1, "0", "-1", *INTEGER_ODDITIES]),
    "millisecond": ([START_MS + 507, START_MS + 9007], [START_MS - 1, "0", "-1", *INTEGER_ODDITIES]),
    "place": ([0, 1, 7, 8, 9, 20, 60], ["4294967296", *INTEGER_ODDITIES[:15], "-1"]),
    "bit": ([0, 1], ["2", *INTEGER_ODDITIES]),
    "form": (["u1", "i1", "u3", "i5", "u8", "i8", "i64", "u63"], ["u64", "i65", "i0", "", "I8", "i08"]),
    "field": ([0, 1, 5, 8, 20, "#0", "#1", "#3"], ["#", "-1", "#-1", "4294967296", "#2305843009213693952"]),
    "limit": (["WRAP", "SAT", "FAIL", "sat"], ["", "NONE"]),
    "longitude": ([0, "13.361389", "15.087269", 179], ["180", "-180", "181", "nan", *FLOAT_ODDITIES[:9]]),
    "latitude": ([0, "38.115556", "37.502669", -80], ["85.05112878", "86", "nan", *FLOAT_ODDITIES[:9]]),
    "size": ([0, 1, 100, 1000, "200.5"], ["-1", "x", "", "1e7"]),
    "unit": (["m", "km", "mi", "ft"], ["KM", "", "yd", "Ft"]),
    "amount": ([0, 1, -1, 5, 100, -300], INTEGER_ODDITIES),
    "newid": (["*", "*", "1-*", "2-*", "3-*", "1", "2-1", "2-2", "3-0", "5", "7-*"], ["-", "0-*", *IDS]),
    "id": (["1", "1-0", "2-1", "2-2", "3-0", f"{START_MS}", f"{START_MS}-0"], ["-", "+", "(1", *IDS]),
    "edge": (["-", "+", "(2-1", "2", "(3", "0", "(1-0"], ["(", "(-", "(0-0", f"({LARGEST_ID}", *IDS]),
    "position": (["0", "0", "$", "1", "2-1"], ["-", "+", "(1", *IDS]),
    "group": (["g", "g", "h"], ["", b"\xff\x00", "g\r\n"]),
    "consumer": (["c", "c", "d"], ["", b"\xff\x00"]),
    "length": (range(6), INTEGER_ODDITIES),
    "weights": (["w_*", "w_*", "h_*->f"], ["#", "*", "", "nosort", "w_1", "h_*->", "w_*->f", b"w_*\0", "#*"]),
    "weighed": (["w_0", "w_1", "w_2", "w_3", "w_a"], ["w_", "w_-1"]),
    "described": (["h_0", "h_1", "h_2", "h_3", "h_a"], ["h_"]),
}
# fmt: on
"""The usual ones, and the odd ones, of which there is one in eight."""


class Grammar:
    """What the commands of one type may be sent."""

    def __init__(self, lines: str) -> None:
        self._kinds = sorted(set(re.findall(r"[a-z]+", lines)) & ARGUMENTS.keys())
        self._draws: list[Draw] = []
        for line in filter(None, map(str.strip, lines.splitlines())):
            weight, _, rest = line.partition(" ")
            times, line = (int(weight), rest) if weight.isdigit() else (1, line)
            self._draws += [_line(line)] * times

    def requests(self) -> st.SearchStrategy[Words]:
        return st.integers(0, 2**32).map(lambda seed: self.draw(Random(seed)))

    def draw_good(self, random: Random) -> Words:
        """A request of which nothing but an argument is odd."""
        return random.choice(self._draws)(random)

    def draw(self, random: Random) -> Words:
        words = self.draw_good(random)
        if random.randrange(6) < 5:
            return words
        odds = [b"", b"NX", b"LIMIT", b"COUNT", b"-1", *_argument(random.choice(self._kinds), random)]
        return _spoiled(words, random.choice(odds), random)


def _spoiled(words: Words, odd: bytes, random: Random) -> Words:
    """`words` without one of them, with one twice, or with `odd` among them."""
    if len(words) == 1:
        return [*words, odd]
    at = random.randrange(1, len(words))
    before, after = words[:at], words[at:]
    variants = [words[:-1], before + after[1:], [*before, after[0], *after], [*before, odd, *after]]
    return random.choice([*variants, [*before, odd, *after[1:]], [*words, odd]])


def _argument(name: str, random: Random) -> Words:
    usual, odd = ARGUMENTS[name]
    drawn = random.choice(odd if random.randrange(8) == 7 else usual)
    return [drawn if isinstance(drawn, bytes) else str(drawn).encode()]


def _line(line: str) -> Draw:
    tokens = re.findall(r"[()\[\]|+]|[^\s()\[\]|+]+", line)
    return _Parser(tokens).alternatives()


class _Parser:
    """Recursive descent over the tokens of a line."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens[::-1]
        self._counted = 1

    def alternatives(self) -> Draw:
        choices = [self._sequence()]
        while self._taken("|"):
            choices.append(self._sequence())
        return lambda random: random.choice(choices)(random)

    def _sequence(self) -> Draw:
        parts: list[Draw] = []
        while self._tokens and self._tokens[-1] not in "|)]":
            parts.append(self._options() if self._tokens[-1] == "[" else self._item())
        return lambda random: [word for part in parts for word in part(random)]

    def _options(self) -> Draw:
        options = []
        while self._taken("["):
            options.append(self.alternatives())
            self._tokens.pop()

        def draw(random: Random) -> Words:
            chosen = [option for option in options if random.randrange(3) == 2]
            if chosen and random.randrange(8) == 7:
                chosen.append(random.choice(options))
            random.shuffle(chosen)
            return [word for option in chosen for word in option(random)]

        return draw

    def _item(self) -> Draw:
        token = self._tokens.pop()
        if token == "(":
            item = self.alternatives()
            self._tokens.pop()
        elif token.startswith("#"):
            return self._announced(token[1:])
        elif token.endswith("#"):
            return lambda random: self._as_many(token[:-1], random)
        elif token not in ARGUMENTS:
            return lambda random: [_cased(token, random)]
        else:
            item = lambda random: _argument(token, random)  # noqa: E731
        return self._several(item) if self._taken("+") else item

    def _several(self, item: Draw) -> Draw:
        return lambda random: [
            word for _ in range(random.choice([1, 1, 2, 2, 3, 5])) for word in item(random)
        ]

    def _announced(self, name: str) -> Draw:
        def draw(random: Random) -> Words:
            self._counted = random.choice([1, 2, 2, 3])
            number = _argument("count", random)[0] if random.randrange(10) == 9 else b"%d" % self._counted
            return [number, *(_argument(name, random)[0] for _ in range(self._counted))]

        return draw

    def _as_many(self, name: str, random: Random) -> Words:
        number = random.randrange(4) if random.randrange(10) == 9 else self._counted
        return [_argument(name, random)[0] for _ in range(number)]

    def _taken(self, token: str) -> bool:
        if self._tokens and self._tokens[-1] == token:
            self._tokens.pop()
            return True
        return False


def _cased(word: str, random: Random) -> bytes:
    if word.islower():
        return word.encode()
    return random.choice([word, word, word.lower(), word.capitalize()]).encode()
