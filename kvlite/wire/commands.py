"""All rows: importing this module fills the table."""

from . import client, config, connection, strings, transactions
from .table import ROWS

__all__ = ["ROWS", "client", "config", "connection", "strings", "transactions"]
