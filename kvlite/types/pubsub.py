"""Publishing, and asking who is subscribed. Subscribing is up to the doors: see `kvlite.pubsub`."""

from __future__ import annotations

from ..channels import Kind, pattern_matcher
from ..encoding import Encodable, encode, encode_all
from ..keyspace import Keyspace, T


class Channels(Keyspace[T]):
    """The commands about channels, which are those of all databases together."""

    def publish(self, channel: Encodable, message: Encodable) -> int:
        """Send `message` to those who subscribed to `channel`, or to a pattern that it matches; how many they
        are. O(subscribers + patterns).

        Within a transaction it is sent when that is complete.
        """
        return self._publish(encode(channel), encode(message))

    def _publish(self, channel: bytes, message: bytes) -> int:
        self._acquire()
        try:
            shared = self._shared
            return shared.hub.publish(channel, message, hold=shared.depth > 0)
        finally:
            self._release()

    def spublish(self, shard_channel: Encodable, message: Encodable) -> int:
        """`publish` to those who subscribed to the shard channel, which patterns do not concern."""
        return self._spublish(encode(shard_channel), encode(message))

    def _spublish(self, channel: bytes, message: bytes) -> int:
        self._acquire()
        try:
            shared = self._shared
            return shared.hub.publish_to_shard(channel, message, hold=shared.depth > 0)
        finally:
            self._release()

    def pubsub_channels(self, pattern: Encodable = "*") -> list[T]:
        """The channels somebody is subscribed to that match a glob pattern. O(channels)."""
        return self._many(self._pubsub_channels(Kind.CHANNEL, encode(pattern)))

    def pubsub_shardchannels(self, pattern: Encodable = "*") -> list[T]:
        """The shard channels somebody is subscribed to that match a glob pattern. O(channels)."""
        return self._many(self._pubsub_channels(Kind.SHARD, encode(pattern)))

    def _pubsub_channels(self, kind: Kind, pattern: bytes | None) -> list[bytes]:
        self._acquire()
        try:
            channels = list(self._shared.hub.audiences(kind))
        finally:
            self._release()
        return channels if pattern is None else list(filter(pattern_matcher(pattern), channels))

    def pubsub_numsub(self, *args: Encodable) -> list[tuple[T, int]]:
        """How many are subscribed to each of the channels, not counting patterns. O(channels asked for)."""
        return self._scored(self._pubsub_numsub(Kind.CHANNEL, encode_all(args)))

    def pubsub_shardnumsub(self, *args: Encodable) -> list[tuple[T, int]]:
        """How many are subscribed to each of the shard channels. O(channels asked for)."""
        return self._scored(self._pubsub_numsub(Kind.SHARD, encode_all(args)))

    def _pubsub_numsub(self, kind: Kind, channels: list[bytes]) -> list[tuple[bytes, int]]:
        self._acquire()
        try:
            audiences = self._shared.hub.audiences(kind)
            return [(channel, len(audiences.get(channel, ()))) for channel in channels]
        finally:
            self._release()

    def pubsub_numpat(self) -> int:
        """How many patterns somebody is subscribed to. O(1)."""
        return self._pubsub_numpat()

    def _pubsub_numpat(self) -> int:
        self._acquire()
        try:
            return len(self._shared.hub.audiences(Kind.PATTERN))
        finally:
            self._release()
