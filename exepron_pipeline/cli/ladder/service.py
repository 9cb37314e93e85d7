"""The rungs of one service as a whole: its base path, its generation, who we are there, and its manners.

Not here: its entity sets (``sets.py``).
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from exepron_pipeline.cli.ladder.rung import Rung, bad, note, tried
from exepron_pipeline.errors import AuthRejectedError, ExepronError, TransientError

if TYPE_CHECKING:
    from exepron_pipeline.engine import Engine
    from exepron_pipeline.outlook import Outlook
    from exepron_pipeline.tenant import Tenant

LARGEST_OFFSET = timedelta(hours=15)
"""No zone is further ahead of UTC, and clocks differ a little."""


def meeting(tenant: "Tenant", engine: "Engine") -> Iterator[Rung]:
    """Find base path and generation, who we are, and how the service describes itself."""
    generation = tried("generation", lambda: tenant.generation)
    yield _base_path(tenant, generation)
    if generation.state == "bad":
        return
    yield generation
    yield tried(
        "who am I",
        lambda: ", ".join(f"user {a.user_id or '?'} in account {a.account_id}" for a in tenant.accounts),
    )
    yield from _descriptions(tenant, engine)


def _base_path(tenant: "Tenant", generation: Rung) -> Rung:
    """Tell whether the API answers at its address, and at which other one it does."""
    from exepron_pipeline.elsewhere import other_base

    if generation.state != "bad":
        return Rung("base path", f"{tenant.connection.api_url} answers")
    try:
        tenant.keeper.token()
        found = other_base(tenant)
    except ExepronError:  # what is wrong was found already
        found = None
    if found is None:
        return Rung("base path", generation.found, "bad", generation.cure, generation.exit_code)
    text = f"{tenant.connection.api_url} does not answer as the API; {found} does."
    return Rung("base path", text, "bad", f"Set EXEPRON_API_URL={found}", generation.exit_code)


def _descriptions(tenant: "Tenant", engine: "Engine") -> Iterator[Rung]:
    """Compare the service's own description with the catalogue; a difference is worth a note, and no failure."""
    try:
        found = tenant.drift(engine.catalogue, look=True)
    except (AuthRejectedError, TransientError) as error:
        yield bad("description", error)
        return
    except ExepronError as error:
        yield note("description", f"cannot be read: {error.message}")
        return
    if found is None:
        yield Rung("description", "the service has none")
    elif not any(each.sources_for(tenant.generation) for each in engine.catalogue.offered):
        text = "the service describes itself, and the catalogue names nothing of it"
        yield note("description", text, "exepron discover --out FILE writes a catalogue.")
    elif not found:
        yield Rung("description", "as the catalogue says")
    for text in found or ():
        yield note("description", text, "exepron discover writes the catalogue anew.")


def limits(tenant: "Tenant") -> Iterator[Rung]:
    """Tell which limits of the service were met: of the rate just now, of the page whenever it was learnt."""
    service, page = tenant.service, tenant.profile.page_limit("")
    pages = f"pages end at {page:,} records" if page else "no largest page was met yet"
    if service.slowed:
        text = f"{service.slowed} of {service.requests} requests were refused for the rate (429); {pages}"
        yield note("limits", text, "Set EXEPRON_RATE lower; runs wait as the service asks them to.")
    else:
        yield Rung("limits", f"no refusal for the rate in {service.requests} requests; {pages}")


def retirements(tenant: "Tenant") -> Iterator[Rung]:
    """Tell what answers said of their own end."""
    for said, path in tenant.service.retirements.items():
        yield note("retirement", f"{path}: {said}")


def zone(tenant: "Tenant", engine: "Engine", outlook: "Outlook") -> Iterator[Rung]:
    """Tell in which zone the service writes its stamps, as far as its newest one shows."""
    try:
        found = outlook.newest_stamp(tenant)
    except ExepronError as error:
        yield note("stamps", f"could not be looked at: {error.message}")
        return
    if found is None:
        yield Rung("stamps", "no entity set with a cursor was found, so nothing is known of their zone")
        return
    if found.names_zone:
        yield Rung("stamps", f"name their own zone, such as {found.text}")
        return
    reading = f"name no zone, such as {found.text}; read as EXEPRON_TIMEZONE={engine.settings.timezone}"
    ahead = found.moment - datetime.now(UTC)
    if timedelta(minutes=5) < ahead < LARGEST_OFFSET:
        hours = ahead.total_seconds() / 3600
        text = f"{reading}, the newest lies {hours:.1f} h in the future"
        yield note("stamps", text, "Set EXEPRON_TIMEZONE to the account's zone.")
    else:
        yield Rung("stamps", reading)
