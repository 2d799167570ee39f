"""`python -m kvlite top`: what a store in a folder or on a server is doing, for people to watch."""

from .run import run_top as run_top
