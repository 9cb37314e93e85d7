"""The rungs of one service as a whole: its base path, its generation, who we are there, and its manners.

Not here: its entity sets (``sets.py``).
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from exepron_pipeline.cli.ladder.rung import Rung, bad, note
from exepron_pipeline.errors import AuthRejectedError, ExepronError, TransientError

if TYPE_CHECKING:
    from exepron_pipeline.engine import Engine
    from exepron_pipeline.odata.probe import Me
    from exepron_pipeline.outlook import Outlook
    from exepron_pipeline.tenant import Account, Tenant

LARGEST_OFFSET = timedelta(hours=15)
"""No zone is further ahead of UTC, and clocks differ a little."""


def meeting(tenant: "Tenant", engine: "Engine") -> Iterator[Rung]:
    """Find base path and generation, who we are, and how the service describes itself."""
    try:
        generation = tenant.generation
    except AuthRejectedError as error:
        yield Rung("base path", f"{tenant.connection.api_url} answers")
        yield bad("who am I", error)
        return
    except ExepronError as error:
        yield _base_path(tenant, error)
        return
    yield Rung("base path", f"{tenant.connection.api_url} answers")
    yield _generation(tenant, generation)
    yield _who_am_i(tenant)
    yield from _descriptions(tenant, engine)


def _base_path(tenant: "Tenant", error: ExepronError) -> Rung:
    """Tell at which other address the API answers, where it does not at its own."""
    from exepron_pipeline.elsewhere import other_base

    try:
        found = other_base(tenant)
    except ExepronError:  # what is wrong was found already
        found = None
    if found is None:
        return bad("base path", error)
    text = f"{tenant.connection.api_url} does not answer as the API; {found} does."
    return Rung("base path", text, "bad", f"Set EXEPRON_API_URL={found}", error.exit_code)


def _generation(tenant: "Tenant", generation: str) -> Rung:
    """Tell the generation; one that was set is compared with what the service shows."""
    from exepron_pipeline.odata.probe import find_generation

    if tenant.settings.generation == "auto":
        return Rung("generation", generation)
    try:
        shown = find_generation(tenant.service, "auto")
    except ExepronError:  # it shows none, which is why people set one
        shown = generation
    if shown == generation:
        return Rung("generation", f"{generation}, as set")
    text = f"{generation}, as set; the service answers as {shown}"
    return note("generation", text, f"Set EXEPRON_GENERATION=auto, or {shown}.")


def _who_am_i(tenant: "Tenant") -> Rung:
    """Tell user and account; accounts that were set and are not the user's own, as far as the service tells."""
    try:
        accounts, own = tenant.accounts, [me.account_id for me in tenant.seen]
    except ExepronError as error:
        return bad("who am I", error)
    others = [each.account_id for each in accounts if own and each.account_id not in own]
    if not others:
        return Rung("who am I", _people(accounts))
    text = f"{_people(tenant.seen)}; EXEPRON_ACCOUNTS asks for {', '.join(others)}"
    return note("who am I", text, f"Set EXEPRON_ACCOUNTS={','.join(own)}, or auto, if that is a mistake.")


def _people(accounts: "Iterable[Account | Me]") -> str:
    return ", ".join(f"user {each.user_id or '?'} in account {each.account_id}" for each in accounts)


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
