"""Reads a path that is asked once for each parent, several parents side by side. Not here: reading one (``path.py``)."""

from collections.abc import Iterable
from dataclasses import replace

from exepron_pipeline.errors import EntitySetMissingError, NotPermittedError, PermanentError
from exepron_pipeline.events import Event, Evidence, PageFetched
from exepron_pipeline.extract.path import Kit, PathReader
from exepron_pipeline.extract.plan import ReadPlan
from exepron_pipeline.extract.result import D, ReadResult, weakest
from exepron_pipeline.odata.lanes import Lanes

MISSING_PARENTS = 3
"""So many refused parents, and none that was answered, speak for the path itself."""

Part = tuple[ReadResult, Evidence | PermanentError]


def fan_out(here: ReadPlan, kit: Kit[D], result: ReadResult, parents: Iterable[int]) -> Evidence:
    """Read the path for every parent. A parent that is gone has no records; a hidden one is a doubt.

    Args:
        here: The plan, at a path with a variable for the parent.
        kit: What to work with.
        result: Is filled.
        parents: Their ids.

    Raises:
        NotPermittedError: No parent was answered, and at least one is forbidden.
        EntitySetMissingError: No parent was answered.

    """
    found: list[Evidence] = []
    refusals: list[PermanentError] = []

    def read(parent: int) -> Part:
        return _read(here.for_parent(parent), kit, ReadResult(result.mode, result.path, kit.spool))

    with Lanes(kit.service.in_flight) as lanes:
        for part, came in lanes.pages(read, lambda *_: None, list(parents)):
            _add(here, kit, result, part)
            if isinstance(came, PermanentError):
                refusals.append(came)
            else:
                found.append(came)
            if not found and len(refusals) >= MISSING_PARENTS:
                break
    hidden = [error for error in refusals if isinstance(error, NotPermittedError)]
    if refusals and not found:
        raise (hidden or refusals)[0]
    if hidden:
        text = f"{len(hidden)} of its parents may not be read by this user."
        PathReader(kit, result).notice(here, text)
        found.append("none")
    return weakest(found)


def _read(here: ReadPlan, kit: Kit[D], part: ReadResult) -> Part:
    """Read one parent; pages are told of when they are put together."""

    def listen(event: Event) -> None:
        if not isinstance(event, PageFetched):
            kit.listen(event)

    try:
        return part, PathReader(replace(kit, listen=listen), part).read(here)
    except (EntitySetMissingError, NotPermittedError) as error:
        return part, error


def _add(here: ReadPlan, kit: Kit[D], result: ReadResult, part: ReadResult) -> None:
    for page in part.pages:
        if page.rows or not result.pages:
            result.pages.append(page)
            kit.listen(PageFetched(here.entity_set.name, len(result.pages), page.rows, part.source_count))
    result.mode = part.mode
    result.requests += part.requests
    result.fetched += part.fetched
    if part.source_count is not None:
        result.source_count = (result.source_count or 0) + part.source_count
