"""Data written down, put into a store."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kvlite import DataError, ManualClock, ResponseError, Store

DATA: dict[str, Any] = {
    "greeting": "hello",
    "count": 5,
    "ratio": 0.5,
    "queue": ["a", 1],
    "ann": {"age": 31, "town": "Ulm"},
    "tags": {"$set": ["x", "y"]},
    "scores": {"$zset": {"ann": 1, "bob": 2.5}, "$ttl": 60},
    "token": {"$string": "abc", "$ttl": 0.5},
    "odd": {"$hash": {"$set": "a field"}},
    "one": {"$list": ["x"]},
    "log": {"$stream": {"1-1": {"level": "info", "code": 7}, "2-*": {"level": "error"}}},
}


def check(store: Store[Any]) -> None:
    assert store.get("greeting") == "hello"
    assert store.incr("count") == 6
    assert store.get("ratio") == "0.5"
    assert store.lrange("queue", 0, -1) == ["a", "1"]
    assert store.hgetall("ann") == {"age": "31", "town": "Ulm"}
    assert store.smembers("tags") == {"x", "y"}
    assert store.zrange("scores", 0, -1, withscores=True) == [("ann", 1.0), ("bob", 2.5)]
    assert store.ttl("scores") == 60
    assert store.pttl("token") == 500
    assert store.hget("odd", "$set") == "a field"
    assert store.lrange("one", 0, -1) == ["x"]
    assert store.xrange("log") == [("1-1", {"level": "info", "code": "7"}), ("2-0", {"level": "error"})]
    assert store.dbsize() == len(DATA)


@pytest.fixture
def store() -> Store[Any]:
    return Store(clock=ManualClock(), decode_responses=True)


def test_a_dict(store: Store[Any]) -> None:
    store.rpush("greeting", "is replaced")
    assert store.seed(DATA) == len(DATA)
    check(store)


def test_keys_are_texts_or_numbers() -> None:
    store, data = Store(), dict[Any, Any]({b"\xff": "bytes", 7: "number", "é": b"\x00"})
    assert store.seed(data) == 3
    assert store.mget(b"\xff", "7", "é") == [b"bytes", b"number", b"\x00"]


def test_a_file_of_json(store: Store[Any], tmp_path: Path) -> None:
    (tmp_path / "data.json").write_text(json.dumps(DATA))
    store.seed(tmp_path / "data.json")
    check(store)


def test_a_file_of_yaml(store: Store[Any], tmp_path: Path) -> None:
    yaml = pytest.importorskip("yaml")
    (tmp_path / "data.yaml").write_text(yaml.safe_dump(DATA))
    store.seed(str(tmp_path / "data.yaml"))
    check(store)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"k": None}, "key 'k': None is neither a text nor a number"),
        ({"k": True}, "key 'k': True is neither a text nor a number"),
        ({"k": ["a", ["b"]]}, "key 'k': ['b'] is neither a text nor a number"),
        ({"k": []}, "key 'k': $list takes a list that is not empty"),
        ({"k": {}}, "key 'k': $hash takes a dict that is not empty"),
        ({"k": {"$set": {"a": 1}}}, "key 'k': $set takes a list that is not empty"),
        ({"k": {"$zset": ["a"]}}, "key 'k': $zset takes a dict that is not empty"),
        ({"k": {"$ttl": 5}}, "key 'k': one of $string, $list"),
        ({"k": {"$set": ["a"], "field": 1}}, "key 'k': one of $string, $list"),
        ({"k": {"$bitmap": ["a"]}}, "key 'k': $bitmap is none of $string, $list"),
        ({"k": {"$stream": ["a"]}}, "key 'k': $stream takes a dict that is not empty"),
        ({"k": {"$stream": {"1-1": {}}}}, "key 'k': an entry of $stream takes a dict that is not empty"),
        ({"k": {"$stream": {"1-1": {"f": None}}}}, "key 'k': None is neither a text nor a number"),
        ({"k": {"$stream": {"0-0": {"f": 1}}}}, "The ID specified in XADD must be greater than 0-0"),
        ({"k": {"$string": "a", "$ttl": 0}}, "key 'k': $ttl is a number of seconds, not 0"),
        ({"k": {"$zset": {"a": "x"}}}, "value is not a valid float"),
        ([], "data is a mapping of keys to values, not of the type list"),
        ({True: 1}, "key True is neither a text nor a number"),
        ({None: 1}, "key None is neither a text nor a number"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_changed(store: Store[Any], data: Any, says: str) -> None:
    store.set("a", "1")
    if isinstance(data, dict):
        data = {"a": "2", **data}
    with pytest.raises((DataError, ResponseError)) as caught:
        store.seed(data)
    assert says in str(caught.value)
    assert store.get("a") == "1"
    assert store.dbsize() == 1


def test_a_file_that_is_no_json(store: Store[Any], tmp_path: Path) -> None:
    (tmp_path / "data.json").write_text("{")
    with pytest.raises(DataError, match="data.json is no JSON"):
        store.seed(tmp_path / "data.json")
    with pytest.raises(FileNotFoundError):
        store.seed(tmp_path / "nothing.json")
