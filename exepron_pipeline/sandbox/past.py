"""Days gone by, lived through once more by a second portfolio.

Here belongs finding the portfolio of a past day. Not here: what is then asked of it (``portfolio.py``).
"""

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar


@dataclass(frozen=True, slots=True)
class Restriction:
    """What a user was let see from a day on; see ``Portfolio.restrict``."""

    day: int
    user_id: int
    financial: bool | None
    projects: frozenset[int] | None


class _Living(Protocol):
    """What a portfolio must be able to do to live through the past."""

    @property
    def day(self) -> int: ...

    def advance(self, days: int) -> None: ...

    def restrict(
        self, user_id: int, financial: bool | None = None, projects: AbstractSet[int] | None = None
    ) -> None: ...


P = TypeVar("P", bound=_Living)


class Past(Generic[P]):
    """The past of a portfolio that others have changed by ``restrict`` on some days.

    Args:
        begin: makes the same portfolio on its first day.
    """

    def __init__(self, begin: Callable[[], P]) -> None:
        self.restrictions: list[Restriction] = []
        self._begin = begin
        self._portfolio: P | None = None
        self._done = 0

    def on(self, day: int) -> P:
        """Return the portfolio as it was on the evening of a day; a step back begins anew."""
        portfolio = self._portfolio
        if portfolio is None or portfolio.day > day:
            portfolio = self._portfolio = self._begin()
            self._done = 0
        for one in self.restrictions[self._done :]:
            if one.day <= day:
                portfolio.advance(one.day - portfolio.day)
                portfolio.restrict(one.user_id, one.financial, one.projects)
                self._done += 1
        portfolio.advance(day - portfolio.day)
        return portfolio
