"""What is known of an entity set at one service, and what is still unknown: from the profile, without any request.

Not here: asking (``reader.py``, ``look.py``), keeping what was answered (``profile.py``).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from exepron_pipeline.catalogue.model import EntitySet
from exepron_pipeline.extract.profile import Profile

State = Literal["found", "not_permitted", "not_found", "not_asked"]


@dataclass(frozen=True)
class Standing:
    """One entity set at one service.

    ``not_found``: every path that the catalogue proposes was asked, and none has it: where it is, or whether it is,
    stays unknown. ``not_asked``: some were not asked yet, of ``paths``.
    """

    entity_set: str
    state: State
    paths: int
    asked: int
    on: datetime | None
    """When a path answered last."""

    @property
    def is_unknown(self) -> bool:
        """True when nobody knows yet where its records are."""
        return self.state in {"not_found", "not_asked"}


def standings(entity_sets: Iterable[EntitySet], profile: Profile, generation: str) -> list[Standing]:
    """Tell of each entity set how it stands at a service of that generation."""
    return [_standing(entity_set, profile, generation) for entity_set in entity_sets]


def _standing(entity_set: EntitySet, profile: Profile, generation: str) -> Standing:
    proposed = {source.path for source in entity_set.sources_for(generation)}
    answers = [answer for answer in profile.answers(entity_set.name) if answer.path in proposed]
    verdicts = {answer.verdict for answer in answers}
    asked = {answer.path for answer in answers}
    state: State = "not_found" if asked == proposed else "not_asked"
    if "not_permitted" in verdicts:
        state = "not_permitted"
    if "works" in verdicts:
        state = "found"
    latest = max((answer.on for answer in answers), default=None)
    return Standing(entity_set.name, state, len(proposed), len(asked), latest)


def in_words(standings: Iterable[Standing]) -> str:
    """Say in one sentence how many sets are still unknown, and which; empty when none is."""
    found = list(standings)
    names = [standing.entity_set for standing in found if standing.is_unknown]
    if not names:
        return ""
    asked = sum(standing.asked for standing in found if standing.is_unknown)
    return (
        f"{len(names)} of {len(found)} entity sets are still unknown after {asked} paths: {', '.join(names)}"
    )


MORE = (
    "exepron discover finds more, from an address (--url), a recording (--har) or a description (--openapi)."
)
