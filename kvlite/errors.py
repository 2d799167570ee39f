"""The exceptions kvlite raises, under redis-py's names, and Redis's error texts in one place.

A `ResponseError` carries the text a Redis client would show: Redis's own, without the leading "ERR".
"""

from __future__ import annotations


class RedisError(Exception):
    """The root of everything kvlite raises on purpose."""

    counted = False
    """The statistics know of it already: a command that a script called has failed by it."""


class ConnectionError(RedisError):
    """The store cannot be reached any more."""


class StoreClosedError(ConnectionError):
    """The store has been closed; open it again to go on."""


class TimeoutError(RedisError):
    """Something did not happen within the time it was given."""


class ResponseError(RedisError):
    """Redis would have answered this call with an error; the text is Redis's."""

    sent: bytes | None = None
    """The text as it is sent, where it quotes bytes that are no UTF-8."""


class OutOfMemoryError(ResponseError):
    """A write was refused because the store is at its memory limit."""


class ReadOnlyError(ResponseError):
    """A write was asked of a store that only reads."""


class NoScriptError(ResponseError):
    """No script with that digest is known."""


class ExecAbortError(ResponseError):
    """A transaction was dropped because one of its commands could not be queued."""


class NoPermissionError(ResponseError):
    """The user may not do this."""


class CustomError(ResponseError):
    """An error of somebody's own making: its text has a code at its beginning, or none."""


class DataError(RedisError):
    """An argument of a kind that cannot be sent to Redis, or that contradicts another."""


class PubSubError(RedisError):
    """A PubSub object was used in a way it does not allow."""


class WatchError(RedisError):
    """A watched key changed before the transaction ran."""


