"""One line of the doctor's ladder. Not here: what is looked at."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal

from exepron_pipeline.errors import ExepronError

State = Literal["ok", "note", "bad"]


@dataclass(frozen=True)
class Rung:
    """What was looked at, what was found, and what to do where that is not as it should be.

    ``exit_code`` is not 0 where a sync would fail; ``account`` names the credentials where there are several.
    """

    name: str
    found: str
    state: State = "ok"
    cure: str = ""
    exit_code: int = 0
    account: str = ""

    @property
    def title(self) -> str:
        """Name, and whose it is where there are several."""
        return f"{self.name} [{self.account}]" if self.account else self.name

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return asdict(self)


def note(name: str, found: str, cure: str = "") -> Rung:
    """Something to know that stops nothing."""
    return Rung(name, found, "note", cure)


def bad(name: str, error: ExepronError) -> Rung:
    """Something that stops a sync."""
    return Rung(name, error.message, "bad", error.hint, error.exit_code)


def tried(name: str, look: Callable[[], str]) -> Rung:
    """Look; what is raised is what was found."""
    try:
        return Rung(name, look())
    except ExepronError as error:
        return bad(name, error)
