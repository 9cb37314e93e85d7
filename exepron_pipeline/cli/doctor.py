"""``exepron doctor``: a ladder from the settings up to each entity set, one line a rung, each with its cure.

Here: the rungs and their order. Not here: how anything works; each rung uses the very functions that a
sync uses. It stops where the next rung makes no sense.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

from exepron_pipeline.errors import (
    EntitySetMissingError,
    ExepronError,
    NotPermittedError,
    WarehouseError,
)

if TYPE_CHECKING:
    from exepron_pipeline.catalogue import EntitySet
    from exepron_pipeline.engine import Engine, Scope
    from exepron_pipeline.tenant import Tenant

LITTLE_SPACE = 1 << 30
"""Bytes of free disk below which a load may not find room."""
SKEW_SECONDS = 60
MARKS = {"good": "[green]ok  [/]", "note": "[yellow]note[/]", "bad": "[bold red]bad [/]"}


@dataclass(frozen=True)
class Rung:
    """One line: what was looked at, what was found, and the error when it broke."""

    name: str
    found: str
    error: ExepronError | None = None
    is_note: bool = False


def doctor() -> None:
    """Look at everything a sync needs, from the settings up; each line that is not ok says what to do."""
    from exepron_pipeline.cli.console import output

    console = output()
    code = 0
    with ExitStack() as stack:
        for rung in climb(stack):
            mark = MARKS["bad" if rung.error else "note" if rung.is_note else "good"]
            console.print(f"{mark} [bold]{rung.name}[/]:", end=" ")
            console.print(rung.found, markup=False, soft_wrap=True)
            if rung.error and rung.error.hint:
                console.print(f"     {rung.error.hint}", markup=False, soft_wrap=True)
            code = code or (rung.error.exit_code if rung.error else 0)
    raise typer.Exit(code)


def climb(stack: ExitStack) -> Iterator[Rung]:
    """Go up rung by rung; the generator ends below the first one that makes the next senseless."""
    from exepron_pipeline.engine import open_engine

    try:
        engine = stack.enter_context(open_engine())
        yield Rung("settings", _settings(engine))
    except ExepronError as error:
        yield Rung("settings", error.message, error)
        return
    for tenant in engine.tenants:
        for rung in _sign_in(tenant):
            yield rung
            if rung.error:
                return
        yield from _descriptions(tenant, engine)
    yield _tried("disk", lambda: _disk(engine))
    warehouse = _tried("warehouse", lambda: _warehouse(engine))
    yield warehouse
    if not warehouse.error:
        yield from _entity_sets(engine)
    for tenant in engine.tenants:
        for said, path in tenant.service.retirements.items():
            yield Rung("retirement", f"{path}: {said}", is_note=True)


def _tried(name: str, look: Callable[[], str]) -> Rung:
    try:
        return Rung(name, look())
    except ExepronError as error:
        return Rung(name, error.message, error)


def _settings(engine: "Engine") -> str:
    names = ", ".join(
        f"{each.api_url} as {each.username or each.client_id or 'the given token'}"
        for each in (tenant.connection for tenant in engine.tenants)
    )
    return f"{names}; data in {engine.settings.data_dir}; {len(engine.catalogue.offered)} entity sets to try"


def _sign_in(tenant: "Tenant") -> Iterator[Rung]:
    from exepron_pipeline.auth.discovery import discover

    yield _tried(
        "identity server",
        lambda: f"{discover(tenant.connection.identity_url, tenant.transport).token_endpoint}",
    )
    yield _tried("token store", tenant.keeper.check_store)
    yield _tried("token", lambda: _token(tenant))
    yield from _warnings(tenant)
    yield _tried("generation", lambda: tenant.generation)
    yield _tried(
        "who am I",
        lambda: ", ".join(f"user {a.user_id or '?'} in account {a.account_id}" for a in tenant.accounts),
    )


def _descriptions(tenant: "Tenant", engine: "Engine") -> Iterator[Rung]:
    """Compare the service's own description with the catalogue; a difference is worth a note, and no failure."""
    try:
        found = tenant.drift(engine.catalogue, look=True)
    except ExepronError as error:
        yield Rung("description", f"cannot be read: {error.message}", is_note=True)
        return
    if not found:
        yield Rung("description", "as the catalogue says" if found is not None else "the service has none")
    for text in found or ():
        yield Rung("description", f"{text}; exepron discover writes it down anew", is_note=True)


def _token(tenant: "Tenant") -> str:
    tenant.keeper.token()
    return tenant.keeper.describe().in_words()


def _warnings(tenant: "Tenant") -> Iterator[Rung]:
    """What works today and will not for ever."""
    found = tenant.keeper.describe()
    if abs(found.skew) > SKEW_SECONDS:
        apart = (
            f"The identity server's clock is {found.skew:+.0f} s from this machine's. Set this one by NTP."
        )
        yield Rung("clock", apart, is_note=True)
    if found.not_granted:
        missing = " ".join(found.not_granted)
        yield Rung("scope", f"{missing} was asked for and not granted.", is_note=True)
    if found.outlook:
        yield Rung("outlook", found.outlook, is_note=True)


def _disk(engine: "Engine") -> str:
    place = engine.settings.data_dir
    while not place.exists():
        place = place.absolute().parent
    free = shutil.disk_usage(place).free
    if free < LITTLE_SPACE:
        raise WarehouseError(
            f"{free >> 20:,} MiB free at {place}.", hint="Make room, or set EXEPRON_DATA_DIR."
        )
    return f"{free >> 30:,} GiB free"


def _warehouse(engine: "Engine") -> str:
    known = len(engine.before.watermarks)
    return f"{engine.settings.warehouse_path} opens; {known} watermarks"


def _entity_sets(engine: "Engine") -> Iterator[Rung]:
    for entity_set in engine.catalogue.offered:
        for scope in engine.scopes(entity_set):
            yield _look(engine, entity_set, scope)


def _look(engine: "Engine", entity_set: "EntitySet", scope: "Scope") -> Rung:
    from exepron_pipeline.outlook import Outlook

    name = entity_set.name
    try:
        return Rung(name, Outlook(engine).probe(entity_set, scope))
    except NotPermittedError as error:
        return Rung(name, f"not permitted: {error.message}", is_note=True)
    except EntitySetMissingError as error:
        return Rung(name, f"not offered: {error.message}", is_note=True)
    except ExepronError as error:
        return Rung(name, error.message, error)