class LockError(RedisError, ValueError):
    """A lock could not be acquired or released."""

    def __init__(self, message: str | None = None, lock_name: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.lock_name = lock_name


class LockNotOwnedError(LockError):
    """The lock is held by somebody else, or by nobody."""


class PersistenceError(RedisError):
    """Something could not be kept on the disk, or read back from it."""


class StoreLockedError(PersistenceError):
    """Another store has this folder open for writing."""


class CorruptionError(PersistenceError):
    """A file holds something else than what was written to it."""

    def __init__(self, file: str, offset: int, found: str) -> None:
        super().__init__(
            f"{file} is damaged at byte {offset}: {found}. Nothing was changed. "
            f"`python -m kvlite check --repair FOLDER` keeps all that can be kept"
        )
        self.file = file
        self.offset = offset
        self.found = found


CODE_OF: dict[type[Exception], str] = {
    OutOfMemoryError: "OOM",
    ReadOnlyError: "READONLY",
    NoScriptError: "NOSCRIPT",
    ExecAbortError: "EXECABORT",
    NoPermissionError: "NOPERM",
    PersistenceError: "MISCONF",
    CustomError: "",
}
"""The code that stands before the text of an error on the wire, where it is not ERR."""

CODES = {
    *(
        "WRONGTYPE",
        "BUSYKEY",
        "BUSYGROUP",
        "NOGROUP",
        "NOPROTO",
        "NOAUTH",
        "WRONGPASS",
        "DENIED",
        "UNBLOCKED",
        "INVALIDOBJ",
    ),
    *("BUSY", "NOTBUSY", "UNKILLABLE", "UNBLOCKED", "INPROG", "LOADING", "NOREPLICAS", "MASTERDOWN"),
    *("MOVED", "ASK", "CROSSSLOT", "CLUSTERDOWN", "TRYAGAIN"),
}
"""Codes that are part of the text, as redis-py leaves them there."""

REFUSALS = {
    *("NOAUTH", "NOPERM", "MOVED", "ASK", "CROSSSLOT", "CLUSTERDOWN", "TRYAGAIN", "OOM", "MISCONF"),
    *("NOREPLICAS", "READONLY", "MASTERDOWN", "LOADING", "BUSY"),
}
"""Codes of errors by which a command is not even tried: a transaction that has it fails as a whole."""

CODE_OF_NAME = {
    "AskError": "ASK",
    "AuthenticationError": "NOAUTH",
    "BusyLoadingError": "LOADING",
    "ClusterCrossSlotError": "CROSSSLOT",
    "ClusterDownError": "CLUSTERDOWN",
    "ExecAbortError": "EXECABORT",
    "MasterDownError": "MASTERDOWN",
    "MovedError": "MOVED",
    "NoPermissionError": "NOPERM",
    "NoScriptError": "NOSCRIPT",
    "OutOfMemoryError": "OOM",
    "PersistenceError": "MISCONF",
    "ReadOnlyError": "READONLY",
    "TryAgainError": "TRYAGAIN",
}
"""The code for which clients have an exception of their own, by the names that redis-py gave these."""

INVALID_EVENT_CLASS = "Invalid event class character. Use 'Ag$lshzxeKEtmdn'."
OUT_OF_MEMORY = "command not allowed when used memory > 'maxmemory'."
WRONG_TYPE = "WRONGTYPE Operation against a key holding the wrong kind of value"
NOT_AN_INTEGER = "value is not an integer or out of range"
OUT_OF_RANGE = "value is out of range"
MUST_BE_POSITIVE = "value is out of range, must be positive"
NOT_A_FLOAT = "value is not a valid float"
SYNTAX = "syntax error"
NO_SUCH_KEY = "no such key"
INCREMENT_OVERFLOWS = "increment or decrement would overflow"
DECREMENT_OVERFLOWS = "decrement would overflow"
INCREMENT_NOT_FINITE = "increment would produce NaN or Infinity"
OFFSET_OUT_OF_RANGE = "offset is out of range"
STRING_TOO_LONG = "string exceeds maximum allowed size (proto-max-bulk-len)"
INDEX_OUT_OF_RANGE = "index out of range"
DB_INDEX_OUT_OF_RANGE = "DB index is out of range"
INVALID_CURSOR = "invalid cursor"
SAME_OBJECT = "source and destination objects are the same"
NUMKEYS_NOT_POSITIVE = "numkeys should be greater than 0"
COUNT_NOT_POSITIVE = "count should be greater than 0"
BUSY_KEY = "BUSYKEY Target key name already exists."
BAD_PAYLOAD = "DUMP payload version or checksum are wrong"
BAD_DATA_FORMAT = "Bad data format"
TIMEOUT_NOT_A_FLOAT = "timeout is not a float or out of range"
TIMEOUT_NEGATIVE = "timeout is negative"


def wrong_arity(command: str) -> ResponseError:
    return ResponseError(f"wrong number of arguments for '{command}' command")


def quoting(text: bytes) -> ResponseError:
    """An error whose text, of one line, quotes what a client has sent."""
    error = ResponseError(text.decode(errors="replace").replace("\r", " ").replace("\n", " "))
    error.sent = text
    return error


def invalid_expire(command: str) -> ResponseError:
    return ResponseError(f"invalid expire time in '{command}' command")


def error_of(text: str) -> RedisError:
    """The error that reads so on the wire, with its code."""
    code, _, rest = text.partition(" ")
    if code == "ERR" and rest and rest.partition(" ")[0] not in CODES:
        return ResponseError(rest)
    kind = next((kind for kind, its_code in CODE_OF.items() if its_code == code), None)
    error = CustomError(text) if not code or kind is None else kind(rest)
    assert isinstance(error, RedisError)
    return error


def reply_of(error: Exception) -> RedisError | None:
    """The reply of a server that a client would raise `error` for, be it kvlite's or that of a client's
    library, such as redis-py's; None if it would for a connection that is lost."""
    names = [kind.__name__ for kind in type(error).__mro__]
    code = next((CODE_OF_NAME[name] for name in names if name in CODE_OF_NAME), None)
    is_lost = "RedisError" not in names or not {"ConnectionError", "TimeoutError"}.isdisjoint(names)
    if is_lost and code is None and "ResponseError" not in names:
        return None
    text = str(error)
    if text.partition(" ")[0] in {"ERR", *CODES, *CODE_OF_NAME.values()}:
        return error_of(text)
    if isinstance(error, CustomError):
        return error
    return error_of(f"{code or 'ERR'} {text}")
