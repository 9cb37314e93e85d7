"""The rung of the lookback: whether it covers the latest record that was ever seen to come late."""

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

from exepron_pipeline.cli.ladder.rung import Rung, note

if TYPE_CHECKING:
    from exepron_pipeline.outlook import Late, Outlook

MOST_HOURS = 7 * 24
"""Records with older stamps were rather hidden, or restored, than committed late."""


def lookback(outlook: "Outlook", hours: float) -> Rung:
    """Hold the lookback, in hours, against what the published history shows."""
    found = outlook.lateness()
    if found is None:
        return Rung("lookback", f"{hours:g} h; nothing was published yet that shows how late records come")
    return judged(found, hours)


def judged(found: Iterable["Late"], hours: float) -> Rung:
    """Say whether a lookback of so many hours is long enough."""
    late = sorted((each for each in found if each.records), key=lambda each: each.hours)
    old = [each for each in late if each.hours > max(hours, MOST_HOURS)]
    missed = [each for each in late if hours < each.hours <= MOST_HOURS]
    if missed:
        worst = missed[-1]
        text = f"{hours:g} h, and a record of {worst.entity_set} came {worst.hours:.1f} h after the watermark had passed it"
        cure = (
            f"Set EXEPRON_LOOKBACK_HOURS={math.ceil(worst.hours)}: only a reconcile finds such records now."
        )
        return note("lookback", text, cure)
    if old:
        worst = old[-1]
        text = f"{hours:g} h; records of {worst.entity_set} first came with stamps up to {worst.hours / 24:.0f} days old"
        cure = (
            "A permission was widened, or records were restored: nothing to do, a reconcile finds them. If they were "
            f"committed so late, set EXEPRON_LOOKBACK_HOURS={math.ceil(worst.hours)}."
        )
        return note("lookback", text, cure)
    if late:
        return Rung("lookback", f"{hours:g} h; the latest record came {late[-1].hours:.1f} h late")
    return Rung("lookback", f"{hours:g} h; no record ever came late")
