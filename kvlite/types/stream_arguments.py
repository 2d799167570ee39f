"""The arguments of the commands of streams, as they are sent: what they say, or Redis's error.

Every reader takes all words of a request, its name at the front. Checks are made in Redis's order.
"""

from __future__ import annotations

import re
from typing import NamedTuple, NoReturn

from ..encoding import at_least, integer
from ..errors import NOT_AN_INTEGER, SYNTAX, TIMEOUT_NEGATIVE, ResponseError, quoting, wrong_arity
from ..numbers import INT64_MAX, parse_int
from ..structs.consumer_group import UNKNOWN
from ..structs.limits import Limits
from ..structs.stream import Trim
from ..structs.stream_id import LARGEST, SEQUENCE, SIZE

INVALID_ID = "Invalid stream ID specified as stream command argument"
UNBALANCED = "Unbalanced XREAD list of streams: for each stream key an ID or '$' must be specified."
LONGEST_ID, LONGEST_USUAL = 127, 20
FROM_SCRIPT = "{} command is not allowed with BLOCK option from scripts"
_is_unsigned = re.compile(rb"[ \t\n\v\f\r]*[+-]?0*([0-9]{1,20})").fullmatch


def refuse(text: str = SYNTAX) -> NoReturn:
    raise ResponseError(text)


def c_string(text: bytes) -> bytes:
    """What an error quotes of a text: nothing beyond a NUL."""
    return text.partition(b"\0")[0]


def wrong_subcommand(words: list[bytes]) -> NoReturn:
    """Too many arguments for a subcommand, of which Redis says so by itself."""
    name, word = words[0].decode().upper(), words[1].decode()
    refuse(f"unknown subcommand or wrong number of arguments for '{word}'. Try {name} HELP.")


# Ids


def parse_id(text: bytes, missing: int = 0, strict: bool = True) -> int:
    """The id that `text` says: `5-1`, or `5` alone, whose number is then `missing`.

    Unless it is `strict`, `-` and `+` are the smallest and the largest. A ResponseError for what is none.
    """
    ms, dash, number = text.partition(b"-")
    if len(text) < LONGEST_USUAL and ms.isdigit():
        if number.isdigit():
            return int(ms) << 64 | int(number)
        if not dash:
            return int(ms) << 64 | missing
    id, _ = _parse_id(text, missing, strict)
    return id


def _parse_id(text: bytes, missing: int, strict: bool, star: bool = False) -> tuple[int, bool]:
    """The id, and whether its number is given; with `star`, `5-*` leaves that open."""
    if len(text) > LONGEST_ID or (strict and text in (b"-", b"+")):
        refuse(INVALID_ID)
    if text in (b"-", b"+"):
        return (0 if text == b"-" else LARGEST), True
    ms, dash, number = text.partition(b"\0")[0].partition(b"-")
    high = _unsigned(ms)
    if star and number == b"*":
        return high << 64, False
    return high << 64 | (_unsigned(number) if dash else missing), True


def _unsigned(text: bytes) -> int:
    """64 bits without a sign: what string2ll reads if it is not negative, or else what C's strtoull reads."""
    if text.isdigit() and len(text) < 19:
        return int(text)
    digits = _is_unsigned(text)
    negative = b"-" in text
    if digits is None or (negative and parse_int(text) is not None) or int(digits[1]) > SEQUENCE:
        refuse(INVALID_ID)
    number = int(digits[1])
    return -number & SEQUENCE if negative else number


def parse_start(text: bytes) -> int:
    """The first id of an interval, which `(` excludes."""
    if text[:1] != b"(" or len(text) < 2:
        return parse_id(text, 0, strict=False)
    id = parse_id(text[1:], 0)
    return id + 1 if id < LARGEST else refuse("invalid start ID for the interval")


def parse_end(text: bytes) -> int:
    """The last id of an interval, which `(` excludes."""
    if text[:1] != b"(" or len(text) < 2:
        return parse_id(text, SEQUENCE, strict=False)
    id = parse_id(text[1:], SEQUENCE)
    return id - 1 if id > 0 else refuse("invalid end ID for the interval")


