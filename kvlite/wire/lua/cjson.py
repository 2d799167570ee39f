"""The library `cjson`: JSON with the answers, settings and errors of lua-cjson 2.1.

Its `encode` is in `encoders.lua`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from itertools import accumulate
from typing import Any

from .arguments import (
    NULL,
    Arguments,
    BadArgument,
    RaisedMessage,
    integer,
    text,
)

MakeTable = Callable[[Any], Any]
"""Makes a table of Lua from a list or a dict."""

_INT_MAX = 2**31 - 1
_MOST_LEVELS = 3900
"""What Lua's stack holds, whatever the settings say."""
_OFF_ON = (b"off", b"on")
_OFF_ON_NULL = (b"off", b"on", b"null")


class Settings:
    """What the functions of one library go by, as a script may set it."""

    def __init__(self) -> None:
        self.sparse_convert = 0
        self.sparse_ratio = 2
        self.sparse_safe = 10
        self.encode_max_depth = 1000
        self.decode_max_depth = 1000
        self.encode_invalid_numbers = 0
        self.decode_invalid_numbers = 1
        self.encode_keep_buffer = 1
        self.number_precision = 14


class Cjson:
    """One set of the library's functions, with settings of its own."""

    def __init__(self, make_table: MakeTable, make_room: Callable[[int], None]) -> None:
        self._settings = Settings()
        self._make_table = make_table
        self._make_room = make_room
        self._json = json.JSONDecoder(object_pairs_hook=self._object, parse_int=float, strict=False)

    def functions(self) -> dict[str, Callable[..., Any]]:
        return {
            "encode_settings": self.encode_settings,
            "decode": self.decode,
            "encode_sparse_array": self.encode_sparse_array,
            "encode_max_depth": self._integer_setting("encode_max_depth", 1, _INT_MAX),
            "decode_max_depth": self._integer_setting("decode_max_depth", 1, _INT_MAX),
            "encode_number_precision": self._integer_setting("number_precision", 1, 14),
            "encode_keep_buffer": self._choice("encode_keep_buffer", _OFF_ON),
            "encode_invalid_numbers": self._choice("encode_invalid_numbers", _OFF_ON_NULL),
            "decode_invalid_numbers": self._choice("decode_invalid_numbers", _OFF_ON),
        }

    def encode_settings(self) -> tuple[Any, ...]:
        """What `encode`, which is written in Lua, goes by: its own settings in order."""
        settings = self._settings
        return (
            bool(settings.sparse_convert),
            settings.sparse_ratio,
            settings.sparse_safe,
            settings.encode_max_depth,
            _OFF_ON_NULL[settings.encode_invalid_numbers],
            b"%%.%dg" % settings.number_precision,
        )

    # Decoding

    def decode(self, *args: Any) -> Any:
        if len(args) != 1:
            raise BadArgument(0, "expected 1 argument")
        data = text(args, 0)
        if len(data) >= 2 and 0 in data[:2]:
            raise RaisedMessage("JSON parser does not support UTF-16 or UTF-32")
        self._make_room(len(data))
        try:
            return self._decode_quickly(data)
        except (ValueError, RecursionError):
            return _Decoder(data, self._settings, self._make_table).decode()

    def _decode_quickly(self, data: bytes) -> Any:
        """The value of a text that Python understands as well; ValueError if it does not, or differently."""
        if b"\0" in data or _is_half_a_pair(data) or _depth(data) > self._settings.decode_max_depth:
            raise ValueError
        text = data.decode("utf-8", "surrogateescape")
        return self._to_lua(self._json.decode(text))

    def _object(self, pairs: list[tuple[str, Any]]) -> Any:
        to_lua = self._to_lua
        return self._make_table(
            {key.encode("utf-8", "surrogateescape"): to_lua(value) for key, value in pairs}
        )

    def _to_lua(self, value: Any) -> Any:
        if type(value) is str:
            return value.encode("utf-8", "surrogateescape")
        if type(value) is list:
            return self._make_table([self._to_lua(item) for item in value])
        return NULL if value is None else value

    # Settings

    def encode_sparse_array(self, *args: Any) -> tuple[Any, ...]:
        _check_count(args, 3)
        return (
            self._choose("sparse_convert", _OFF_ON, args, 0),
            self._set_integer("sparse_ratio", 0, _INT_MAX, args, 1),
            self._set_integer("sparse_safe", 0, _INT_MAX, args, 2),
        )

    def _integer_setting(self, name: str, low: int, high: int) -> Callable[..., int]:
        def setting(*args: Any) -> int:
            _check_count(args, 1)
            return self._set_integer(name, low, high, args, 0)

        return setting

    def _set_integer(self, name: str, low: int, high: int, args: Arguments, place: int) -> int:
        if place < len(args) and args[place] is not None:
            value = integer(args, place)
            if not low <= value <= high:
                raise BadArgument(0, f"expected integer between {low} and {high}")
            setattr(self._settings, name, value)
        present: int = getattr(self._settings, name)
        return present

    def _choice(self, name: str, options: tuple[bytes, ...]) -> Callable[..., bool | bytes]:
        def setting(*args: Any) -> bool | bytes:
            _check_count(args, 1)
            return self._choose(name, options, args, 0)

        return setting

    def _choose(self, name: str, options: tuple[bytes, ...], args: Arguments, place: int) -> bool | bytes:
        if place < len(args) and args[place] is not None:
            value = args[place]
            if not isinstance(value, bool):
                chosen = text(args, place)
                if chosen not in options:
                    raise BadArgument(place, b"invalid option '%b'" % chosen)
                value = options.index(chosen)
            setattr(self._settings, name, int(value))
        present: int = getattr(self._settings, name)
        return options[present] if present > 1 else bool(present)


