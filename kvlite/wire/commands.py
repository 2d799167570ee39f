"""All rows: importing this module fills the table."""

from . import connection, strings, transactions
from .table import ROWS

__all__ = ["ROWS", "connection", "strings", "transactions"]
