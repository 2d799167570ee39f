"""All rows: importing these modules fills the table."""

from . import acl_commands as acl_commands
from . import client as client
from . import config as config
from . import connection as connection
from . import latency as latency
from . import monitor as monitor
from . import slowlog as slowlog
from . import strings as strings
from . import transactions as transactions
from .table import ROWS as ROWS
