"""Django's own Redis cache, and sessions kept in it."""

from __future__ import annotations

import sys
import time

import django
from django.conf import settings


def main(url: str) -> None:
    settings.configure(
        CACHES={
            "default": {
                "BACKEND": "django.core.cache.backends.redis.RedisCache",
                "LOCATION": url,
                "KEY_PREFIX": "app",
            }
        },
        SESSION_ENGINE="django.contrib.sessions.backends.cache",
        SECRET_KEY="test",
    )
    django.setup()
    from django.contrib.sessions.backends.cache import SessionStore
    from django.core.cache import cache

    cache.clear()
    cache.set("a", {"b": [1, 2.5, "é"]}, timeout=60)
    assert cache.get("a") == {"b": [1, 2.5, "é"]}
    assert cache.get("missing", "default") == "default"
    assert cache.add("a", 1) is False
    assert cache.add("c", 1, timeout=0.05)
    time.sleep(0.1)
    assert cache.get("c") is None
    cache.set("n", 1)
    assert cache.incr("n", 5) == 6
    assert cache.decr("n") == 5
    try:
        cache.incr("missing")
    except ValueError:
        pass
    else:
        raise AssertionError("a missing key was counted")
    assert cache.set_many({"x": 1, "y": b"\xff"}) == []
    assert cache.get_many(["x", "y", "z"]) == {"x": 1, "y": b"\xff"}
    assert cache.touch("x", 100)
    assert cache.get_or_set("lazy", lambda: 42) == 42
    assert cache.has_key("lazy")
    assert cache.delete("lazy")
    cache.delete_many(["x", "y"])
    assert "x" not in cache

    session = SessionStore()
    session["user"] = "ann"
    session.save()
    assert SessionStore(session.session_key)["user"] == "ann"
    session.flush()
    assert not SessionStore().exists(session.session_key)
    cache.clear()


if __name__ == "__main__":
    main(sys.argv[1])
