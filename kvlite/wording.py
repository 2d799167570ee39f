"""The words that redis-py sends for a call of one of its methods, to tell whether two calls are the same."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from typing import Any
from warnings import catch_warnings, simplefilter

SENT_AS = {
    "acl_log_reset": "acl_log",
    "client_kill_filter": "client_kill",
    "decr": "decrby",
    "delete": "del",
    "incr": "incrby",
    "sort_ro": "sort",
    "xpending_range": "xpending",
}
"""Methods of redis-py, and what they send, where that has another name."""


def method_of(name: str) -> str:
    """The name of the method for a command, as redis-py makes them of Redis's names."""
    name = name.lower()
    for sign in " |-":
        name = name.replace(sign, "_")
    return "delete" if name == "del" else name


@cache
def one_name(name: str) -> str:
    """The one name of a command that may be called by its method's, Redis's, or that of what is sent for it.

    >>> one_name("CONFIG GET") == one_name("config|get") == one_name("config_get")
    True
    """
    name = method_of(name)
    return SENT_AS.get(name, name)


def plain(value: Any) -> Any:
    """`value` as Redis tells it from others: numbers and bytes as text, and so within lists and dicts.

    Bytes stay what they are if they are no UTF-8.
    """
    if isinstance(value, (bytes, bytearray, memoryview)):
        value = bytes(value)
        try:
            return value.decode()
        except UnicodeDecodeError:
            return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return repr(value)
    if isinstance(value, dict):
        return {plain(name): plain(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return list(map(plain, value))
    if isinstance(value, (set, frozenset)):
        return set(map(plain, value))
    return value


def words_of(name: str, args: Sequence[Any], kwargs: dict[str, Any]) -> list[Any] | None:
    """What follows the name of the command, `plain`, in what redis-py sends for a call of its method.

    None if redis-py is not installed, or sends nothing for such a call.
    """
    client = _client()
    if client is None:
        return None
    words: list[Any] = []
    with suppress(Exception), catch_warnings():
        simplefilter("ignore")
        try:
            getattr(client, method_of(name))(*args, **kwargs)
        except _Sent as sending:
            words = [*str(sending.args[0]).split(), *sending.args[1:]]
    for end in range(1, len(words) + 1):
        if one_name(" ".join(map(str, words[:end]))) == one_name(name):
            return [plain(client.get_encoder().encode(word)) for word in words[end:]]
    return None


class _Sent(Exception):
    """redis-py was about to send these words."""


@cache
def _client() -> Any:
    try:
        import redis
    except ImportError:
        return None

    class Client(redis.Redis):
        def execute_command(self, *args: Any, **options: Any) -> Any:
            raise _Sent(*args)

    return Client()
