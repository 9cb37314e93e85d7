"""The critical-chain plan: what holds for any network, and what an independent checker says."""

from decimal import Decimal
from math import ceil
from random import Random

import pytest
from ccpm_scheduler import Network, Resource, Schedule, ScheduleRow, check_schedule
from ccpm_scheduler import Task as CheckedTask
from hypothesis import given
from hypothesis import strategies as st

from exepron_pipeline.sandbox.simulation.companies import PROFILES
from exepron_pipeline.sandbox.simulation.network import draw_network
from exepron_pipeline.sandbox.simulation.plan import Job, Plan, draw_up

CAPACITY = {1: 100, 2: 150, 3: 300}


@st.composite
def networks(draw: st.DrawFn) -> list[Job]:
    """Any network with one last job: durations, links to earlier jobs, demands within the capacity."""
    jobs: list[Job] = []
    for number in range(draw(st.integers(1, 25))):
        before = draw(st.sets(st.integers(0, number - 1), max_size=3)) if number else set()
        needed = draw(st.sets(st.sampled_from(sorted(CAPACITY)), max_size=2))
        demand = tuple((one, draw(st.sampled_from([25, 50, 100]))) for one in sorted(needed))
        jobs.append(Job(draw(st.integers(1, 9)), tuple(sorted(before)), demand))
    followed = {before for job in jobs for before in job.predecessors}
    last = tuple(number for number in range(len(jobs)) if number not in followed)
    return [*jobs, Job(1, last, ())]


def finish(plan: Plan, jobs: list[Job], number: int) -> int:
    """Return the day after a job's last one."""
    return plan.starts[number] + jobs[number].duration


@given(networks())
def test_precedence_and_capacity_hold(jobs: list[Job]) -> None:
    """No job starts before its predecessors end, and no resource is used beyond its capacity."""
    plan = draw_up(jobs, CAPACITY)
    used: dict[tuple[int, int], int] = {}
    for number, job in enumerate(jobs):
        assert all(finish(plan, jobs, before) <= plan.starts[number] for before in job.predecessors)
        for resource, quantity in job.demand:
            for day in range(plan.starts[number], finish(plan, jobs, number)):
                used[resource, day] = used.get((resource, day), 0) + quantity
    assert all(quantity <= CAPACITY[resource] for (resource, _), quantity in used.items())


@given(networks())
def test_critical_chain_has_no_gap(jobs: list[Job]) -> None:
    """The critical chain runs from day 0 to the end, each job tied to the next by a link or a resource."""
    plan = draw_up(jobs, CAPACITY)
    assert plan.starts[plan.chain[0]] == 0
    assert finish(plan, jobs, plan.chain[-1]) == plan.length
    assert sum(jobs[number].duration for number in plan.chain) == plan.length
    for before, after in zip(plan.chain, plan.chain[1:], strict=False):
        shared = {one for one, _ in jobs[before].demand} & {one for one, _ in jobs[after].demand}
        assert finish(plan, jobs, before) == plan.starts[after]
        assert before in jobs[after].predecessors or shared


@given(networks())
def test_buffers_are_half_their_chain_and_fit(jobs: list[Job]) -> None:
    """The project buffer is half the chain; a feeding buffer fits between its feeder and its merge."""
    plan = draw_up(jobs, CAPACITY)
    assert plan.project_buffer * 2 == plan.length
    for buffer in plan.feeding_buffers:
        room = plan.starts[buffer.merge] - finish(plan, jobs, buffer.feeder)
        assert buffer.feeder not in plan.chain
        assert buffer.merge in plan.chain
        assert 0 < buffer.size <= room


def test_side_chain_waits_behind_its_buffer() -> None:
    """A side chain of 4 days is moved as late as its feeding buffer of 2 days allows."""
    jobs = [
        Job(1, (), ()),
        Job(20, (0,), ((1, 100),)),
        Job(4, (0,), ((2, 100),)),
        Job(2, (1, 2), ((1, 100),)),
    ]
    plan = draw_up(jobs, CAPACITY)
    assert plan.chain == (0, 1, 3)
    assert plan.project_buffer == Decimal("11.5")
    assert plan.starts == (0, 1, 15, 21)
    assert [(one.feeder, one.merge, one.size) for one in plan.feeding_buffers] == [(2, 3, Decimal(2))]


