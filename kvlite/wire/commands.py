"""All rows: importing these modules fills the table."""

from . import acl_commands as acl_commands
from . import client as client
from . import config as config
from . import connection as connection
from . import hashes as hashes
from . import keys as keys
from . import latency as latency
from . import lists as lists
from . import monitor as monitor
from . import sets as sets
from . import slowlog as slowlog
from . import sort as sort
from . import sorted_sets as sorted_sets
from . import strings as strings
from . import transactions as transactions
from .table import ROWS as ROWS
