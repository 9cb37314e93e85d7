"""The shape in which an industry describes its work."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Skill:
    """A named skill: its cost group, the team that one project gets (in hundredths), its rate per hour."""

    name: str
    cost_group: str
    team: int
    hourly_cost: str
    multitasks: bool = False
    """these people serve several tasks at a time, each more slowly"""


@dataclass(frozen=True, slots=True)
class Step:
    """A kind of task: what is done, by which skill, how many days it mostly takes."""

    name: str
    skill: str
    days: int


@dataclass(frozen=True, slots=True)
class Industry:
    """The vocabulary of one trade.

    A project runs through ``opening``, then through several of ``streams`` (each for one of ``subjects``)
    side by side, which merge into ``closing``.
    """

    skills: tuple[Skill, ...]
    opening: tuple[Step, ...]
    streams: Mapping[str, tuple[Step, ...]]
    closing: tuple[Step, ...]
    subjects: tuple[str, ...]
    parts: tuple[str, ...]
    projects: tuple[str, ...]
    customers: tuple[str, ...]
    groups: tuple[str, ...]
    objectives: tuple[str | None, ...]
    reason_codes: tuple[tuple[str, str | None], ...]
