"""The simulated accounts: which company, where, in which trade, how many projects at a time.

Here belong the constant facts of each account. Not here: its people and resources (``people.py``).
"""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from exepron_pipeline.sandbox.simulation.holidays import Holidays, germany, ireland, united_states
from exepron_pipeline.sandbox.simulation.industries.building import BUILDING
from exepron_pipeline.sandbox.simulation.industries.model import Industry
from exepron_pipeline.sandbox.simulation.industries.pharma import PHARMA
from exepron_pipeline.sandbox.simulation.industries.plant import PLANT

Size = Literal["small", "medium", "large"]

FACTORS: dict[Size, int] = {"small": 1, "medium": 4, "large": 20}
"""How often the small portfolio's running projects, people and resources are multiplied."""

TASKS: dict[Size, int] = {"small": 0, "medium": 100_000, "large": 1_000_000}
"""Least number of tasks on the first day, those of an archive of completed projects included."""


@dataclass(frozen=True, slots=True)
class Profile:
    """One company: its account, trade, calendar, and how many of its projects run side by side."""

    account_id: int
    name: str
    domain: str
    zone: str
    holidays: Holidays
    extra_shifts: dict[date, str]
    industry: Industry
    running_projects: int
    place: tuple[str, str | None, str, str]
    """city, state, country and postal code"""


PROFILES: tuple[Profile, ...] = (
    Profile(
        account_id=4711,
        name="Nordwerk Anlagenbau GmbH & Co. KG",
        domain="nordwerk.example",
        zone="Europe/Berlin",
        holidays=germany,
        extra_shifts={date(2025, 11, 22): "Sonderschicht", date(2026, 3, 21): "Sonderschicht"},
        industry=PLANT,
        running_projects=7,
        place=("Lübeck", "Schleswig-Holstein", "Deutschland", "23552"),
    ),
    Profile(
        account_id=4820,
        name="Helixa Biopharma, Inc.",
        domain="helixa.example",
        zone="America/Chicago",
        holidays=united_states,
        extra_shifts={},
        industry=PHARMA,
        running_projects=3,
        place=("Evanston", "IL", "USA", "60201"),
    ),
    Profile(
        account_id=5002,
        name="O'Brien & Sønner Construction",
        domain="obrien-sonner.example",
        zone="Europe/Dublin",
        holidays=ireland,
        extra_shifts={},
        industry=BUILDING,
        running_projects=2,
        place=("Cork", None, "Éire / Ireland", "T12 X4Y5"),
    ),
)