def _check_count(args: Arguments, most: int) -> None:
    if len(args) > most:
        raise BadArgument(most, "found too many arguments")


def _depth(data: bytes) -> int:
    """How deep the brackets of a text are nested, or more than that."""
    most = data.count(b"[") + data.count(b"{")
    if most <= 100:
        return most
    steps = (1 if bracket in b"[{" else -1 for bracket in _brackets(_strings(b"", data)))
    return max(accumulate(steps), default=0)


_is_half_a_pair = re.compile(rb"\\u[dD][89a-fA-F]").search
_strings = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL).sub
_brackets = re.compile(rb"[\[\]{}]").findall


class _Decoder:
    """A walk over one text. What a token is, is told by its name in the errors, or by None for a scalar."""

    def __init__(self, data: bytes, settings: Settings, make_table: MakeTable) -> None:
        self._data = data
        self._at = 0
        self._start = 0
        """Where the present token begins."""
        self._value: Any = None
        """Of a token that is one."""
        self._settings = settings
        self._make_table = make_table

    def decode(self) -> Any:
        levels: list[tuple[Any, bytes | None]] = []
        """The lists and dicts that are not complete, each with the key that waits for its value."""
        token = self._next()
        while True:
            if token in ("T_OBJ_BEGIN", "T_ARR_BEGIN"):
                self._check_depth(len(levels) + 1)
                opened = self._open(token, levels)
                if opened:
                    token = opened
                    continue
                value = self._make_table({} if token == "T_OBJ_BEGIN" else [])
            elif token in _SCALARS:
                value = self._value
            else:
                raise self._unexpected("value", token)
            following = self._close(value, levels)
            if following is None:
                return self._value
            token = following

    def _check_depth(self, depth: int) -> None:
        if depth > min(self._settings.decode_max_depth, _MOST_LEVELS):
            raise RaisedMessage(
                f"Found too many nested data structures ({depth}) at character {self._at}",
            )

    def _open(self, token: str, levels: list[tuple[Any, bytes | None]]) -> str | None:
        """Begin an object or an array: the token of its first value, or None if it is empty."""
        first = self._next()
        if token == "T_ARR_BEGIN":
            if first == "T_ARR_END":
                return None
            levels.append(([], None))
            return first
        if first == "T_OBJ_END":
            return None
        levels.append(({}, self._key(first)))
        return self._next()

    def _key(self, token: str) -> bytes:
        if token != "T_STRING":
            raise self._unexpected("object key string", token)
        key: bytes = self._value
        colon = self._next()
        if colon != "T_COLON":
            raise self._unexpected("colon", colon)
        return key

    def _close(self, value: Any, levels: list[tuple[Any, bytes | None]]) -> str | None:
        """Put `value` where it belongs: the token of the next one, or None if that was all."""
        while levels:
            container, key = levels[-1]
            token = self._next()
            if key is None:
                container.append(value)
                if token == "T_COMMA":
                    return self._next()
                if token != "T_ARR_END":
                    raise self._unexpected("comma or array end", token)
            else:
                container[key] = value
                if token == "T_COMMA":
                    levels[-1] = (container, self._key(self._next()))
                    return self._next()
                if token != "T_OBJ_END":
                    raise self._unexpected("comma or object end", token)
            levels.pop()
            value = self._make_table(container)
        token = self._next()
        if token != "T_END":
            raise self._unexpected("the end", token)
        self._value = value
        return None

    def _unexpected(self, expected: str, token: str) -> RaisedMessage:
        return RaisedMessage(f"Expected {expected} but found {token} at character {self._start + 1}")

    # Tokens

    def _next(self) -> str:
        """The next token; its value is in `_value`. What is none raises when it is found to be unexpected."""
        matched = _blank(self._data, self._at)
        self._start = start = matched.end() if matched else self._at
        byte = self._data[start : start + 1]
        name = _PUNCTUATION.get(byte)
        if name is not None:
            self._at = start + 1
            return name
        if byte == b'"':
            return self._string(start + 1)
        if byte and (byte in b"-0123456789"):
            if not self._settings.decode_invalid_numbers and _is_no_json_number(self._data, start):
                return "invalid number"
            return self._number(start)
        for word, value in _WORDS:
            if self._data.startswith(word, start):
                self._at = start + len(word)
                self._value = value
                return "T_NULL" if value is NULL else "T_BOOLEAN"
        if self._settings.decode_invalid_numbers and _is_no_json_number(self._data, start):
            return self._number(start)
        return "invalid token"

    def _number(self, start: int) -> str:
        matched = _number(self._data, start)
        if matched is None:
            return "invalid number"
        self._at = matched.end()
        self._value = _value_of_number(matched[0])
        return "T_NUMBER"

    def _string(self, start: int) -> str:
        data = self._data
        matched = _plain_string(data, start)
        if matched is not None:
            self._at = matched.end()
            self._value = matched[1]
            return "T_STRING"
        pieces = []
        at = start
        while True:
            run = _string_run(data, at)
            assert run is not None, "the run may be empty"
            pieces.append(run[0])
            at = run.end()
            stop = data[at : at + 1]
            if stop == b'"':
                self._at = at + 1
                self._value = b"".join(pieces)
                return "T_STRING"
            if stop != b"\\":
                self._start = at
                return "unexpected end of string"
            escape = data[at + 1 : at + 2]
            if escape == b"u":
                unescaped = _unicode_escape(data, at)
                if unescaped is None:
                    self._start = at
                    return "invalid unicode escape code"
                pieces.append(unescaped[0])
                at += unescaped[1]
            elif escape in _UNESCAPED:
                pieces.append(_UNESCAPED[escape])
                at += 2
            else:
                self._start = at
                return "invalid escape code"


