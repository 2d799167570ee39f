"""`python -m kvlite serve`: a store, served until it is told to stop."""

from .run import run_serve as run_serve
