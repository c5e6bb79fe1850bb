"""The errors that a caller can catch; every message says what was wrong, what is allowed, and what to do next."""

__all__ = ["CustomerbaseError", "DataError", "UsageError", "WorkspaceError"]


class CustomerbaseError(Exception):
    """A fault that a person can mend; its message is one line."""

    exit_status = 1


class DataError(CustomerbaseError):
    """The data cannot give what was asked of them."""


class WorkspaceError(CustomerbaseError):
    """The workspace cannot be read or written."""


class UsageError(CustomerbaseError, ValueError):
    """A parameter or an option has a value that is not allowed."""

    exit_status = 2
