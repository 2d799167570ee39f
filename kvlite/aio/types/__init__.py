"""The commands of `kvlite.types`, awaited. Made by tests/make_aio.py."""
