"""The critical-chain plan of one project: levelled starts, critical chain, project and feeding buffers.

Here belongs planning as pure functions over numbered jobs. Not here: tasks with names and progress
(``project.py``) and what becomes of the plan (``execution.py``).

Method (textbook critical chain): a serial schedule generation scheme places jobs as early as precedence
and resources allow, the longest remaining path first; the chain of jobs that finish and start without a gap,
by precedence or by a shared resource, back from the last job to day 0 is the critical chain; the project
buffer is half its length; all other work is then moved as late as possible, leaving half of each feeding
chain as feeding buffer before the merge, as far as there is room.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from heapq import heappop, heappush
from math import ceil

from exepron_pipeline.sandbox.simulation.load import Demand, Load

HALF = Decimal("0.5")


@dataclass(frozen=True, slots=True)
class Job:
    """Work to be planned: whole days, the jobs before it (with lower numbers), and what it needs."""

    duration: int
    predecessors: tuple[int, ...]
    demand: Demand


@dataclass(frozen=True, slots=True)
class FeedingBuffer:
    """Protection of the critical job ``merge`` from the side chain that ends with ``feeder``; size in days."""

    feeder: int
    merge: int
    size: Decimal


@dataclass(frozen=True, slots=True)
class Plan:
    """Starts in working days from the project's start, the critical chain in order, and the buffers."""

    starts: tuple[int, ...]
    chain: tuple[int, ...]
    length: int
    project_buffer: Decimal
    feeding_buffers: tuple[FeedingBuffer, ...]


def _successors(jobs: Sequence[Job]) -> list[list[int]]:
    successors: list[list[int]] = [[] for _ in jobs]
    for number, job in enumerate(jobs):
        for predecessor in job.predecessors:
            successors[predecessor].append(number)
    return successors


def _tails(jobs: Sequence[Job], successors: list[list[int]]) -> list[int]:
    """Days from each job's start to the end by precedence alone."""
    tails = [0] * len(jobs)
    for number in range(len(jobs) - 1, -1, -1):
        tails[number] = jobs[number].duration + max((tails[after] for after in successors[number]), default=0)
    return tails


def _place(jobs: Sequence[Job], successors: list[list[int]], load: Load) -> list[int]:
    """Place every job as early as possible, the longest tail first (serial generation scheme)."""
    tails = _tails(jobs, successors)
    starts = [0] * len(jobs)
    waiting = [len(job.predecessors) for job in jobs]
    ready = [(-tails[number], number) for number, count in enumerate(waiting) if count == 0]
    ready.sort()
    while ready:
        number = heappop(ready)[1]
        job = jobs[number]
        start = max((starts[before] + jobs[before].duration for before in job.predecessors), default=0)
        while (clash := load.clash(job.demand, start, job.duration)) is not None:
            start = clash + 1
        load.take(job.demand, start, job.duration)
        starts[number] = start
        for after in successors[number]:
            waiting[after] -= 1
            if waiting[after] == 0:
                heappush(ready, (-tails[after], after))
    return starts


def _tied(jobs: Sequence[Job], job: Job, before: list[int]) -> int:
    """Choose what ties a job to those that end as it begins: precedence, else a shared resource."""
    preceding = [number for number in before if number in job.predecessors]
    if preceding:
        return preceding[0]
    needed = {resource for resource, _ in job.demand}
    return next(number for number in before if needed & {resource for resource, _ in jobs[number].demand})


def _chain(jobs: Sequence[Job], starts: list[int]) -> tuple[int, ...]:
    """Follow the jobs without a gap, back from the last one: by precedence, else by a shared resource."""
    ends: dict[int, list[int]] = {}
    for number, job in enumerate(jobs):
        ends.setdefault(starts[number] + job.duration, []).append(number)
    chain = [ends[max(ends)][-1]]
    while starts[chain[-1]] > 0:
        chain.append(_tied(jobs, jobs[chain[-1]], ends[starts[chain[-1]]]))
    return tuple(reversed(chain))


def _feeding_sizes(jobs: Sequence[Job], critical: set[int]) -> list[Decimal]:
    """Half the longest path of non-critical jobs that ends with each job."""
    lengths = [0] * len(jobs)
    for number, job in enumerate(jobs):
        if number not in critical:
            lengths[number] = job.duration + max((lengths[before] for before in job.predecessors), default=0)
    return [length * HALF for length in lengths]


class _Levelled:
    """A plan in the making: moves side chains late and measures what room is left for their buffers."""

    def __init__(self, jobs: Sequence[Job], capacity: dict[int, int]) -> None:
        self.jobs = jobs
        self.successors = _successors(jobs)
        self.load = Load(capacity, sum(job.duration for job in jobs) + 1)
        self.starts = _place(jobs, self.successors, self.load)
        self.chain = _chain(jobs, self.starts)
        self.critical = set(self.chain)
        self.sizes = _feeding_sizes(jobs, self.critical)

    def finish(self, number: int) -> int:
        """Return the day after the job's last one."""
        return self.starts[number] + self.jobs[number].duration

    def merge(self, number: int) -> int | None:
        """Return the first critical job that waits for this one, or None."""
        merges = [after for after in self.successors[number] if after in self.critical]
        return min(merges, key=lambda after: (self.starts[after], after), default=None)

    def _latest_finish(self, number: int) -> int:
        protection = ceil(self.sizes[number])
        return min(
            self.starts[after] - (protection if after in self.critical else 0)
            for after in self.successors[number]
        )

    def move_late(self) -> None:
        """Move each non-critical job as late as its successors, its buffer and its resources allow."""
        movable = [number for number in range(len(self.jobs)) if number not in self.critical]
        for number in sorted(movable, key=lambda number: (-self.finish(number), -number)):
            if self.successors[number]:
                self._move(number)

    def _move(self, number: int) -> None:
        job, early = self.jobs[number], self.starts[number]
        late = self._latest_finish(number) - job.duration
        if late <= early:
            return
        self.load.give_back(job.demand, early, job.duration)
        days = range(late, early - 1, -1)
        start = next(day for day in days if self.load.clash(job.demand, day, job.duration) is None)
        self.load.take(job.demand, start, job.duration)
        self.starts[number] = start

    def feeding_buffers(self) -> tuple[FeedingBuffer, ...]:
        """Return a buffer for each merge that has room for one; it is cut to the room there is."""
        buffers = []
        for number in range(len(self.jobs)):
            merge = None if number in self.critical else self.merge(number)
            if merge is not None and (room := self.starts[merge] - self.finish(number)) > 0:
                buffers.append(FeedingBuffer(number, merge, min(self.sizes[number], Decimal(room))))
        return tuple(buffers)


def draw_up(jobs: Sequence[Job], capacity: dict[int, int]) -> Plan:
    """Plan a project.

    Args:
        jobs: the network, predecessors before successors; no demand may exceed the capacity.
        capacity: what the project gets of each resource a day, in hundredths.
    """
    levelled = _Levelled(jobs, capacity)
    levelled.move_late()
    length = max(levelled.finish(number) for number in range(len(jobs)))
    return Plan(
        starts=tuple(levelled.starts),
        chain=levelled.chain,
        length=length,
        project_buffer=length * HALF,
        feeding_buffers=levelled.feeding_buffers(),
    )
