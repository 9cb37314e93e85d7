"""How a generation of the API looks from outside, as data: bases, paths, query options, envelope, page cap.

Here belongs what differs between generations. Not here: how a request is answered (``app.py``), the
entity sets themselves (``schema.py``). Another generation is another value of ``Generation``.

Source of G2: the vendor's sample clients. Its page cap is an invention; that there is one, and that a
bare list hides it, is how Microsoft's OData libraries behave.
"""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from exepron_pipeline.sandbox.schema import BY_NAME, ENTITY_SETS, EntitySet

Reach = Literal["account", "caller", "projects_of_user", "active_tasks_of_user"]
"""Whose rows a path serves, besides what its numbers say."""


@dataclass(frozen=True)
class Endpoint:
    """One path below the base, and the rows it leads to."""

    path: str
    entity_set: EntitySet
    reach: Reach = "account"

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
    """One shape of the API."""

    name: str
    bases: tuple[str, ...]
    endpoints: tuple[Endpoint, ...]
    options: frozenset[str]
    page_cap: int
    """The largest page, in rows: above it ``$top`` is refused, without ``$top`` the rest is left out."""
    envelope: tuple[str, str] = ("", "")
    """What stands before and after the list of rows in the body."""

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


G2 = Generation(
    name="g2",
    bases=("/api/v1", "/v1"),
    endpoints=(
        Endpoint("Accounts/Users/GetLoggedinUser", BY_NAME["users"], "caller"),
        *(
            Endpoint(path, entity_set, _reach(path))
            for entity_set in ENTITY_SETS
            for path in entity_set.paths
        ),
    ),
    options=frozenset({"$select", "$filter", "$orderby", "$expand", "$top", "$skip", "$count"}),
    page_cap=2_000,
)

GENERATIONS = {generation.name: generation for generation in (G2,)}
