# mypy: disable-error-code="no-any-return,assignment"

"""The commands of kvlite/types/pubsub.py, awaited. Made by tests/make_aio.py."""

from __future__ import annotations

from ...encoding import Encodable
from ...keyspace import T
from ..awaited import Awaited


class AsyncChannels(Awaited[T]):
    """See `kvlite.types.pubsub.Channels`, of which this has every command."""

    async def publish(self, channel: Encodable, message: Encodable) -> int:
        """Send `message` to those who subscribed to `channel`, or to a pattern that it matches; how many they
        are. O(subscribers + patterns)."""
        found = self._calls.publish(channel, message)
        return found if self._at_once else await found

    async def spublish(self, shard_channel: Encodable, message: Encodable) -> int:
        """`publish` to those who subscribed to the shard channel, which patterns do not concern."""
        found = self._calls.spublish(shard_channel, message)
        return found if self._at_once else await found

    async def pubsub_channels(self, pattern: Encodable = "*") -> list[T]:
        """The channels somebody is subscribed to that match a glob pattern. O(channels)."""
        found = self._calls.pubsub_channels(pattern)
        return found if self._at_once else await found

    async def pubsub_shardchannels(self, pattern: Encodable = "*") -> list[T]:
        """The shard channels somebody is subscribed to that match a glob pattern. O(channels)."""
        found = self._calls.pubsub_shardchannels(pattern)
        return found if self._at_once else await found

    async def pubsub_numsub(self, *args: Encodable) -> list[tuple[T, int]]:
        """How many are subscribed to each of the channels, not counting patterns. O(channels asked for)."""
        found = self._calls.pubsub_numsub(*args)
        return found if self._at_once else await found

    async def pubsub_shardnumsub(self, *args: Encodable) -> list[tuple[T, int]]:
        """How many are subscribed to each of the shard channels. O(channels asked for)."""
        found = self._calls.pubsub_shardnumsub(*args)
        return found if self._at_once else await found

    async def pubsub_numpat(self) -> int:
        """How many patterns somebody is subscribed to. O(1)."""
        found = self._calls.pubsub_numpat()
        return found if self._at_once else await found
