"""Reads all pages of one path: style, walk, spool, notices. Not here: which path (``reader.py``)."""

import os
import threading
import time
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Generic

import pyarrow as pa

from exepron_pipeline.errors import (
    EntitySetMissingError,
    ExepronError,
    PermanentError,
    RecordKeyError,
    RequestRejectedError,
    ResponseError,
)
from exepron_pipeline.events import Evidence, Listener, Notice, PageFetched
from exepron_pipeline.extract.kept import Kept
from exepron_pipeline.extract.nested import unnest
from exepron_pipeline.extract.plan import ReadPlan
from exepron_pipeline.extract.profile import Profile
from exepron_pipeline.extract.result import Arrival, D, Decode, ReadResult, arrival, weakest
from exepron_pipeline.extract.spool import Spool
from exepron_pipeline.extract.style import Style, learn_style, question
from exepron_pipeline.http.transport import Response
from exepron_pipeline.odata.dialect import Dialect
from exepron_pipeline.odata.halves import halves
from exepron_pipeline.odata.paging import Walk
from exepron_pipeline.odata.question import Api, Question
from exepron_pipeline.odata.spans import Span

PAGE_SIZE = 5_000
"""Records a page to begin with; a service that allows fewer says so once."""

TOO_LONG = frozenset({414, 431})
"""Statuses for an address that is too long; 431 is what servers without 414 in them answer."""

LONG_QUERY = 2_048
"""Characters behind the ``?`` above which IIS, as it comes, says 404: the path may be there all the same."""

READS = 3
"""Reads by place, at most, until two in a row agree."""

# More pages decoded at once than there are cores would only get into each other's way.
_DECODING = threading.BoundedSemaphore(os.cpu_count() or 1)


def first_size(wanted: int | None, limit: int | None) -> int:
    """Records a page to ask for: as wanted, else `PAGE_SIZE`; never more than the known limit."""
    size = wanted or PAGE_SIZE
    return min(size, limit) if limit else size


@dataclass(frozen=True)
class Kit(Generic[D]):
    """What reading works with; the arguments of `reader.read`."""

    service: Api
    dialect: Dialect
    decode: Decode[D]
    spool: Spool
    profile: Profile
    listen: Listener
    page_size: int | None
    keys_of: Callable[[pa.Table], Iterable[Hashable]] | None
    patience: float | None = None


