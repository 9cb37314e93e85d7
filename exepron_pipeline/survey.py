"""A discovery of one tenant, from finding its description to the text of a catalogue.

Here: which description, which generation, which words stand at the head of the file. Not here: looking at sets
(``discover``), showing and saving (``cli/discover.py``).
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from exepron_pipeline.catalogue import Catalogue, load_catalogue
from exepron_pipeline.discover.addresses import Addresses, read_addresses
from exepron_pipeline.discover.columns import Plain
from exepron_pipeline.discover.difference import difference
from exepron_pipeline.discover.discovery import Discovery
from exepron_pipeline.discover.entries import Finding
from exepron_pipeline.discover.frugal import MOST, Frugal
from exepron_pipeline.discover.pasted import Pasted, read_pasted
from exepron_pipeline.discover.recording import Recording, read_recording
from exepron_pipeline.discover.remember import remember
from exepron_pipeline.discover.write import catalogue_text, laid_over, proposed
from exepron_pipeline.errors import ConfigurationError, ResponseError
from exepron_pipeline.http.problems import raise_for_html, raise_for_status
from exepron_pipeline.odata.dialect import DIALECTS
from exepron_pipeline.odata.metadata.description import Description
from exepron_pipeline.odata.metadata.find import find_description, find_lists, parse_description
from exepron_pipeline.tenant import Tenant

OWN = ("g1", "g2", "g3")
"""Generations of Exepron itself: what the built-in catalogue says of them is completed, not replaced."""
_FALLBACK = "odata4"
_HOSTS = 5  # hosts that are named
_ACCOUNTS = 3  # accounts that are asked for a set, one after the other
_NOT_BELOW = "Check --url and --har, and whether EXEPRON_API_URL is the address in front of such paths."
_NOTHING = (
    "Name a description (--openapi FILE or URL), or addresses that list records (--url, or --har with a recording); "
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
    changes: tuple[str, ...] = ()
    """What the catalogue would change of the one in use, one line a set."""
    against: str = ""
    """Which that is; empty where there is none that speaks of this service."""
    requests: int = 0
    """What was sent to the API."""


def survey(
    tenant: Tenant,
    *,
    openapi: str | None = None,
    urls: Sequence[str] = (),
    recordings: Sequence[Path] = (),
    in_use: Path | None = None,
    told: Callable[[str], None] = lambda _: None,
) -> Survey:
    """Find out what a service offers; its profile is remembered.

    Args:
        tenant: Whom to ask.
        openapi: File or address of a description; None: the service is asked for one, unless addresses are given.
        urls: Addresses that list records: they alone are looked at, where no description is named.
        recordings: Files of a browser's recordings (HAR), whose calls are more such addresses.
        in_use: The catalogue of the settings. To it addresses add; a whole discovery stands for itself.
        told: Is called with each set's name before it is looked at.

    Raises:
        ConfigurationError: A description or recording cannot be read, no address is of this service, or there is
            neither a description nor an address.
        ExepronError: The service cannot be asked.

    """
    read = [read_recording(path) for path in recordings]
    generation, problems = _generation(tenant)
    left = tenant.profile.left(MOST)
    service = Frugal(tenant.service, MOST if left is None else left)
    accounts, missing = ({}, []) if problems else _accounts(tenant)
    own, *others = _own(accounts)
    pasted = read_pasted(urls)
    copied = [*pasted.addresses, *(url for each in read for url in each.lists)]
    named = read_addresses(copied, service.base_url, own)
    if (urls or recordings) and not named.lists and not openapi:
        raise ConfigurationError(_elsewhere(named, service.base_url), hint=_NOT_BELOW)
    only = bool(named.lists) and not openapi
    base = in_use if only and in_use and in_use.exists() else None
    built_in = load_catalogue(base) if base or generation in OWN else None
    discovery = Discovery(
        service,
        DIALECTS[generation],
        own,
        built_in,
        told,
        profile=tenant.profile,
        others=tuple(others),
    )
    description = _given(tenant, openapi) if openapi else None if only else find_description(service)
    findings, origin, told_problems = _looked_at(discovery, service, description, named, only=only)
    if description:
        tenant.profile.keep_comparison("", [])  # of no catalogue: the next sync compares with its own
    if problems and not all(each.problem for each in findings):
        tenant.profile.generation = generation
    entries = discovery.entries(findings)
    remember(tenant.profile, findings, accounts, DIALECTS[generation])
    tenant.profile.save()
    said = (*problems, *missing, *told_problems, *_left_out(named, pasted, read))
    head = _head(tenant, origin, generation, findings, said)
    text = _text(entries, head, base, replace=built_in is None) if entries else None
    against = str(base) if base else "the built-in catalogue" if built_in else ""
    changes = _changes(built_in, text)
    if base and not changes:
        text = None
    asked = tenant.service.requests
    return Survey(origin, generation, text, tuple(findings), said, changes, against, asked)


def _looked_at(
    discovery: Discovery, service: Frugal, description: Description | None, named: Addresses, *, only: bool
) -> tuple[list[Finding], str, tuple[str, ...]]:
    """What is found, where it was told, and what could not be taken from there."""
    samples: tuple[str, tuple[str, ...]] = ("samples of records", ())
    if only:
        return (discovery.of_addresses(named.lists), *samples)
    if not description and discovery.built_in:
        return (discovery.of_built_in(), *samples)
    known = description or _of_lists(service)
    paths = {each.path for each in known.sets}
    more = [each for each in named.lists if not paths & {way.path for way in each.ways}]
    findings = [*discovery.of_description(known), *discovery.of_addresses(more)]
    return findings, known.origin, known.problems


def _text(entries: dict[str, Plain], head: list[str], base: Path | None, *, replace: bool) -> str:
    if base:
        entries, replace = laid_over(base, entries)
    return catalogue_text(entries, head=head, replace=replace)


def _changes(before: Catalogue | None, text: str | None) -> tuple[str, ...]:
    return tuple(difference(before, proposed(text))) if text else ()


def _own(accounts: dict[str, str | None]) -> list[dict[str, str]]:
    """Our own ids in the first accounts, as paths name them; at least one."""
    any_user = next((each for each in accounts.values() if each), None)
    found = [{"accountId": name, "userId": user or any_user} for name, user in accounts.items()]
    return [
        {name: value for name, value in each.items() if value}
        for each in found[:_ACCOUNTS] or [{"userId": any_user}]
    ]


def _left_out(named: Addresses, pasted: Pasted, read: Sequence[Recording]) -> Iterator[str]:
    """Say what was not taken, by number, and by host; no more of it is told."""
    hosts = sorted(named.elsewhere.items(), key=lambda each: -each[1])
    if hosts:
        shown = [f"{host} ({count})" for host, count in hosts[:_HOSTS]]
        more = [f"{len(hosts) - _HOSTS} more"] if len(hosts) > _HOSTS else []
        yield f"Left out, as they are not below the API's address: {', '.join([*shown, *more])}."
    written = pasted.written + sum(each.written for each in read)
    if written:
        yield f"Left out, as they change something: {written}."
    others = sum(each.others for each in read)
    if others:
        yield f"Left out, as their answers hold no list: {others}."


def _elsewhere(named: Addresses, base_url: str) -> str:
    """Name no address: what people copy may hold anything."""
    hosts = ", ".join(sorted(named.elsewhere)[:_HOSTS])
    found = f" They are of {hosts}." if hosts else ""
    return f"None of the addresses is of a list below {base_url}.{found}"


def _generation(tenant: Tenant) -> tuple[str, list[str]]:
    """The generation, and what to do where the service does not show it."""
    try:
        return tenant.generation, []
    except ConfigurationError:
        return _FALLBACK, [
            f"The service does not tell its version of OData: it is asked in that of 4 (EXEPRON_GENERATION={_FALLBACK})."
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
    shown = place if "://" not in place else _without_secrets(place)
    try:
        if "://" not in place:
            return parse_description(Path(place).read_bytes(), base)
        if place.startswith(f"{base}/"):
            return parse_description(tenant.service.get(place).body, base)
        response = tenant.transport.get(place, {"accept": "*/*"})
        raise_for_status(response, f"GET {shown}")
        raise_for_html(response, f"GET {shown}")
        return parse_description(response.body, base)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ConfigurationError(f"{shown} cannot be read: {reason}.", hint="Check --openapi.") from None
    except ResponseError as error:
        raise ConfigurationError(f"{shown}: {error.message}", hint=error.hint) from None


def _without_secrets(address: str) -> str:
    """An address as it may be shown: without user, query and fragment."""
    scheme, _, rest = re.split(r"[?#]", address, maxsplit=1)[0].partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"


def _of_lists(service: Frugal) -> Description:
    """What the service document lists, where nothing describes it."""
    found = find_lists(service)
    if not found:
        raise ConfigurationError(f"{service.base_url} describes itself nowhere.", hint=_NOTHING)
    return Description("samples of records", found)


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
