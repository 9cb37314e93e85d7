"""From a network to a schedule with rows: the critical chain is chosen, buffers come into being.

Here belongs what acceptance and re-plan have in common. Not here: the arithmetic (``plan.py``).
"""

from exepron_pipeline.sandbox.simulation.account import Account
from exepron_pipeline.sandbox.simulation.project import FeedingBuffer, Project


def schedule(account: Account, project: Project) -> None:
    """Plan what is open of a project, and give it new buffers; nothing is saved yet."""
    teams = {pool.id: pool.team for pool in account.company.resource_types.values()}
    plan = project.schedule(teams)
    planned = [task for task in project.tasks if task.is_open]
    project.project_buffer_id = account.numbers.next("buffers")
    project.feeding_buffers = [
        FeedingBuffer(
            account.numbers.next("buffers"),
            feeder := planned[buffer.feeder],
            buffer.size,
            feeder.planned_start + feeder.duration,
        )
        for buffer in plan.feeding_buffers
    ]


def drop_buffers(account: Account, project: Project) -> None:
    """Delete the buffers of a schedule that is given up."""
    for buffer in project.feeding_buffers:
        account.store.delete("buffers", buffer.id)
    if project.project_buffer_id is not None:
        account.store.delete("buffers", project.project_buffer_id)
