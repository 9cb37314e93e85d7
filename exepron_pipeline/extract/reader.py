"""Reads one entity set of one account: finds the place that serves it, and brings every page.

Here: which of the catalogue's paths, and what their refusals mean. Not here: reading a path
(``path.py``), what the records mean (a decoder is handed in), where they go (``land``).
"""

from collections.abc import Callable, Hashable, Iterable

from exepron_pipeline.clock import Clock, utc_now
from exepron_pipeline.errors import (
    EntitySetMissingError,
    NotPermittedError,
    PermanentError,
    RequestRejectedError,
    ResponseError,
)
from exepron_pipeline.events import Listener, nobody
from exepron_pipeline.extract.fan_out import fan_out
from exepron_pipeline.extract.path import Kit, PathReader
from exepron_pipeline.extract.plan import ReadPlan
from exepron_pipeline.extract.profile import ASK_AGAIN, Profile, Verdict
from exepron_pipeline.extract.result import D, Decode, Decoded, ReadResult
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
    keys_of: Callable[[D], Iterable[Hashable]] | None = None,
    patience: float | None = None,
    clock: Clock = utc_now,
) -> ReadResult[D]:
    """Read an entity set from the first of its places that serves it.

    Args:
        plan: What to read; its other sources are tried in their order.
        service: Whom to ask.
        dialect: How it speaks.
        decode: Turns an answer into a page.
        spool: Keeps the raw pages, where the plan allows it.
        page_size: Records a page; None: as many as the service allows.
        listen: Is told of pages and oddities.
        profile: What is known of the service; it is added to, and not saved.
        parents: Gives the ids for paths that are asked once for each parent.
        keys_of: Gives the keys of a page, to compare them with a count where no order can be seen.
        patience: Seconds without any answer after which nothing is asked again; None: without such a limit.
        clock: Tells when the read begins.

    Raises:
        NotPermittedError: No place serves it, and at least one forbids it.
        EntitySetMissingError: No place serves it.
        RequestRejectedError: A path that a source shows refuses the question.
        ResponseError: A path that a source shows answers with something else.
        PageLoopError: Pages repeat.

    """
    known = profile or Profile()
    kit = Kit(service, dialect, decode, spool, known, listen, page_size, keys_of, patience)
    result: ReadResult[D] = ReadResult(mode=plan.mode, path=plan.source.path, started_at=clock())
    refusals: list[PermanentError] = []
    for here in map(plan.at, plan.sources):
        refusal = _remembered(here, known) or _attempt(here, kit, result, parents)
        if refusal is None:
            return result
        refusals.append(refusal)
    raise _verdict_of(plan, refusals)


def _attempt(
    here: ReadPlan, kit: Kit[D], result: ReadResult[D], parents: Parents | None
) -> PermanentError | None:
    """Read from one place; return the refusal when the next place may be tried."""
    name, account, path = here.entity_set.name, here.account_id, here.source.path
    reader = PathReader(kit, result)
    if here.is_fan_out and parents is None:
        return EntitySetMissingError(f"{name}: {path} needs the ids of its parents, which are not known.")
    try:
        evidence = fan_out(here, kit, result, parents()) if here.is_fan_out and parents else reader.read(here)
    except (EntitySetMissingError, NotPermittedError, RequestRejectedError, ResponseError) as error:
        if result.pages or not _may_go_on(error, here):
            raise
        if here.source.is_inferred or isinstance(error, NotPermittedError):
            kit.profile.judge(name, account, path, _verdict(error))
        return error
    former = kit.profile.working_path(name, account)
    if former not in (None, path):
        reader.notice(here, f"read here instead of {former}: deletions are not looked for this time.")
        evidence = "none"
    kit.profile.judge(name, account, path, "works")
    result.path, result.evidence = path, evidence
    return None


def _may_go_on(error: PermanentError, here: ReadPlan) -> bool:
    """True when a refusal leads to the next place; where a source shows the path, only some do."""
    return here.source.is_inferred or isinstance(error, EntitySetMissingError | NotPermittedError)


def _verdict(error: PermanentError) -> Verdict:
    return "not_permitted" if isinstance(error, NotPermittedError) else "not_offered"


def _remembered(here: ReadPlan, profile: Profile) -> PermanentError | None:
    verdict = profile.verdict(here.entity_set.name, here.account_id, here.source.path)
    if verdict in {None, "works"}:
        return None
    kind = NotPermittedError if verdict == "not_permitted" else EntitySetMissingError
    words = "permitted" if verdict == "not_permitted" else "offered"
    text = f"{here.entity_set.name}: {here.source.path} was not {words} when it was last asked."
    return kind(text, hint=f"It is asked again {ASK_AGAIN.days} days after that.")


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
