"""Redis's protocol and commands, without sockets: what every door that speaks Redis is made of.

A request is a list of bytes. `table` has a row for each command, which reads the arguments, calls the store's
own half and shapes the reply; `session` runs requests for one connection; `resp` and `stream` turn it into
bytes.
"""
