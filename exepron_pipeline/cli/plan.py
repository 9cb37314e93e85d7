"""``exepron plan``: the requests that a sync would send, without sending them."""

import math
from typing import TYPE_CHECKING

from exepron_pipeline.cli.sync import Sets

if TYPE_CHECKING:
    from exepron_pipeline.outlook import Planned

RUNS_A_DAY = {"hourly": 25, "daily": 2, "weekly": 8 / 7}
"""Refreshes under the schedules, and one reconcile a night."""
HINTS_A_DAY = 24 * 60 // 5
"""Questions of the sensor ``source_changed``: one for each set with a cursor every five minutes."""


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
    for entity_set, each in planned:
        rows = "an unknown number of rows" if each.rows is None else f"about {each.rows:,} rows"
        print(f"{entity_set.name}: {each.mode}, {rows}, {_requests(each)} requests")
        print(f"  GET {each.address}")
    daily = sum(_requests(each) * RUNS_A_DAY[entity_set.refresh] for entity_set, each in planned)
    hints = HINTS_A_DAY * sum(1 for entity_set, _ in planned if entity_set.cursor)
    print(
        f"About {daily + hints:,.0f} requests a day under the schedules, {hints:,} of them the change sensor's."
    )


def _requests(each: "Planned") -> int:
    """Pages of records, and the empty one that proves the end."""
    rows = 1 if each.rows is None else each.rows
    return math.ceil(rows / each.page_size) + 1
