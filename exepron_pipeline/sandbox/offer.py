"""What a sandbox is asked to be, in the words of the command line.

Here belong the names of generations, profiles and stamps, and the texts of limits and faults as they are
handed on to the process that serves them. Not here: what the names mean (``profiles.py``, ``limits.py``,
``faults``); this module imports none of it, so that a command line stays quick.
"""

from dataclasses import dataclass
from typing import Any, Literal, get_args

from exepron_pipeline.sandbox.errors import SandboxError

GenerationName = Literal["g1", "g2", "g3"]
ProfileName = Literal["full", "confirmed", "stranger"]
Stamps = Literal["utc", "local"]
"""Stamps in UTC, or in the zone of the account; no offset says which, where the generation writes none."""


@dataclass(frozen=True)
class Offer:
    """Everything about a sandbox's manners that is not its data.

    ``limits`` are texts like ``page=100:cut``, ``faults`` like ``unavailable:2-4``.
    """

    generation: GenerationName = "g2"
    profile: ProfileName = "full"
    stamps: Stamps = "utc"
    limits: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()

    def arguments(self) -> list[str]:
        """The same on a command line."""
        named = [f"--generation={self.generation}", f"--profile={self.profile}", f"--stamps={self.stamps}"]
        limits = [f"--limit={limit}" for limit in self.limits]
        return [*named, *limits, *(f"--fault={fault}" for fault in self.faults)]


def offer_of(
    generation: str | None = None,
    profile: str | None = None,
    stamps: str | None = None,
    limits: tuple[str, ...] = (),
    faults: tuple[str, ...] = (),
) -> Offer:
    """The offer with these names; what is not named is as usual.

    Raises:
        SandboxError: there is no such generation, profile or form of stamps.
    """
    values: dict[str, Any] = {"generation": generation, "profile": profile, "stamps": stamps}
    known = {"generation": GenerationName, "profile": ProfileName, "stamps": Stamps}
    for name, value in values.items():
        offered = get_args(known[name])
        if value is not None and value not in offered:
            raise SandboxError(
                f"There is no {name} '{value}' in the sandbox.", f"Choose one of {', '.join(offered)}."
            )
    chosen = {name: value for name, value in values.items() if value is not None}
    return Offer(**chosen, limits=tuple(limits), faults=tuple(faults))
