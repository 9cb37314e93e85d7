"""A discovery of one tenant, from finding its description to the text of a catalogue.

Here: which description, which generation, which words stand at the head of the file. Not here: looking at sets
(``discover``), showing and saving (``cli/discover.py``).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from exepron_pipeline.catalogue import load_catalogue
from exepron_pipeline.discover.discovery import Discovery
from exepron_pipeline.discover.entries import Finding
from exepron_pipeline.discover.remember import remember
from exepron_pipeline.discover.write import catalogue_text
from exepron_pipeline.errors import ConfigurationError, ResponseError
from exepron_pipeline.http.problems import raise_for_html, raise_for_status
from exepron_pipeline.odata.dialect import DIALECTS
from exepron_pipeline.odata.metadata.description import DescribedSet, Description
from exepron_pipeline.odata.metadata.find import find_description, find_lists, parse_description
from exepron_pipeline.tenant import Tenant

OWN = ("g1", "g2", "g3")
"""Generations of Exepron itself: what the built-in catalogue says of them is completed, not replaced."""
_FALLBACK = "odata4"
_NOTHING = (
    "Name a description (--openapi FILE or URL), or addresses that list records (--url); "
    "docs/catalogue.md tells how to write a catalogue by hand."
)


@dataclass(frozen=True)
class Survey:
    """What came of a discovery; ``text`` is the catalogue, None when there is nothing to be written."""

    origin: str
    generation: str
    text: str | None = field(repr=False)
    findings: tuple[Finding, ...]
    problems: tuple[str, ...]


def survey(
    tenant: Tenant,
    *,
    openapi: str | None = None,
    urls: Sequence[str] = (),
    told: Callable[[str], None] = lambda _: None,
) -> Survey:
    """Find out what a service offers; its profile is remembered.

    Args:
        tenant: Whom to ask.
        openapi: File or address of a description; None: the service is asked for one.
        urls: Addresses that list records, to be read besides, or where nothing is described.
        told: Is called with each set's name before it is looked at.

    Raises:
        ConfigurationError: The description cannot be read, or there is none and no address is given.
        ExepronError: The service cannot be asked.

    """
    generation, problems = _generation(tenant)
    description = _given(tenant, openapi) if openapi else find_description(tenant.service)
    listed = tuple(_at(tenant, url) for url in urls)
    accounts, missing = ({}, []) if problems else _accounts(tenant)
    built_in = load_catalogue() if generation in OWN else None
    user = next((each for each in accounts.values() if each), None)
    variables = {"accountId": next(iter(accounts), None), "userId": user}
    discovery = Discovery(
        tenant.service,
        DIALECTS[generation],
        {name: value for name, value in variables.items() if value},
        built_in,
        told,
    )
    if description or listed or not built_in:
        known = description or _of_lists(tenant, listed)
        findings = discovery.of_description(_joined(known, listed))
        origin, told_problems = known.origin, known.problems
    else:
        findings, origin, told_problems = discovery.of_built_in(), "samples of records", ()
    if description:
        tenant.profile.keep_comparison("", [])  # of no catalogue: the next sync compares with its own
    remember(tenant.profile, findings, accounts, DIALECTS[generation])
    tenant.profile.save()
    said = (*problems, *missing, *told_problems)
    head = _head(tenant, origin, generation, findings, said)
    entries = discovery.entries(findings)
    text = catalogue_text(entries, head=head, replace=built_in is None) if entries else None
    return Survey(origin, generation, text, tuple(findings), said)


def _generation(tenant: Tenant) -> tuple[str, list[str]]:
    """The generation, and what to do where the service does not show it."""
    try:
        return tenant.generation, []
    except ConfigurationError:
        return _FALLBACK, [
            f"The service does not tell its version of OData: set EXEPRON_GENERATION={_FALLBACK}."
        ]


def _accounts(tenant: Tenant) -> tuple[dict[str, str | None], list[str]]:
    """Accounts and their users, and what to do where the service tells of none."""
    try:
        return {each.account_id: each.user_id for each in tenant.accounts}, []
    except ConfigurationError as error:
        return {}, [f"{error.message} {error.hint}"]


def _given(tenant: Tenant, place: str) -> Description:
    """Read a description that the user names; the token goes only with addresses of the service itself."""
    base = tenant.service.base_url
    try:
        if not place.startswith(("http://", "https://")):
            return parse_description(Path(place).read_bytes(), base)
        if place.startswith(f"{base}/"):
            return parse_description(tenant.service.get(place).body, base)
        response = tenant.transport.get(place, {"accept": "*/*"})
        raise_for_status(response, f"GET {place}")
        raise_for_html(response, f"GET {place}")
        return parse_description(response.body, base)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ConfigurationError(f"{place} cannot be read: {reason}.", hint="Check --openapi.") from None
    except ResponseError as error:
        raise ConfigurationError(f"{place}: {error.message}", hint=error.hint) from None


def _at(tenant: Tenant, url: str) -> DescribedSet:
    """A list at an address that the user names."""
    path = url.removeprefix(tenant.service.base_url).partition("?")[0].strip("/")
    if not path or path.startswith(("http:", "https:")):
        raise ConfigurationError(f"{url} is not below {tenant.service.base_url}.", hint="Check --url.")
    return DescribedSet(path.rpartition("/")[2] or path, path)


def _of_lists(tenant: Tenant, listed: Sequence[DescribedSet]) -> Description:
    """What the service document lists, where nothing describes it."""
    found = find_lists(tenant.service)
    if not found and not listed:
        raise ConfigurationError(f"{tenant.service.base_url} describes itself nowhere.", hint=_NOTHING)
    return Description("samples of records", found)


def _joined(description: Description, listed: Sequence[DescribedSet]) -> Description:
    paths = {each.path for each in description.sets}
    more = tuple(each for each in listed if each.path not in paths)
    return Description(
        description.origin, (*description.sets, *more), description.dialect, description.problems
    )


def _head(
    tenant: Tenant, origin: str, generation: str, findings: Sequence[Finding], problems: Sequence[str]
) -> list[str]:
    """The comment at the head of the file: where it is from, how to use it, what is not in it."""
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    lines = [
        f"Made by `exepron discover` on {today} from {origin} of {tenant.service.base_url}.",
        f"Use it by EXEPRON_CATALOGUE, with EXEPRON_GENERATION={generation} or auto. Change it as you like:",
        "docs/catalogue.md describes the format.",
    ]
    left_out = [f"{each.described.name}: {each.problem}" for each in findings if each.problem]
    return [
        *lines,
        "",
        *(["Not read:", *left_out, *problems] if left_out or problems else ["Every set answered."]),
    ]
