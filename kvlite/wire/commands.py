"""All rows: importing this module fills the table."""

from . import config, connection, strings, transactions
from .table import ROWS

__all__ = ["ROWS", "config", "connection", "strings", "transactions"]
