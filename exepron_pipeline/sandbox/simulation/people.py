"""Who works in an account and what it can draw on: roles, users, resource types, cost groups.

Here belong the people, their permissions and the resource pool. Not here: the facts of each company
(``companies.py``) and the work itself.
"""

import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from math import ceil
from random import Random
from typing import Any

from exepron_pipeline.sandbox.simulation.companies import Profile
from exepron_pipeline.sandbox.simulation.industries.model import Skill
from exepron_pipeline.sandbox.simulation.numbers import Numbers

FINANCIAL = "financial"
"""The permission without which costs and revenues stay hidden."""

PERMISSIONS = ("planning", "scheduling", "execution", "reports", "settings", "users", FINANCIAL)

_ROLES: tuple[tuple[str, bool, tuple[str, ...]], ...] = (
    ("Administrator", False, PERMISSIONS),
    ("Project Manager", False, ("planning", "scheduling", "execution", "reports", FINANCIAL)),
    ("Task Manager", False, ("execution", "reports")),
    ("Controlling & Budget", True, ("reports", FINANCIAL)),
    ('Guest "read only", no costs', True, ("reports",)),
)
ADMINISTRATOR, PROJECT_MANAGER, TASK_MANAGER, _CONTROLLER, GUEST = range(5)

_FIRST = (
    "Anna", "Jürgen", "Seán", "Łucja", "王", "Amélie", "Bjørn", "Chidi", "D'Arcy", "Élodie", "Fatma", "Gül",
    "Håkon", "Inês", "José", "Katarzyna", "Luke", "Mária", "Nguyễn Thị", "Oluwaseun", "Priya", "Quentin",
    "Renée", "Søren", "太郎", "Ulrike", "Vojtěch", "Wanjiru", "Xavier", "Yusuf", "Zoë",
)  # fmt: skip
_LAST = (
    "Müller", "O'Brien", "Żak", "小明", "Lefèvre", "Ødegård", "Okafor", "MacAuley-Smith", "Özyürek", "Björklund",
    "García Márquez", "Nowak", "Weiß", "Kovács", "Hạnh", "Adeyemi", "Raman", "de la Cruz", "Nygaard", "田中",
    "Schäfer", "Novák", "Kamau", "St. John", "Öztürk", "van den Berg", "Smith",
)  # fmt: skip
_STREETS = ("Hafenstraße 12", "1200 Ridge Ave, Apt. #4", "3 St Patrick's Quay", "Am Alten Werk 7 b", "")


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

    def role_rows(self) -> list[dict[str, Any]]:
        """Roles as they are served, permissions included."""
        return [
            {"roleId": role_id, "roleName": name, "isCustom": is_custom, "permissions": list(permissions)}
            for role_id, (name, is_custom, permissions) in zip(self.role_ids, _ROLES, strict=True)
        ]


def _mail_name(first: str, last: str, user_id: int) -> str:
    """Return an ASCII mail name; a name without Latin letters falls back to the number."""
    folded = unicodedata.normalize("NFKD", f"{first}.{last}".lower())
    plain = "".join(letter for letter in folded if letter.isascii() and (letter.isalnum() or letter in ".-"))
    return plain if len(plain) > 5 else f"user{user_id}"


class _Staffing:
    """Hires the people of one company, one after the other."""

    def __init__(self, profile: Profile, role_ids: list[int], numbers: Numbers, rng: Random) -> None:
        self.users: dict[int, dict[str, Any]] = {}
        self._names: set[str] = set()
        self._profile, self._role_ids, self._numbers, self._rng = profile, role_ids, numbers, rng

    def hire(self, role: int, title: str | None, **flags: Any) -> int:
        """Add a person with a role and return the user's id."""
        first, last = self._rng.choice(_FIRST), self._rng.choice(_LAST)
        user_id = self._numbers.next("users")
        name = _mail_name(first, last, user_id)
        if name in self._names:
            name = f"{name}{user_id}"
        self._names.add(name)
        return self._add(user_id, name, first, last, role, title, flags)

    def hire_named(self, role: int, name: str, first: str, last: str) -> int:
        """Add a technical user with a fixed name and return its id."""
        return self._add(self._numbers.next("users"), name, first, last, role, None, {})

    def _add(
        self,
        user_id: int,
        name: str,
        first: str,
        last: str,
        role: int,
        title: str | None,
        flags: dict[str, Any],
    ) -> int:
        domain, (city, state, country, zip_code) = self._profile.domain, self._profile.place
        has_avatar = self._rng.random() < 0.5
        self.users[user_id] = {
            "userId": user_id,
            "accountId": self._profile.account_id,
            "roleId": self._role_ids[role],
            "firstName": first,
            "lastName": last,
            "userName": name,
            "email": f"{name}@{domain}",
            "avatarURL": f"https://files.{domain}/avatars/{user_id}.png" if has_avatar else None,
            "accountName": self._profile.name,
            "title_Position": title,
            "address": self._rng.choice(_STREETS),
            "city": city,
            "state": state,
            "country": country,
            "zip": zip_code,
            "phone": f"+00 555 {self._rng.randrange(10**6):06d}" if self._rng.random() < 0.7 else None,
            "isProjectManager": False,
            "isTaskManager": False,
            "isResourceManager": False,
            "resourceTypeId": None,
        } | flags
        return user_id


def found(profile: Profile, factor: int, numbers: Numbers, rng: Random) -> Company:
    """Found a company: its roles, leading people, and resource types with enough people each."""
    running = profile.running_projects * factor
    role_ids = [numbers.next("roles") for _ in _ROLES]
    staffing = _Staffing(profile, role_ids, numbers, rng)
    service = staffing.hire_named(ADMINISTRATOR, "sync", "Service", "Sync")
    restricted = staffing.hire_named(GUEST, "guest", "Gast", "Guest")
    staffing.hire(_CONTROLLER, "Head of Controlling")
    managers = [
        staffing.hire(PROJECT_MANAGER, "Projektleitung / PM", isProjectManager=True, isTaskManager=True)
        for _ in range(1 + ceil(running / 3))
    ]
    names = dict.fromkeys(skill.cost_group for skill in profile.industry.skills)
    cost_groups = {name: numbers.next("cost_groups") for name in names}
    pools = [_pool(skill, running, cost_groups, staffing, numbers) for skill in profile.industry.skills]
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
    )


def _pool(
    skill: Skill, running: int, cost_groups: dict[str, int], staffing: _Staffing, numbers: Numbers
) -> ResourceType:
    """Fill a resource type so that the running projects share about two thirds of their teams."""
    pool_id = numbers.next("resource_types")
    quantity = max(skill.team, round(skill.team * running * 0.65 / 50) * 50)
    user_ids = [
        staffing.hire(
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
