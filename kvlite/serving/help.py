"""What `python -m kvlite serve --help` says."""

HELP = """\
usage: python -m kvlite serve [PATH] [CONFIG-FILE] [--OPTION VALUE...]

Serve a store to any Redis client. PATH is a folder, made if it is missing, in which all data is kept; without
it the data is in memory, and lost in the end. CONFIG-FILE is a file in the manner of redis.conf.

Every parameter of Redis 7.0 is an option, with its own name and values, here or in the file. The common ones:

  --port N                     listen at this port (6379); 0 is at none
  --bind ADDRESS...            listen at these addresses (127.0.0.1 -::1); --host is the same
  --unixsocket FILE            listen at a unix socket; --unixsocketperm 770 says who may use it
  --requirepass PASSWORD       whom to let in
  --tls-port N                 listen at this port for TLS, with these:
    --tls-cert-file FILE         the server's certificate
    --tls-key-file FILE          its key
    --tls-ca-cert-file FILE      who signs the certificates of clients
    --tls-auth-clients yes|optional|no
  --appendfsync POLICY         when writes are synced to the disk: always, everysec (the default) or no
  --maxclients N               how many may be connected at once (10000)
  --timeout SECONDS            end connections that are silent for so long (0: never)
  --notify-keyspace-events CLASSES
  --enable-debug-command yes|local|no
  --loglevel debug|notice|warning, --logfile FILE, --pidfile FILE

  --path PATH and --config FILE are the same as the words before the options.

Each is a variable of the environment as well: KVLITE_PORT=7000, KVLITE_REQUIREPASS=..., KVLITE_PATH=...
Arguments win over the environment, and that over the file.

SIGTERM and SIGINT stop it: what was answered is on the disk then, and the exit code is 0. It is 2 if the
server cannot start, and one line says why.
"""
