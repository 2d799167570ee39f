"""All rows: importing these modules fills the table."""

from . import acl_commands as acl_commands
from . import client as client
from . import cluster as cluster
from . import command_docs as command_docs
from . import command_info as command_info
from . import config as config
from . import connection as connection
from . import debug as debug
from . import hashes as hashes
from . import info as info
from . import keys as keys
from . import latency as latency
from . import lists as lists
from . import memory as memory
from . import monitor as monitor
from . import persistence as persistence
from . import replication as replication
from . import scripting as scripting
from . import server as server
from . import sets as sets
from . import slowlog as slowlog
from . import sort as sort
from . import sorted_sets as sorted_sets
from . import strings as strings
from . import transactions as transactions
from .table import ROWS as ROWS
