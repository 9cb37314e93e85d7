"""Reads one entity set of one account: finds the place that serves it, and brings every page.

Here: which of the catalogue's paths, and what their refusals mean. Not here: reading a path
(``path.py``), what the records mean (a decoder is handed in), where they go (``land``).
"""

from collections.abc import Callable, Hashable, Iterable

import pyarrow as pa

from exepron_pipeline.clock import Clock, utc_now
from exepron_pipeline.errors import EntitySetMissingError, NotPermittedError, PermanentError, UnheededError
from exepron_pipeline.events import Listener, nobody
from exepron_pipeline.extract.fan_out import fan_out
from exepron_pipeline.extract.kept import Decoded
from exepron_pipeline.extract.path import Kit, PathReader
from exepron_pipeline.extract.plan import ReadPlan
from exepron_pipeline.extract.profile import Profile
from exepron_pipeline.extract.refusal import REFUSALS, is_probe, may_go_on, remember, remembered
from exepron_pipeline.extract.result import D, Decode, ReadResult
from exepron_pipeline.extract.spool import Spool
from exepron_pipeline.odata.dialect import Dialect
from exepron_pipeline.odata.question import Api

__all__ = ["Decode", "Decoded", "Parents", "ReadResult", "read"]

Parents = Callable[[], Iterable[int]]


def read(
    plan: ReadPlan,
    service: Api,
    dialect: Dialect,
    decode: Decode[D],
    spool: Spool,
    *,
    page_size: int | None = None,
    listen: Listener = nobody,
    profile: Profile | None = None,
    parents: Parents | None = None,
    keys_of: Callable[[pa.Table], Iterable[Hashable]] | None = None,
    patience: float | None = None,
    clock: Clock = utc_now,
) -> ReadResult:
    """Read an entity set from the first of its places that serves it.

    Args:
        plan: What to read; its other sources are tried in their order.
        service: Whom to ask.
        dialect: How it speaks.
        decode: Turns an answer into a page.
        spool: Keeps the pages, raw ones where the plan allows it.
        page_size: Records a page; None: as many as the service allows.
        listen: Is told of pages and oddities.
        profile: What is known of the service; it is added to, and not saved.
        parents: Gives the ids for paths that are asked once for each parent.
        keys_of: Gives the keys of a page's records, to compare them with a count where no order can be seen.
        patience: Seconds without any answer after which nothing is asked again; None: without such a limit.
        clock: Tells when the read begins.

    Raises:
        NotPermittedError: No place serves it, and at least one forbids it.
        EntitySetMissingError: No place serves it.
        RequestRejectedError: A path that a source shows refuses the question.
        ResponseError: A path that a source shows answers with something else.
        PageLoopError: Pages repeat.
        UnheededError: The decoder says that other than was asked for came.
        WarehouseError: The disk does not take the pages.

    """
    known = profile or Profile()
    kit = Kit(service, dialect, decode, spool, known, listen, page_size, keys_of, patience)
    result = ReadResult(plan.mode, plan.source.path, spool, started_at=clock())
    refusals: list[PermanentError] = []
    for here in map(plan.at, plan.sources):
        try:
            refusal = remembered(here, known) or _attempt(here, kit, result, parents)
        except UnheededError as error:
            error.requests = result.requests
            raise
        if refusal is None:
            return result
        refusals.append(refusal)
    raise _verdict_of(plan, refusals)


def _attempt(
    here: ReadPlan, kit: Kit[D], result: ReadResult, parents: Parents | None
) -> PermanentError | None:
    """Read from one place; return the refusal when the next place may be tried."""
    name, account, path = here.entity_set.name, here.account_id, here.source.path
    reader, before = PathReader(kit, result), result.requests
    probes = is_probe(here, kit.profile)
    ids = list(parents()) if here.is_fan_out and parents else []
    if here.is_fan_out and not ids and kit.profile.working_path(name, account) != path:
        return EntitySetMissingError(f"{name}: {path} needs the ids of its parents, and none is known.")
    try:
        evidence = fan_out(here, kit, result, ids) if here.is_fan_out else reader.read(here)
    except REFUSALS as error:
        if result.pages or not may_go_on(error, here):
            raise
        if probes:
            kit.profile.spend(result.requests - before)
        remember(error, here, kit.profile)
        return error
    if here.source.within:  # a part of them only is no ground for deletions
        result.mode = "full" if here.source.mine else here.mode
    former = kit.profile.working_path(name, account)
    if former not in (None, path):
        reader.notice(here, f"read here instead of {former}: deletions are not looked for this time.")
        evidence = "none"
    kit.profile.keep_working(name, account, path)
    result.path, result.evidence = path, evidence
    return None


def _verdict_of(plan: ReadPlan, refusals: list[PermanentError]) -> PermanentError:
    """Sum up why no place serves the set."""
    forbidden = [error for error in refusals if isinstance(error, NotPermittedError)]
    if forbidden:
        return forbidden[0]
    if len(refusals) == 1 and isinstance(refusals[0], EntitySetMissingError):
        return refusals[0]
    tried = "; ".join(error.message.rstrip(".") for error in refusals)
    hint = next((error.hint for error in refusals if error.hint), "")
    return EntitySetMissingError(f"{plan.entity_set.name}: none of its paths is offered: {tried}.", hint=hint)
