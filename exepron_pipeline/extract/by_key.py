"""Reads single records of an entity set by their keys, many with one question. Not here: which, and why.

A condition is as long as addresses may be everywhere, and shorter where a service refuses it: ASP.NET takes no more
than a hundred parts. An answer that holds other records shows that the condition was not heeded.
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from exepron_pipeline.errors import PermanentError, RequestRejectedError, ResponseError, UnheededError
from exepron_pipeline.events import Evidence
from exepron_pipeline.extract.path import Kit, PathReader
from exepron_pipeline.extract.plan import ReadPlan
from exepron_pipeline.extract.result import D, Decode, ReadResult, weakest
from exepron_pipeline.odata.dialect import Dialect
from exepron_pipeline.odata.filter import KeyPart, all_of, any_of, compare
from exepron_pipeline.odata.lanes import Lanes

Key = tuple[Any, ...]
Batch = tuple[Key, ...]

SIZES = (50, 10, 1)
"""Keys of one question, at most; the next one is tried when a service refuses."""

LONGEST = 1_500
"""Characters of a condition as it is sent: with path and other options it stays below the 2,000 that all take."""


Part = tuple[ReadResult, Evidence | PermanentError]


def read_by_key(here: ReadPlan, kit: Kit[D], result: ReadResult, keys: Sequence[Key]) -> Evidence:
    """Read the records that have these keys; tell what proves that the others are not there.

    Args:
        here: The plan, at the path that serves the set.
        kit: What to work with; it has to know keys.
        result: Is filled.
        keys: At least one, without the account, in the order of the catalogue's key.

    Raises:
        UnheededError: Other records came.
        RequestRejectedError, ResponseError: Conditions on the key are refused.

    """
    proof, rest = _begun(here, kit, result, keys)
    found = [proof]
    with Lanes(kit.service.in_flight) as lanes:
        came = lanes.pages(lambda batch: _read(here, kit, batch), lambda *_: None, rest)
        found += [_added(result, part) for part in came]
    return weakest(found)


def batches(keys: Sequence[Key], parts: Sequence[KeyPart], dialect: Dialect, most: int) -> Iterator[Batch]:
    """Cut keys into batches whose conditions are short enough for one address."""
    batch: list[Key] = []
    length = 0
    for key in keys:
        own = len(quote(f" or ({condition([key], parts, dialect)})"))
        if batch and (len(batch) >= most or length + own > LONGEST):
            yield tuple(batch)
            batch, length = [], 0
        batch.append(key)
        length += own
    if batch:
        yield tuple(batch)


def condition(keys: Iterable[Key], parts: Sequence[KeyPart], dialect: Dialect) -> str:
    """Write the condition that holds for these keys alone."""
    each = (
        all_of(*(compare(part, "eq", value) for part, value in zip(parts, key, strict=True))) for key in keys
    )
    return any_of(*each).text(dialect)


def _begun(
    here: ReadPlan, kit: Kit[D], result: ReadResult, keys: Sequence[Key]
) -> tuple[Evidence, list[Batch]]:
    """Ask for the first batch, in the longest form that is taken; give its proof, and the others of that size."""
    *longer, shortest = SIZES
    for size in longer:
        first, *rest = batches(keys, here.key, kit.dialect, size)
        try:
            return _added(result, _read(here, kit, first)), rest
        except (RequestRejectedError, ResponseError):
            continue
    first, *rest = batches(keys, here.key, kit.dialect, shortest)
    return _added(result, _read(here, kit, first)), rest


def _read(here: ReadPlan, kit: Kit[D], batch: Batch) -> Part:
    part = ReadResult(here.mode, here.source.path, kit.spool)
    plan = here.narrowed(condition(batch, here.key, kit.dialect))
    try:
        return part, PathReader(replace(kit, decode=_only(kit, frozenset(batch), plan)), part).read(plan)
    except PermanentError as error:
        return part, error


def _added(result: ReadResult, part: Part) -> Evidence:
    """Add what a batch brought, and what it cost though it failed."""
    came, proof = part
    result.requests += came.requests
    if isinstance(proof, PermanentError):
        raise proof
    result.pages += came.pages
    result.fetched += came.fetched
    return proof


def _only(kit: Kit[D], wanted: frozenset[Key], plan: ReadPlan) -> Decode[D]:
    """Decode, and see that no other records came."""
    keys_of: Any = kit.keys_of

    def decode(body: bytes, headers: Mapping[str, str]) -> D:
        page = kit.decode(body, headers)
        came: Iterable[Hashable] = keys_of(page.table)
        if not wanted.issuperset(came):
            raise UnheededError(f"{plan.path}: the service does not heed a condition on the key.")
        return page

    return decode
