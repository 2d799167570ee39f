"""Lua as scripts of Redis know it: the language itself is lupa's Lua 5.1, everything around it is here.

`sandbox.lua` is the world that a script sees, and `libraries.lua` that of a library while it is loaded;
`engine` runs one Lua; `conversions` carry values over; each library that scripts have has a module. `scripts`
and `functions` are what an instance knows; `running` runs one of them, and ends it; `worker` does so in
another thread.
"""