class PathReader(Generic[D]):
    """Reads paths of one entity set into one result.

    Args:
        kit: What to work with.
        result: Is filled.

    """

    def __init__(self, kit: Kit[D], result: ReadResult) -> None:
        self._kit, self._result = kit, result
        self._lock = threading.Lock()
        self._moved_on = time.monotonic()

    def read(self, plan: ReadPlan) -> Evidence:
        """Add every page of the plan's path, and tell what proves that these are all.

        What is too long for one address is asked for in several: without the selected fields, or with the halves
        of the condition.

        Raises:
            RequestRejectedError: The service refuses even the bare path, or goes on refusing.
            ResponseError: The answers are not records of this entity set.

        """
        try:
            return self._in_its_style(plan)
        except _TooLongError as error:
            parts = self._shorter(plan)
            if not parts:
                raise error.refusal from None
        return weakest([self.read(part) for part in parts])

    def _in_its_style(self, plan: ReadPlan) -> Evidence:
        """Read in the style that is known; where that is refused, find the best one that is not."""
        before = len(self._result.pages)
        style = self._style(plan)
        try:
            return self._walk(plan, style)
        except (RequestRejectedError, ResponseError) as error:
            learnt = self._learnt(plan, style, error) if len(self._result.pages) == before else None
            if learnt is None:
                raise
        self._keep_style(plan, learnt)
        return self._walk(plan, learnt)

    def _style(self, plan: ReadPlan) -> Style:
        known = self._kit.profile.style(plan.entity_set.name, plan.account_id)
        return known or Style.best(self._kit.dialect)

    def _keep_style(self, plan: ReadPlan, style: Style) -> None:
        self._kit.profile.keep_style(plan.entity_set.name, plan.account_id, style)

    def _learnt(self, plan: ReadPlan, style: Style, error: PermanentError) -> Style | None:
        """Find a style that the service takes; an answer without records may be the count alone."""
        if isinstance(error, ResponseError):
            plain = replace(style, counted=False)
            return plain if style.counted and self._takes(plan, plain) else None
        return learn_style(plan, self._kit.dialect, lambda trial: self._takes(plan, trial))

    def _shorter(self, plan: ReadPlan) -> list[ReadPlan]:
        """Make questions that are shorter and bring the same together; none when there is nothing to shorten."""
        chosen, condition = ",".join(plan.select), plan.entity_set.filter or ""
        parts = halves(condition)
        if chosen and (len(chosen) >= len(condition) or not parts):
            self._keep_style(plan, replace(self._style(plan), select="all"))
            return [replace(plan, select=(), select_sourced=())]
        narrowed = [plan.entity_set.model_copy(update={"filter": part}) for part in parts]
        return [replace(plan, entity_set=entity_set) for entity_set in narrowed]

    def _without_key(self, plan: ReadPlan, came: Arrival[D]) -> ExepronError:
        """The error for a page without any key: the records of another set, or, where it had one before, a change."""
        worked = self._kit.profile.working_path(plan.entity_set.name, plan.account_id)
        return key_vanished(plan, came.page.unknown) if worked == plan.source.path else other_records(plan)

    def notice(self, plan: ReadPlan, text: str) -> None:
        """Tell the operator something about the plan's path."""
        self._kit.listen(Notice(plan.entity_set.name, f"{plan.path}: {text}"))

    def _walk(self, plan: ReadPlan, style: Style) -> Evidence:
        """Read once; where that proves nothing by itself, and deletions may follow, read again."""
        result, first = self._result, len(self._result.pages)
        walk = self._once(plan, style)
        counts_all = walk.counts_all or walk.tally.count == walk.tally.rows
        if walk.tally.count is not None and counts_all and not plan.source.within:
            result.source_count = (result.source_count or 0) + walk.tally.count
        if plan.lower is not None and style.stamp is None:
            result.mode = "full"
            self.notice(plan, f"the service takes no filter on {plan.cursor_wire}, so everything was read.")
        if not walk.ended_by_place or not self._kit.keys_of or result.mode == "incremental":
            return walk.evidence
        if result.mode == "full" and self._is_counted(walk, result.pages[first:]):
            return "count"
        return self._agreed(plan, style, walk, first)

    def _is_counted(self, walk: Walk[Arrival[D]], pages: list[Kept]) -> bool:
        """True when the service led by its own links to as many keys as it counts, before and after.

        Where nothing is taken for deleted that suffices. A record that came meanwhile may hide one that was passed over,
        until the next comparison.
        """
        count, led = walk.tally.count, pages[0].envelope.next_link is not None
        is_whole = led and count is not None and count == walk.tally.rows == len(self._keys(pages))
        return is_whole and walk.asker.count(Span()) == count

    def _once(self, plan: ReadPlan, style: Style) -> Walk[Arrival[D]]:
        """Add every page of one walk, and remember what it taught."""
        kit, name = self._kit, plan.entity_set.name
        size = first_size(kit.page_size, kit.profile.page_limit(name))
        asked = question(plan, style, kit.dialect, kit.service.base_url, size)
        decode = partial(self._decode, plan)
        walk = Walk(asked, self._fetch, decode, kit.service.in_flight, self._begun(plan, asked))
        first = len(self._result.pages)
        for came in walk:
            if len(self._result.pages) == first and came.rows and came.first_key is None:
                raise self._without_key(plan, came)
            if came.rows or not self._result.pages:
                body = came.body if plan.keep_pages and not came.page.hides else None
                count = None if plan.source.within else walk.tally.count
                self._add(plan, kit.spool.keep(came.page, body, walk.covered), count)
        if walk.asker.limit:
            kit.profile.keep_page_limit(name, walk.asker.limit)
        if walk.key_refused or walk.counts_all != style.counts_all:
            keyset = style.keyset and not walk.key_refused
            self._keep_style(plan, replace(style, keyset=keyset, counts_all=walk.counts_all))
        if walk.doubt:
            self.notice(plan, f"records may be missing, for the service is odd: {walk.doubt}.")
        return walk

    def _begun(self, plan: ReadPlan, asked: Question) -> list[tuple[Kept, Span]]:
        """Begin, with the pages that an interrupted read of the same question left."""
        is_whole = not (plan.is_fan_out or plan.source.within)
        text = repr((asked.base_url, asked.page(1).at(asked.path, asked.dialect), asked)) if is_whole else ""
        noted = self._kit.spool.begin(text, self._result.started_at)
        if noted.pages:
            self._result.started_at = noted.since
            self.notice(plan, f"goes on after the {len(noted.pages)} pages of a read that was interrupted.")
        for page in noted.pages:
            self._add(plan, page, noted.pages[0].envelope.count)
        return [(page, page.covers) for page in noted.pages if page.covers]

    def _add(self, plan: ReadPlan, page: Kept, source_count: int | None) -> None:
        result = self._result
        result.pages.append(page)
        result.fetched += page.rows
        self._kit.listen(PageFetched(plan.entity_set.name, len(result.pages), page.rows, source_count))

    def _agreed(self, plan: ReadPlan, style: Style, walk: Walk[Arrival[D]], first: int) -> Evidence:
        """Read again by place, until two reads in a row brought the same keys."""
        pages = self._result.pages
        former = self._keys(pages[first:])
        for _ in range(READS - 1):
            first = len(pages)
            again = self._once(plan, replace(style, keyset=False))
            if not again.ended_by_place:
                return again.evidence
            found = self._keys(pages[first:])
            if found == former:
                return _agreement(walk, again, len(found))
            former, walk = found, again
        self.notice(plan, f"{READS} reads brought different records, so some may be missing.")
        return "none"

    def _keys(self, pages: list[Kept]) -> set[Hashable]:
        keys_of, table = self._kit.keys_of, self._kit.spool.table
        return {key for page in pages for key in keys_of(table(page.number))} if keys_of else set()

    # -- requests, from several threads --------------------------------------------------------------

    def _fetch(self, address: str) -> Response:
        with self._lock:
            self._result.requests += 1
            until = None if self._kit.patience is None else self._moved_on + self._kit.patience
        try:
            response = self._kit.service.get(address, until=until)
        except RequestRejectedError as error:
            if error.status in TOO_LONG:
                raise _TooLongError(error) from None
            raise
        except EntitySetMissingError as error:
            if len(address.partition("?")[2]) > LONG_QUERY:
                raise _TooLongError(error) from None
            raise
        self._moved_on = time.monotonic()
        return response

    def _decode(self, plan: ReadPlan, response: Response) -> Arrival[D]:
        """Decode an answer."""
        kit, within = self._kit, plan.source.within
        try:
            with _DECODING:
                if within:
                    return unnest(response, within, kit.dialect, kit.decode)
                page = kit.decode(response.body, response.headers)
        except ResponseError as error:
            raise ResponseError(f"{plan.path}: {error.message}", hint=error.hint) from error
        return arrival(page, response.body)

    def _takes(self, plan: ReadPlan, style: Style) -> bool:
        """Ask for one record in a style; False when the service refuses the question."""
        asked = question(plan, style, self._kit.dialect, self._kit.service.base_url, 1)
        try:
            response = self._fetch(asked.page(1).at(plan.path, self._kit.dialect))
            self._kit.decode(response.body, response.headers)
        except (RequestRejectedError, ResponseError, _TooLongError):
            return False
        return True