def parse_interval(start: bytes, end: bytes) -> tuple[int, int]:
    return parse_start(start), parse_end(end)


# XADD and XTRIM


class Addition(NamedTuple):
    """What XADD is to add."""

    key: bytes
    id: int | None
    """None lets the store choose it."""
    numbered: bool
    """Whether the number of the id is given."""
    fields: tuple[bytes, ...]
    values: list[bytes]
    make: bool
    trim: Trim | None


class _TrimOptions:
    """The options of XADD and XTRIM."""

    def __init__(self) -> None:
        self.maxlen: int | None = None
        self.minid: int | None = None
        self.limit: int | None = None
        self.approximate = False

    def read(self, words: list[bytes], at: int) -> int:
        """Read the option at `at`; where the next one stands, or `at` if there is none."""
        option, more = words[at].upper(), len(words) - 1 - at
        if option in (b"MAXLEN", b"MINID") and more:
            if self.maxlen is not None or self.minid is not None:
                refuse("syntax error, MAXLEN and MINID options at the same time are not compatible")
            at += 1
            self.approximate = more >= 2 and words[at] == b"~"
            if more >= 2 and words[at] in (b"~", b"="):
                at += 1
            if option == b"MINID":
                self.minid = parse_id(words[at])
            else:
                self.maxlen = _not_negative(words[at], "The MAXLEN argument must be >= 0.")
            return at + 1
        if option == b"LIMIT" and more:
            self.limit = _not_negative(words[at + 1], "The LIMIT argument must be >= 0.")
            return at + 2
        return at

    def trim(self, limits: Limits, needed: bool) -> Trim | None:
        """What they say together, None if nothing is to be trimmed, which `needed` refuses."""
        none, limit = self.maxlen is None and self.minid is None, self.limit
        if none and limit:
            refuse("syntax error, LIMIT cannot be used without specifying a trimming strategy")
        if none and needed:
            refuse("syntax error, XTRIM must be called with a trimming strategy")
        if limit is None:
            nodes = 100 * limits.stream_node_max_entries
            limit = min(nodes if nodes > 0 else 10_000, 1_000_000) if self.approximate else 0
        elif not self.approximate:
            refuse("syntax error, LIMIT cannot be used without the special ~ option")
        return None if none else Trim(self.maxlen, self.minid or 0, self.approximate, limit)


def _not_negative(text: bytes, error: str) -> int:
    number = integer(text)
    return number if number >= 0 else refuse(error)


def read_xadd(words: list[bytes], limits: Limits) -> Addition:
    """XADD key [NOMKSTREAM] [MAXLEN|MINID [=|~] threshold [LIMIT count]] *|id field value ..."""
    options, make, at = _TrimOptions(), True, 2
    id: int | None = None
    numbered = False
    while at < len(words) and words[at] != b"*":
        after = options.read(words, at)
        if after == at:
            if words[at].upper() != b"NOMKSTREAM":
                id, numbered = _parse_id(words[at], 0, strict=True, star=True)
                break
            make, after = False, at + 1
        at = after
    trim = options.trim(limits, needed=False)
    texts = words[at + 1 :]
    if len(texts) < 2 or len(texts) % 2:
        raise wrong_arity("xadd")
    if id == 0 and numbered:
        refuse("The ID specified in XADD must be greater than 0-0")
    return Addition(words[1], id, numbered, tuple(texts[::2]), texts[1::2], make, trim)


def read_xtrim(words: list[bytes], limits: Limits) -> Trim:
    """XTRIM key MAXLEN|MINID [=|~] threshold [LIMIT count]"""
    options, at = _TrimOptions(), 2
    while at < len(words):
        after = options.read(words, at)
        if after == at:
            refuse()
        at = after
    trim = options.trim(limits, needed=True)
    assert trim is not None
    return trim


class Counters(NamedTuple):
    """What XSETID sets."""

    last_id: int
    entries_added: int | None
    max_deleted_id: int


