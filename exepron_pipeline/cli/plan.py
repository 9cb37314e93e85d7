"""``exepron plan``: the requests that a sync would send, without sending them."""

from typing import TYPE_CHECKING

from exepron_pipeline.cli.sync import Sets

if TYPE_CHECKING:
    from exepron_pipeline.catalogue import EntitySet
    from exepron_pipeline.outlook import Planned

RUNS_A_DAY = {"hourly": 25, "daily": 2, "weekly": 8 / 7}
"""Refreshes under the schedules, and one reconcile a night."""
TRIALS_A_DAY = 1 / 7
"""A proposed path that refuses is asked again after a week."""
HINTS_A_DAY = 24 * 60 // 5
"""Times that the sensor ``source_changed`` asks: each set that has a watermark, every five minutes."""


def plan(entity_sets: Sets = None) -> None:
    """Show the requests that a sync would send; signs in, and fetches no data."""
    from exepron_pipeline.engine import open_engine
    from exepron_pipeline.outlook import Outlook
    from exepron_pipeline.sync import choose

    with open_engine() as engine:
        chosen = choose(engine.catalogue, entity_sets or ())
        engine.sign_in()
        outlook = Outlook(engine)
        planned = [(entity_set, each) for entity_set in chosen for each in outlook.planned(entity_set)]
        to_begin = sum(tenant.service.requests for tenant in engine.tenants)
    for entity_set, each in planned:
        _show(entity_set, each)
    watched = sum(each.is_watched for _, each in planned)
    runs = to_begin * RUNS_A_DAY["hourly"]
    runs += sum(
        each.requests * (TRIALS_A_DAY if each.is_trial else RUNS_A_DAY[entity_set.refresh])
        for entity_set, each in planned
    )
    hints = HINTS_A_DAY * (to_begin + watched)
    now = to_begin + sum(each.requests for _, each in planned)
    print(
        f"{now:,} requests now, {to_begin} of them to begin with: who is signed in, and what the service speaks."
    )
    print(
        f"About {runs + hints:,.0f} requests a day under the schedules, {hints:,} of them the change sensor's."
    )


def _show(entity_set: "EntitySet", each: "Planned") -> None:
    if not each.address:
        print(f"{entity_set.name}: nothing is asked: no path of it was offered when it was last asked")
        return
    rows = "an unknown number of rows" if each.rows is None else f"about {each.rows:,} rows"
    pages = f"{each.pages:,} page{'s' * (each.pages != 1)}"
    trial = ", as a trial" if each.is_trial else ""
    print(f"{entity_set.name}: {each.mode}, {rows} in {pages}, {each.requests:,} requests{trial}")
    print(f"  GET {each.address}")