class _TooLongError(Exception):
    """The address was too long: no refusal of an option, which paging would cope with."""

    def __init__(self, refusal: PermanentError) -> None:
        super().__init__()
        self.refusal = refusal


def _agreement(one: Walk[Any], other: Walk[Any], keys: int) -> Evidence:
    """What two reads by place prove that brought the same keys.

    A record that came twice took the place of another one, which both reads may have passed over.
    """
    counts = {one.tally.count, other.tally.count}
    if counts == {keys}:
        return "count"
    numbers = [number for number in counts if number is not None]
    lacks = other.counts and bool(numbers) and keys < min(numbers)
    return "none" if lacks or other.tally.rows != keys else "exhausted"


def key_vanished(plan: ReadPlan, unknown: Iterable[str]) -> RecordKeyError:
    """The error for a path that served the set before, and whose records have lost their key."""
    names, others = ", ".join(plan.key_wire), ", ".join(sorted(unknown)[:12])
    instead = f" New among their fields: {others}." if others else ""
    return RecordKeyError(
        f"{plan.path}: the records have no {names} any more, which is the key of {plan.entity_set.name}.{instead}",
        hint="Nothing was stored. When the field has another name now, write it as `wire` of the column in the catalogue.",
    )


def other_records(plan: ReadPlan) -> ResponseError:
    """The error for a path whose records have not the key of the set."""
    names = ", ".join(plan.key_wire)
    return ResponseError(
        f"{plan.path}: the records have no {names}, so they are not those of {plan.entity_set.name}.",
        hint="Correct the path or the key in the catalogue (EXEPRON_CATALOGUE).",
    )
