"""What can go wrong, as one tree. Here: classes. Not here: who catches them.

::

    ExepronError                  every error of ours
    ├── ConfigurationError        settings, catalogue or usage: mend them, then run again        exit 2
    ├── TransientError            try again later, nothing is wrong with the request             exit 4
    │   ├── NetworkError              no connection, time-out, a body cut short
    │   ├── ServerUnavailableError    5xx
    │   ├── RateLimitedError          429
    │   └── WarehouseBusyError        another process holds the warehouse                        exit 5
    ├── PermanentError            trying again changes nothing                                   exit 4
    │   ├── AuthRejectedError         the identity server or the API refuses who we are
    │   ├── NotPermittedError         403: this user may not see it
    │   ├── EntitySetMissingError     404/405: not offered at this path
    │   ├── RequestRejectedError      400 and its kin: the service does not take the question
    │   ├── ResponseError             an answer that is no list of records
    │   ├── UnheededError             an answer that holds what was not asked for
    │   └── PageLoopError             pages repeat: following them would never end
    ├── DataError                 what came contradicts the contract                             exit 3
    │   ├── ContractError             a type or a column
    │   ├── RecordKeyError            a record without a key, or a key that is not unique
    │   └── AuditError                a check before commit failed; nothing was stored
    └── WarehouseError            the data folder or the database file                           exit 5

Retryability is a type: only a `TransientError` may be tried again.
"""

import errno
from typing import Any

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS}


class ExepronError(Exception):
    """Any error of ours.

    Args:
        message: What happened and where, in one sentence.
        hint: What the reader can do about it.

    """

    exit_code = 4

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".rstrip()

    def __reduce__(self) -> tuple[Any, ...]:
        # Exceptions with keyword-only arguments do not pickle by themselves, and Dagster pickles.
        return (_rebuild, (type(self), self.message, self.__dict__))


def _rebuild(cls: type[ExepronError], message: str, state: dict[str, Any]) -> ExepronError:
    error = cls.__new__(cls)
    Exception.__init__(error, message)
    error.__dict__.update(state)
    return error


class ConfigurationError(ExepronError):
    """A setting, the catalogue or the command is wrong: mend it, then run again."""

    exit_code = 2


class TransientError(ExepronError):
    """Something passing: the same request may succeed later."""


class NetworkError(TransientError):
    """No connection, a time-out, or a body that ended too early."""


class ServerUnavailableError(TransientError):
    """The service answered 5xx.

    Args:
        message: What was asked and what came.
        retry_after: Seconds that the service asked us to wait, if it did.
        status: The HTTP status.
        hint: What the reader can do about it.

    """

    def __init__(
        self, message: str, *, retry_after: float | None = None, status: int | None = None, hint: str = ""
    ) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after
        self.status = status


class RateLimitedError(ServerUnavailableError):
    """The service answered 429: too many requests."""


class WarehouseBusyError(TransientError):
    """Another process holds the warehouse."""

    exit_code = 5


class PermanentError(ExepronError):
    """Trying again changes nothing."""


class AuthRejectedError(PermanentError):
    """The identity server or the API refuses who we are."""


class NotPermittedError(PermanentError):
    """403: this user may not see it."""


class EntitySetMissingError(PermanentError):
    """404 or 405: the service does not offer this path."""


class RequestRejectedError(PermanentError):
    """400 and its kin: the service does not take the question.

    Args:
        message: What was asked and what came.
        status: The HTTP status.
        detail: The service's own words, at most 500 characters.
        hint: What the reader can do about it.

    """

    def __init__(self, message: str, *, status: int, detail: str = "", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.detail = detail


class ResponseError(PermanentError):
    """An answer with 200 that is no list of records: HTML, cut JSON, an error object."""


class UnheededError(PermanentError):
    """The service sent what was not asked for: it does not heed an option; it is done without.

    Args:
        message: Which option, and where.
        hint: What the reader can do about it.

    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.requests = 0
        """Requests that were sent until that was seen."""


class PageLoopError(PermanentError):
    """Pages repeat: following them would never end."""


class DataError(ExepronError):
    """What came contradicts the contract."""

    exit_code = 3


class ContractError(DataError):
    """A type or column that the contract does not allow."""


class RecordKeyError(DataError):
    """A record without its key."""


class AuditError(DataError):
    """A check before commit failed; nothing was stored."""


class WarehouseError(ExepronError):
    """The data folder or the database file cannot be used."""

    exit_code = 5


def understood(error: Exception) -> Exception:
    """Return an error of ours for one of the system's that is no mystery (no memory, no room); any other as it is."""
    if isinstance(error, MemoryError):
        hint = "Free some, or raise the limit; nothing of what failed was stored."
        return WarehouseError("There is not enough memory.", hint=hint)
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        what = f"{error.filename or 'A file'} cannot be written ({error.strerror})"
        return WarehouseError(f"{what}.", hint="Check the free space and the limits of the disk.")
    return error
