"""The task network of a new project, drawn from its industry's vocabulary.

Here belongs which tasks a project has, what each needs and what it waits for. Not here: when they are
done (``plan.py``) and what happens to them (``execution.py``).

The network has one first task and one last; several streams of work run side by side, split into parts
here and there, wait for each other now and then, and merge before the closing tasks.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random

from exepron_pipeline.sandbox.simulation.industries.model import Industry, Step

_QUANTITIES = (50, 100, 100, 100, 100, 150, 200, 250)
_STREAM_TASKS = 16


@dataclass(eq=False, slots=True)
class Draft:
    """A task as drawn; ``demand`` holds (skill, quantity in hundredths), ``after`` places in the network."""

    number: str
    name: str
    days: int
    demand: tuple[tuple[str, int], ...]
    after: list[int] = field(default_factory=list)


class _Drawing:
    """A network in the making; tasks are only ever linked to earlier ones, so it has no cycle."""

    def __init__(self, industry: Industry, rng: Random) -> None:
        self.drafts: list[Draft] = []
        self._rng = rng
        self._teams = {skill.name: skill.team for skill in industry.skills}
        self._skills = tuple(self._teams)

    def add(self, number: str, name: str, step: Step, after: Sequence[int]) -> int:
        """Append a task and return its place."""
        days = max(1, round(step.days * self._rng.triangular(0.4, 1.5, 0.75)))
        self.drafts.append(Draft(number, name, days, self._demand(step.skill), sorted(set(after))))
        return len(self.drafts) - 1

    def _demand(self, skill: str) -> tuple[tuple[str, int], ...]:
        quantity = min(self._rng.choice(_QUANTITIES), self._teams[skill])
        helper = self._rng.choice(self._skills)
        if helper == skill or self._rng.random() > 0.3:
            return ((skill, quantity),)
        return (skill, quantity), (helper, self._rng.choice((25, 50, 50, 100)))

    def line(self, heading: int, steps: Sequence[Step], after: Sequence[int]) -> list[int]:
        """Append steps one after the other and return the place of the last."""
        before = list(after)
        for place, step in enumerate(steps, start=1):
            before = [self.add(f"{heading}.{place}", step.name, step, before)]
        return before

    def stage(
        self, number: str, step: Step, subject: str, parts: Sequence[str], after: list[int]
    ) -> list[int]:
        """Append one step of a stream, in parts side by side, after the parts of the step before."""
        places = []
        for part, label in enumerate(parts):
            before = [after[part % len(after)]]
            if self._rng.random() < 0.35:
                before.append(self._rng.choice(after))
            name = f"{step.name}, {subject}" + (f", {label}" if len(parts) > 1 else "")
            places.append(self.add(f"{number}.{part + 1}", name, step, before))
        self._adopt(after, places)
        return places

    def _adopt(self, before: list[int], places: list[int]) -> None:
        """Give each of the earlier tasks a successor among the new ones."""
        served = {place for number in places for place in self.drafts[number].after}
        for place in before:
            if place not in served:
                draft = self.drafts[self._rng.choice(places)]
                draft.after = sorted({*draft.after, place})


@dataclass(eq=False, slots=True)
class _Stream:
    """One stream of work for one subject: its steps and the number of parts at each."""

    heading: int
    subject: str
    steps: tuple[Step, ...]
    widths: list[int]
    front: list[int]


def _streams(industry: Industry, budget: int, front: list[int], rng: Random) -> Iterator[_Stream]:
    """Choose streams, each for a subject, until the budget of tasks is spent."""
    pairs = [(steps, subject) for subject in industry.subjects for steps in industry.streams.values()]
    count = max(2, min(len(pairs), round(budget / _STREAM_TASKS)))
    for heading, (steps, subject) in enumerate(rng.sample(pairs, count), start=2):
        share = budget // count + (1 if heading - 2 < budget % count else 0)
        kept = steps[: max(2, min(len(steps), share))]
        widths = [1] * len(kept)
        for _ in range(max(0, share - len(kept))):
            widths[rng.randrange(len(widths))] += 1
        yield _Stream(heading, subject, kept, widths, front)


def draw_network(industry: Industry, tasks: int, rng: Random) -> list[Draft]:
    """Draw a network of about ``tasks`` tasks, predecessors before successors."""
    drawing = _Drawing(industry, rng)
    opened = drawing.line(1, industry.opening, [])
    budget = tasks - len(industry.opening) - len(industry.closing)
    streams = list(_streams(industry, budget, opened, rng))
    for level in range(max(len(stream.steps) for stream in streams)):
        for stream in streams:
            if level < len(stream.steps):
                _next_stage(drawing, stream, level, streams, industry.parts, rng)
    merged = sorted({place for stream in streams for place in stream.front})
    drawing.line(len(streams) + 2, industry.closing, merged)
    return drawing.drafts


def _next_stage(
    drawing: _Drawing,
    stream: _Stream,
    level: int,
    streams: list[_Stream],
    parts: tuple[str, ...],
    rng: Random,
) -> None:
    width = stream.widths[level]
    labels = [parts[place] if place < len(parts) else f"part {place + 1}" for place in range(width)]
    number = f"{stream.heading}.{level + 1}"
    first = len(drawing.drafts)
    after = stream.front
    stream.front = drawing.stage(number, stream.steps[level], stream.subject, labels, after)
    if level > 0 and rng.random() < 0.15:
        other = rng.choice(streams)
        draft = drawing.drafts[stream.front[0]]
        draft.after = sorted({*draft.after, *(place for place in other.front[:1] if place < first)})