def read_xsetid(words: list[bytes]) -> Counters:
    """XSETID key last-id [ENTRIESADDED count] [MAXDELETEDID id]"""
    last_id, added, deleted = parse_id(words[2]), None, 0
    at = 3
    while at < len(words):
        option = words[at].upper() if at + 1 < len(words) else b""
        if option == b"ENTRIESADDED":
            added = _not_negative(words[at + 1], "entries_added must be positive")
        elif option == b"MAXDELETEDID":
            deleted = parse_id(words[at + 1])
            if last_id < deleted:
                refuse("The ID specified in XSETID is smaller than the provided max_deleted_entry_id")
        else:
            refuse()
        at += 2
    return Counters(last_id, added, deleted)


# Reading


def read_count(words: list[bytes]) -> int | None:
    """The COUNT of XRANGE and XREVRANGE: None for no limit, 0 for none at all."""
    count, at = None, 4
    while at < len(words):
        if words[at].upper() != b"COUNT" or at + 1 == len(words):
            refuse()
        count = integer(words[at + 1])
        count = max(count, 0)
        at += 2
    return count


class Reading(NamedTuple):
    """What XREAD or XREADGROUP is to read."""

    keys: list[bytes]
    positions: list[bytes]
    """The id after which to read, `$`, or `>`, for each of them."""
    most: int
    """How many entries of each at most, 0 for all."""
    block: int | None
    """How long to wait, in milliseconds, 0 being for ever; None is not at all."""
    group: bytes | None = None
    consumer: bytes = b""
    acknowledge: bool = True
    """Whether what is read is pending until it is acknowledged."""


def read_xread(words: list[bytes], may_block: bool = True) -> Reading:
    """XREAD [COUNT count] [BLOCK ms] STREAMS key ... id ..., and XREADGROUP GROUP group consumer [NOACK].

    Who may not block at all, as a script may not, gets an error for BLOCK.
    """
    in_group = words[0].lower() == b"xreadgroup"
    count, block, group, consumer, acknowledge, names = 0, None, None, b"", True, None
    at = 1
    while at < len(words):
        option, more = words[at].upper(), len(words) - 1 - at
        if option == b"BLOCK" and more:
            if not may_block:
                refuse(FROM_SCRIPT.format(words[0].decode()))
            block = integer(words[at + 1], "timeout is not an integer or out of range")
            if block < 0:
                refuse(TIMEOUT_NEGATIVE)
            at += 1
        elif option == b"COUNT" and more:
            count = max(0, integer(words[at + 1]))
            at += 1
        elif option == b"STREAMS" and more:
            names = words[at + 1 :]
            if len(names) % 2:
                refuse(UNBALANCED)
            break
        elif option == b"GROUP" and more >= 2:
            _only_in_group(in_group, "GROUP")
            group, consumer = words[at + 1 : at + 3]
            at += 2
        elif option == b"NOACK":
            _only_in_group(in_group, "NOACK")
            acknowledge = False
        else:
            refuse()
        at += 1
    if names is None:
        refuse()
    if in_group and group is None:
        refuse("Missing GROUP option for XREADGROUP")
    half = len(names) // 2
    return Reading(names[:half], names[half:], count, block, group, consumer, acknowledge)


def _only_in_group(in_group: bool, option: str) -> None:
    if not in_group:
        refuse(f"The {option} option is only supported by XREADGROUP. You called XREAD instead.")


# Consumer groups


class Creation(NamedTuple):
    """What XGROUP CREATE and XGROUP SETID say of a group."""

    position: bytes
    """The id after which it reads, or `$`."""
    make: bool
    entries_read: int


def read_xgroup(words: list[bytes], creating: bool) -> Creation:
    """XGROUP CREATE key group id|$ [MKSTREAM] [ENTRIESREAD count], and XGROUP SETID without MKSTREAM."""
    make, read, at = False, UNKNOWN, 5
    while at < len(words):
        option = words[at].upper()
        if creating and option == b"MKSTREAM":
            make = True
            at += 1
        elif option == b"ENTRIESREAD" and at + 1 < len(words):
            read = integer(words[at + 1])
            if read < 0 and read != UNKNOWN:
                refuse("value for ENTRIESREAD must be positive or -1")
            at += 2
        else:
            wrong_subcommand(words)
    return Creation(words[4], make, read)


class Pends(NamedTuple):
    """Which pending entries XPENDING is to show."""

    first: int
    last: int
    most: int
    idle: int
    consumer: bytes | None