_SCALARS = {"T_STRING", "T_NUMBER", "T_BOOLEAN", "T_NULL"}
_PUNCTUATION = {
    b"{": "T_OBJ_BEGIN",
    b"}": "T_OBJ_END",
    b"[": "T_ARR_BEGIN",
    b"]": "T_ARR_END",
    b",": "T_COMMA",
    b":": "T_COLON",
    b"": "T_END",
    b"\0": "T_END",
}
_WORDS = ((b"true", True), (b"false", False), (b"null", NULL))
_UNESCAPED = {
    b'"': b'"',
    b"\\": b"\\",
    b"/": b"/",
    b"b": b"\b",
    b"f": b"\f",
    b"n": b"\n",
    b"r": b"\r",
    b"t": b"\t",
}

_blank = re.compile(rb"[ \t\n\r]+").match
_plain_string = re.compile(rb'([^"\\\x00]*)"').match
_string_run = re.compile(rb'[^"\\\x00]*').match
_hex4 = re.compile(rb"\\u([0-9a-fA-F]{4})").match
_is_no_json_number = re.compile(rb"\+|-?(?:0[xX0-9]|[iI][nN][fF]|[nN][aA][nN])").match
_number = re.compile(
    rb"[+-]?(?:0[xX](?:[0-9a-fA-F]+\.?[0-9a-fA-F]*|\.[0-9a-fA-F]+)(?:[pP][+-]?[0-9]+)?"
    rb"|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
    rb"|[iI][nN][fF](?:[iI][nN][iI][tT][yY])?|[nN][aA][nN](?:\([0-9A-Za-z_]*\))?)"
).match


def _value_of_number(digits: bytes) -> float:
    if b"x" in digits or b"X" in digits:
        try:
            return float.fromhex(digits.decode())
        except OverflowError:
            return float("-inf" if digits.startswith(b"-") else "inf")
    return float(digits.partition(b"(")[0])


def _unicode_escape(data: bytes, at: int) -> tuple[bytes, int] | None:
    r"""The character of the `\uXXXX` at `at`, or of a pair of them, and how long that is; None if bad."""
    first = _hex4(data, at)
    if first is None:
        return None
    code = int(first[1], 16)
    if code & 0xF800 != 0xD800:
        return chr(code).encode(), 6
    second = _hex4(data, at + 6)
    if code & 0x400 or second is None:
        return None
    low = int(second[1], 16)
    if low & 0xFC00 != 0xDC00:
        return None
    return chr(0x10000 + ((code & 0x3FF) << 10 | low & 0x3FF)).encode(), 12
