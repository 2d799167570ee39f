"""The session in which the commands of a script are run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...errors import OUT_OF_MEMORY, OutOfMemoryError, RedisError, ResponseError
from ..acl_selector import NO_PERMISSION_IN_SCRIPT
from ..replies import Reply
from ..session import Nowhere, Session
from ..table import ROWS, Row

if TYPE_CHECKING:
    from ..instance import Instance
    from .running import Run

UNKNOWN_COMMAND = "Unknown Redis command called from script"
WRONG_ARITY = "Wrong number of args calling Redis command from script"
NOT_ALLOWED = "This Redis command is not allowed from script"
READ_ONLY = "Write commands are not allowed from read-only scripts."


class Caller(Session):
    """Runs what a script calls. It is no client: nobody sees it."""

    def __init__(self, instance: Instance) -> None:
        super().__init__(instance, Nowhere("lua"))

    def enter(self) -> int:
        return 0

    def prepare(self, run: Run) -> None:
        """Be as whoever runs the script."""
        self.store = run.store
        self.database = run.store._index
        self.protocol = 2
        if run.session is not None:
            self.user, self.restricted = run.session.user, run.session.restricted

    def call(self, args: list[bytes], run: Run) -> Reply:
        """Run one request of a script: the reply, or an error as an exception object."""
        row = ROWS.get(args[0]) or ROWS.get(args[0].lower())
        if row is not None and row.subcommands and len(args) > 1:
            row = row.subcommands.get(args[1].lower())
        try:
            if row is None:
                raise ResponseError(UNKNOWN_COMMAND)
            self._check(row, args, run)
        except RedisError as error:
            self.instance.statistics.rejected(row, error)
            return error
        return self.run(row, args)

    def _check(self, row: Row, args: list[bytes], run: Run) -> None:
        """Raise what speaks against the request."""
        flags = row.flags
        if not row.fits(len(args)):
            raise ResponseError(WRONG_ARITY)
        if "noscript" in flags:
            raise ResponseError(NOT_ALLOWED)
        user = run.session
        if user is not None and user.restricted and (denial := user.denial(row, args, "lua")):
            raise ResponseError(NO_PERMISSION_IN_SCRIPT[denial])
        if run.read_only and ("write" in flags or "may_replicate" in flags):
            raise ResponseError(READ_ONLY)
        if run.may_not_grow and not run.wrote and "denyoom" in flags:
            raise OutOfMemoryError(OUT_OF_MEMORY)
        if "write" in flags:
            run.wrote = True
