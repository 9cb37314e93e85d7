"""Errors: what they carry, and that they travel between processes."""

import pickle

import pytest

from exepron_pipeline import errors
from exepron_pipeline.errors import ExepronError, RateLimitedError, RequestRejectedError, TransientError


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
