"""Who works in an account and what it can draw on: roles, users, resource types, cost groups.

Here belong the people, their permissions and the resource pool. Not here: the facts of each company
(``companies.py``), how a person is hired (``staffing.py``) and the work itself.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from math import ceil
from random import Random
from typing import Any

from exepron_pipeline.sandbox.simulation.companies import Profile
from exepron_pipeline.sandbox.simulation.industries.model import Skill
from exepron_pipeline.sandbox.simulation.numbers import Numbers
from exepron_pipeline.sandbox.simulation.staffing import Staffing

FINANCIAL = "financial"
"""The permission without which costs and revenues stay hidden."""

PERMISSIONS = ("planning", "scheduling", "execution", "reports", "settings", "users", FINANCIAL)

_ROLES: tuple[tuple[str, bool, tuple[str, ...]], ...] = (
    ("Administrator", False, PERMISSIONS),
    ("Project Manager", False, ("planning", "scheduling", "execution", "reports", FINANCIAL)),
    ("Task Manager", False, ("execution", "reports")),
    ("Controlling & Budget", True, ("reports", FINANCIAL)),
    ('Guest "read only", no costs', True, ("reports",)),
    ("Administrator without costs", True, tuple(one for one in PERMISSIONS if one != FINANCIAL)),
)
ADMINISTRATOR, PROJECT_MANAGER, TASK_MANAGER, CONTROLLER, GUEST, WITHOUT_COSTS = range(6)

_LEAVE_EVERY, _LEAVE_DAYS, _LEAVE_SHIFT = 115, 19, 23
"""Working days from leave to leave, of a leave, and between those of two managers."""


@dataclass(eq=False, slots=True)
class ResourceType:
    """A pool of people with one skill; ``quantity`` and ``team`` are in hundredths of a person.

    A project is planned with its ``team``; all projects of the account share ``quantity``.
    """

    id: int
    skill: Skill
    quantity: int
    team: int
    cost_group_id: int
    hourly_cost: Decimal
    user_ids: list[int]

    def workload(self, quantity: int) -> int:
        """Return what so many people take on at a time: twice what they can do when they multitask."""
        return quantity * (2 if self.skill.multitasks else 1)

    @property
    def lead_id(self) -> int:
        """The user who manages these resources."""
        return self.user_ids[0]


@dataclass(eq=False, slots=True)
class Company:
    """The people and resources of one account. ``users`` are rows by wire name."""

    profile: Profile
    role_ids: list[int]
    cost_groups: dict[str, int]
    users: dict[int, dict[str, Any]]
    service_user_id: int
    restricted_user_id: int
    project_manager_ids: list[int]
    resource_types: dict[int, ResourceType]
    by_skill: dict[str, ResourceType]
    staffing: Staffing
    own_roles: dict[int, int | None] = field(default_factory=dict)
    """roles that users had before somebody gave them another one on demand"""

    def sees_costs(self, role_id: int | None) -> bool:
        """True when a role lets costs and revenues be seen; without role nothing is seen."""
        return role_id is not None and FINANCIAL in _ROLES[self.role_ids.index(role_id)][2]

    def is_away(self, manager_id: int, day: int) -> bool:
        """True while a project manager is on the long leave of the year, each at another time."""
        place = self.project_manager_ids.index(manager_id)
        return (day + _LEAVE_SHIFT * place) % _LEAVE_EVERY < _LEAVE_DAYS

    def role_rows(self) -> list[dict[str, Any]]:
        """Roles as they are served, permissions included."""
        return [
            {"roleId": role_id, "roleName": name, "isCustom": is_custom, "permissions": list(permissions)}
            for role_id, (name, is_custom, permissions) in zip(self.role_ids, _ROLES, strict=True)
        ]


def found(profile: Profile, factor: int, numbers: Numbers, rng: Random) -> Company:
    """Found a company: its roles, leading people, and resource types with enough people each."""
    running = profile.running_projects * factor
    role_ids = [numbers.next("roles") for _ in _ROLES]
    staffing = Staffing(profile, role_ids, numbers)
    service = staffing.hire_named(rng, ADMINISTRATOR, "sync", "Service", "Sync")
    restricted = staffing.hire_named(rng, GUEST, "guest", "Gast", "Guest")
    staffing.hire(rng, CONTROLLER, "Head of Controlling")
    managers = [
        staffing.hire(rng, PROJECT_MANAGER, "Projektleitung / PM", isProjectManager=True, isTaskManager=True)
        for _ in range(1 + ceil(running / 3))
    ]
    names = dict.fromkeys(skill.cost_group for skill in profile.industry.skills)
    cost_groups = {name: numbers.next("cost_groups") for name in names}
    pools = [_pool(skill, running, cost_groups, staffing, numbers, rng) for skill in profile.industry.skills]
    return Company(
        profile=profile,
        role_ids=role_ids,
        cost_groups=cost_groups,
        users=staffing.users,
        service_user_id=service,
        restricted_user_id=restricted,
        project_manager_ids=managers,
        resource_types={pool.id: pool for pool in pools},
        by_skill={pool.skill.name: pool for pool in pools},
        staffing=staffing,
    )


def _pool(
    skill: Skill, running: int, cost_groups: dict[str, int], staffing: Staffing, numbers: Numbers, rng: Random
) -> ResourceType:
    """Fill a resource type so that the running projects share about three quarters of their teams."""
    pool_id = numbers.next("resource_types")
    quantity = max(skill.team, round(skill.team * running * 0.75 / 50) * 50)
    user_ids = [
        staffing.hire(
            rng,
            TASK_MANAGER,
            f"Lead {skill.name}" if place == 0 else skill.name,
            isTaskManager=place < 2,
            isResourceManager=place == 0,
            resourceTypeId=pool_id,
        )
        for place in range(ceil(quantity / 100))
    ]
    cost_group_id = cost_groups[skill.cost_group]
    return ResourceType(
        pool_id, skill, quantity, skill.team, cost_group_id, Decimal(skill.hourly_cost), user_ids
    )
