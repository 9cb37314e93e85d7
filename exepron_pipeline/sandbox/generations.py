"""How a generation of the API looks from outside, as data: bases, paths, options, values, envelope, paging.

Here belongs what differs between generations, and the three of them. Not here: how a request is answered
(``api.py``), what a service leaves out or names otherwise (``profiles.py``).

Sources: G2 is what the vendor's sample clients show, G3 the vendor's documentation of OData. Of G1 only
the option ``$inlinecount`` is known; its envelope and literals are those of OData 3, its paths those of
G2: both inferred. Page caps are inventions; that there is one, and that a bare list hides it, is how
Microsoft's OData libraries behave.
"""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from exepron_pipeline.sandbox import envelope, wire
from exepron_pipeline.sandbox.envelope import Envelope
from exepron_pipeline.sandbox.flat import FLAT
from exepron_pipeline.sandbox.literals import EVERY, Form
from exepron_pipeline.sandbox.paging import Paging
from exepron_pipeline.sandbox.schema import BY_NAME, ENTITY_SETS, EntitySet
from exepron_pipeline.sandbox.views import Relation, View, stored
from exepron_pipeline.sandbox.wire import Forms

Reach = Literal["account", "caller", "projects_of_user", "active_tasks_of_user"]
"""Whose rows a path serves, besides what its numbers say."""

WHO_AM_I = "Accounts/Users/GetLoggedinUser"
"""The path that tells who is signed in."""


@dataclass(frozen=True)
class Endpoint:
    """One path below the base, and the rows it leads to."""

    path: str
    view: View
    reach: Reach = "account"

    @property
    def entity_set(self) -> EntitySet:
        """The stored entity set behind the view."""
        return BY_NAME[self.view.name]

    @property
    def set_name(self) -> str:
        """What the service calls the set: its path where that is one word."""
        return self.view.title if "/" in self.path else self.path

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Matches the path whatever the case of its words, as ASP.NET does; placeholders are numbers."""
        words = re.split(r"\{(\w)\}", self.path)
        parts = [
            f"(?P<{word}>-?[0-9]{{1,18}})" if odd % 2 else re.escape(word) for odd, word in enumerate(words)
        ]
        return re.compile("".join(parts), re.IGNORECASE)


@dataclass(frozen=True)
class Generation:
    """One shape of the API; ``describes`` is the form in which it tells of itself."""

    name: str
    endpoints: tuple[Endpoint, ...]
    options: frozenset[str]
    paging: Paging
    envelope: Envelope
    writers: Forms
    forms: frozenset[Form] = EVERY
    bases: tuple[str, ...] = ("/api/v1", "/v1")
    describes: Literal["nothing", "metadata", "openapi"] = "nothing"
    counts: bool = True

    def find(self, path: str) -> tuple[Endpoint, dict[str, int]] | None:
        """The endpoint that a path below a base leads to, with the numbers in it."""
        for endpoint in self.endpoints:
            if found := endpoint.pattern.fullmatch(path.strip("/")):
                return endpoint, {name: int(number) for name, number in found.groupdict().items()}
        return None


def _reach(path: str) -> Reach:
    if "{u}" not in path:
        return "account"
    return "active_tasks_of_user" if path.endswith("GetUserActiveTasks") else "projects_of_user"


def _nested() -> tuple[Endpoint, ...]:
    """The paths of G2; navigation as the vendor's Angular sample asks for it."""
    views = {entity_set.name: stored(entity_set) for entity_set in ENTITY_SETS}
    manager = Relation("projectManager", views["users"], 'n."userId" = t."projectManagerID"')
    views["projects"] = View(
        "projects", views["projects"].key, views["projects"].columns, relations=(manager,)
    )
    return (
        Endpoint(WHO_AM_I, views["users"], "caller"),
        *(
            Endpoint(path, views[entity_set.name], _reach(path))
            for entity_set in ENTITY_SETS
            for path in entity_set.paths
        ),
    )


_WINDOW = frozenset({"$select", "$filter", "$orderby", "$expand", "$top", "$skip"})

G1 = Generation(
    name="g1",
    endpoints=_nested(),
    options=_WINDOW | {"$inlinecount", "$format", "$skiptoken"},
    paging=Paging(1_000, "split", links=True),
    envelope=envelope.version3,
    writers=wire.version3,
    forms=frozenset({"version 3"}),
)

G2 = Generation(
    name="g2",
    endpoints=_nested(),
    options=_WINDOW | {"$count"},
    paging=Paging(2_000),
    envelope=envelope.bare,
    writers=wire.dotnet,
)

G3 = Generation(
    name="g3",
    endpoints=(
        Endpoint(WHO_AM_I, FLAT["users"], "caller"),
        *(Endpoint(path, view) for path, view in FLAT.items()),
    ),
    options=_WINDOW | {"$count", "$search", "$format", "$skiptoken"},
    paging=Paging(1_000, "split", links=True),
    envelope=envelope.version4,
    writers=wire.version4,
    forms=frozenset({"version 4"}),
    describes="metadata",
)

GENERATIONS = {generation.name: generation for generation in (G1, G2, G3)}