def test_shared_resource_makes_the_chain() -> None:
    """Two jobs without a link follow each other on the critical chain when they need the same person."""
    jobs = [Job(5, (), ((1, 100),)), Job(3, (), ((1, 100),)), Job(1, (0, 1), ())]
    plan = draw_up(jobs, CAPACITY)
    assert plan.length == 9
    assert plan.chain == (0, 1, 2)


def drawn(place: int, seed: int) -> tuple[list[Job], dict[int, int]]:
    """Draw a network of one of the companies as it is planned: jobs, and the team of each skill."""
    industry = PROFILES[place].industry
    numbers = {skill.name: number for number, skill in enumerate(industry.skills)}
    drafts = draw_network(industry, 30 + 55 * seed, Random(seed))
    jobs = [
        Job(draft.days, tuple(draft.after), tuple((numbers[skill], need) for skill, need in draft.demand))
        for draft in drafts
    ]
    return jobs, {numbers[skill.name]: skill.team for skill in industry.skills}


def schedule_rows(plan: Plan, jobs: list[Job]) -> list[ScheduleRow]:
    """Write a plan in the checker's notation; a merge goes through its feeding buffer."""
    through = {buffer.feeder: (place, buffer) for place, buffer in enumerate(plan.feeding_buffers)}
    rows = []
    for number, job in enumerate(jobs):
        links = [
            f"T{before}" for before in job.predecessors if number not in plan.chain or before not in through
        ]
        links += [f"FB{place}:FB" for place, buffer in through.values() if buffer.merge == number]
        rows.append(
            ScheduleRow(
                id=f"T{number}",
                name=f"T{number}",
                type="task",
                chain="critical" if number in plan.chain else "none",
                start=plan.starts[number],
                finish=finish(plan, jobs, number),
                duration=job.duration,
                resource_ids=";".join(f"R{resource}:{need}" for resource, need in job.demand),
                predecessor_ids=";".join(links),
            )
        )
    return rows + buffer_rows(plan, jobs)


def buffer_rows(plan: Plan, jobs: list[Job]) -> list[ScheduleRow]:
    """Write the buffers in the checker's notation, a feeding buffer with the whole room it lies in."""
    spans = [("PB", "project_buffer", plan.length, plan.length + ceil(plan.project_buffer), plan.chain[-1])]
    for place, buffer in enumerate(plan.feeding_buffers):
        start = finish(plan, jobs, buffer.feeder)
        spans.append((f"FB{place}", "feeding_buffer", start, plan.starts[buffer.merge], buffer.feeder))
    return [
        ScheduleRow(
            id=name,
            name=name,
            type=kind,
            chain="none",
            start=start,
            finish=end,
            duration=end - start,
            resource_ids="",
            predecessor_ids=f"T{before}:{'PB' if name == 'PB' else 'FB'}",
        )
        for name, kind, start, end, before in spans
    ]


@pytest.mark.parametrize("place", range(len(PROFILES)))
@pytest.mark.parametrize("seed", range(4))
def test_independent_checker_accepts_the_plan(place: int, seed: int) -> None:
    """The checker of ccpm-scheduler finds no violation in the plan of a drawn network of any company."""
    jobs, teams = drawn(place, seed)
    plan = draw_up(jobs, teams)
    tasks = [CheckedTask(id=f"T{number}", optimal_duration=job.duration) for number, job in enumerate(jobs)]
    resources = [Resource(id=f"R{number}", capacity=team) for number, team in teams.items()]
    rows = schedule_rows(plan, jobs)
    report = check_schedule(Schedule(rows=rows), Network(tasks=tasks, resources=resources))
    assert report.ok, [issue.message for issue in report.errors]
    assert len(plan.feeding_buffers) > 0