def read_xpending(words: list[bytes]) -> Pends | None:
    """XPENDING key group [[IDLE ms] start end count [consumer]]; None without a range."""
    if len(words) == 3:
        return None
    if not 6 <= len(words) <= 9:
        refuse()
    idle, at = 0, 3
    if words[3].upper() == b"IDLE":
        idle = integer(words[4])
        if len(words) < 8:
            refuse()
        at = 5
    count = max(0, integer(words[at + 2]))
    first, last = parse_interval(words[at], words[at + 1])
    return Pends(first, last, count, idle, words[at + 3] if at + 3 < len(words) else None)


class Claim(NamedTuple):
    """What XCLAIM is to claim."""

    ids: list[int]
    idle: int
    """How long an entry must not have been given to anybody, in milliseconds."""
    time: int
    """What becomes the time of its delivery."""
    times: int | None
    """What becomes the number of its deliveries; None is one more."""
    force: bool
    just_id: bool
    last_id: int


_CLAIM_NUMBERS = (b"IDLE", b"TIME", b"RETRYCOUNT")


def min_idle(text: bytes, command: str) -> int:
    return max(0, integer(text, f"Invalid min-idle-time argument for {command}"))


def read_xclaim(words: list[bytes], now: int) -> Claim:
    """XCLAIM key group consumer min-idle-time id ... [IDLE ms] [TIME ms] [RETRYCOUNT n] [FORCE] [JUSTID]"""
    idle = min_idle(words[4], "XCLAIM")
    ids: list[int] = []
    at = 5
    while at < len(words) and (id := _id_or_none(words[at])) is not None:
        ids.append(id)
        at += 1
    time, count, last_id, flags = -1, -1, 0, set()
    while at < len(words):
        option, more = words[at].upper(), at + 1 < len(words)
        if option in (b"FORCE", b"JUSTID"):
            flags.add(option)
        elif option in _CLAIM_NUMBERS and more:
            at += 1
            number = integer(words[at], f"Invalid {option.decode()} option argument for XCLAIM")
            if option == b"RETRYCOUNT":
                count = number
            else:
                time = number if option == b"TIME" else now - number
        elif option == b"LASTID" and more:
            at += 1
            last_id = parse_id(words[at])
        else:
            raise quoting(b"Unrecognized XCLAIM option '%b'" % c_string(words[at]))
        at += 1
    if not 0 <= time <= now:
        time = now
    just_id = b"JUSTID" in flags
    return Claim(ids, idle, time, count if count >= 0 else None, b"FORCE" in flags, just_id, last_id)


def _id_or_none(text: bytes) -> int | None:
    try:
        return parse_id(text)
    except ResponseError:
        return None


class AutoClaim(NamedTuple):
    """What XAUTOCLAIM is to claim."""

    idle: int
    start: int
    most: int
    just_id: bool


def read_xautoclaim(words: list[bytes]) -> AutoClaim:
    """XAUTOCLAIM key group consumer min-idle-time start [COUNT count] [JUSTID]"""
    idle, start = min_idle(words[4], "XAUTOCLAIM"), parse_start(words[5])
    count, just_id, at = 100, False, 6
    while at < len(words):
        option = words[at].upper()
        if option == b"COUNT" and at + 1 < len(words):
            at += 1
            count = at_least(1, words[at], "COUNT must be > 0")
            if count > INT64_MAX // SIZE:
                refuse("COUNT must be > 0")
        elif option == b"JUSTID":
            just_id = True
        else:
            refuse()
        at += 1
    return AutoClaim(idle, start, count, just_id)


def read_xinfo_stream(words: list[bytes]) -> int | None:
    """XINFO STREAM key [FULL [COUNT count]]: how much to show of everything, 0 for all; None if not FULL."""
    if len(words) == 3:
        return None
    if len(words) not in (4, 6) or words[3].upper() != b"FULL":
        wrong_subcommand(words)
    if len(words) == 4:
        return 10
    if words[4].upper() != b"COUNT":
        wrong_subcommand(words)
    count = integer(words[5], NOT_AN_INTEGER)
    return count if count >= 0 else 10
