"""All rows: importing this module fills the table."""

from . import acl_commands, client, config, connection, strings, transactions
from .table import ROWS

__all__ = ["ROWS", "acl_commands", "client", "config", "connection", "strings", "transactions"]
