"""Errors: what they carry, and that they travel between processes."""

import errno
import pickle

import pytest

from exepron_pipeline import errors
from exepron_pipeline.errors import (
    ExepronError,
    RateLimitedError,
    RequestRejectedError,
    TransientError,
    WarehouseError,
    understood,
)


def classes() -> list[type[ExepronError]]:
    """List every class of the tree."""
    found = [
        item for item in vars(errors).values() if isinstance(item, type) and issubclass(item, ExepronError)
    ]
    return sorted(found, key=lambda item: item.__name__)


@pytest.mark.parametrize("cls", classes())
def test_errors_survive_pickling(cls):
    """An error that crosses a process boundary keeps its message, hint and facts."""
    facts = {"status": 400} if issubclass(cls, RequestRejectedError) else {}
    copy = pickle.loads(pickle.dumps(cls("It broke.", hint="Mend it.", **facts)))
    assert (type(copy), copy.message, copy.hint, str(copy)) == (
        cls,
        "It broke.",
        "Mend it.",
        "It broke. Mend it.",
    )
    assert vars(copy) == vars(cls("It broke.", hint="Mend it.", **facts))


def test_what_a_service_asked_for_survives_pickling():
    """The seconds of Retry-After are part of the error."""
    copy = pickle.loads(pickle.dumps(RateLimitedError("Too many.", retry_after=7)))
    assert copy.retry_after == 7


@pytest.mark.parametrize("cls", classes())
def test_every_error_has_an_exit_code(cls):
    """Each class ends a command with one of the documented codes."""
    assert cls.exit_code in {2, 3, 4, 5}


def test_retryability_is_a_type():
    """What may be tried again is told by the class and nothing else."""
    transient = {cls.__name__ for cls in classes() if issubclass(cls, TransientError)}
    assert transient == {
        "TransientError", "NetworkError", "ServerUnavailableError", "RateLimitedError", "WarehouseBusyError"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (MemoryError(), "not enough memory"),
        (
            OSError(errno.ENOSPC, "No space left on device", "/data/x"),
            "/data/x cannot be written (No space left",
        ),
        (OSError(errno.EROFS, "Read-only file system"), "Read-only"),
    ],
)
def test_what_the_system_lacks_is_told(error, said):
    """No memory and no room are errors of the warehouse, with a cure, wherever they are met."""
    known = understood(error)
    assert isinstance(known, WarehouseError)
    assert said in known.message
    assert known.hint


def test_what_is_a_mystery_stays_one():
    """Any other error is not explained away."""
    error = OSError(errno.ENOENT, "No such file")
    assert understood(error) is error
