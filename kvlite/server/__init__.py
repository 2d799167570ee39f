"""The third door: a store served to any Redis client, over TCP, TLS and unix sockets."""

from .server import Server as Server
