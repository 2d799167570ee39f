"""Lua as scripts of Redis know it: the language itself is lupa's Lua 5.1, everything around it is here.

`sandbox.lua` is the world that a script sees; `engine` runs one Lua; `conversions` carry values over; each
library has a module; `scripts` is what an instance knows and does about scripts.
"""
