"""The order of the rungs, and where the ladder ends because the next rung would make no sense."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

from exepron_pipeline.cli.ladder.lookback import lookback
from exepron_pipeline.cli.ladder.place import disk, warehouse
from exepron_pipeline.cli.ladder.rung import Rung, bad, tried
from exepron_pipeline.cli.ladder.service import limits, meeting, retirements, zone
from exepron_pipeline.cli.ladder.sets import entity_sets, still_unknown
from exepron_pipeline.cli.ladder.signing_in import signing_in
from exepron_pipeline.errors import ExepronError

if TYPE_CHECKING:
    from exepron_pipeline.engine import Engine
    from exepron_pipeline.outlook import Outlook
    from exepron_pipeline.tenant import Tenant


def climb(stack: ExitStack, *, ask_again: bool = False) -> Iterator[Rung]:
    """Go up rung by rung, and stop where the next one makes no sense.

    With several accounts, one that is broken ends its own part of the ladder only, as it does in a sync.

    Args:
        stack: Closes what was opened.
        ask_again: Ask the paths too that refused less than a week ago.

    """
    from exepron_pipeline.engine import open_engine
    from exepron_pipeline.outlook import Outlook

    try:
        engine = stack.enter_context(open_engine())
        yield Rung("settings", _settings(engine))
    except ExepronError as error:
        yield bad("settings", error)
        return
    standing = 0
    for tenant in engine.tenants:
        if ask_again:
            tenant.profile.ask_again()
        last = None
        for last in _of(tenant, engine, _arriving(tenant, engine)):
            yield last
        standing += last is None or last.state != "bad"
    if not standing:
        return
    outlook = Outlook(engine)
    for tenant in engine.tenants:
        if tenant.connection.name not in engine.shut_out:
            yield from _of(tenant, engine, _looking(tenant, engine, outlook))
    yield disk(engine)
    opened = tried("warehouse", lambda: warehouse(engine))
    yield opened
    if opened.state != "bad":
        yield lookback(outlook, engine.settings.lookback_hours)


def _settings(engine: "Engine") -> str:
    names = ", ".join(
        f"{each.api_url} as {each.username or each.client_id or 'the given token'}"
        for each in (tenant.connection for tenant in engine.tenants)
    )
    return f"{names}; data in {engine.settings.data_dir}; {len(engine.catalogue.offered)} entity sets to try"


def _arriving(tenant: "Tenant", engine: "Engine") -> Iterator[Rung]:
    """From the identity server to the answer to who we are; ends at the first rung that is broken."""
    for part in (signing_in(tenant), meeting(tenant, engine)):
        for rung in part:
            yield rung
            if rung.state == "bad":
                return


def _looking(tenant: "Tenant", engine: "Engine", outlook: "Outlook") -> Iterator[Rung]:
    yield from entity_sets(tenant, engine, outlook)
    yield from still_unknown(tenant, engine)
    yield from zone(tenant, engine, outlook)
    yield from limits(tenant)
    yield from retirements(tenant)


def _of(tenant: "Tenant", engine: "Engine", rungs: Iterable[Rung]) -> Iterator[Rung]:
    """The same rungs, with the name of the account where there are several."""
    account = tenant.connection.name if len(engine.tenants) > 1 else ""
    return (replace(rung, account=account) for rung in rungs)
