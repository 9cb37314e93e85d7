"""Reads all pages of one path: style, walk, spool, notices. Not here: which path (``reader.py``)."""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, replace
from typing import Generic

from exepron_pipeline.errors import RequestRejectedError, ResponseError
from exepron_pipeline.events import Evidence, Listener, Notice, PageFetched
from exepron_pipeline.extract.plan import ReadPlan
from exepron_pipeline.extract.profile import Profile
from exepron_pipeline.extract.result import D, Decode, ReadResult
from exepron_pipeline.extract.spool import Spool
from exepron_pipeline.extract.style import Style, learn_style, question
from exepron_pipeline.odata.dialect import Dialect
from exepron_pipeline.odata.paging import Walk
from exepron_pipeline.odata.question import Api

PAGE_SIZE = 5_000
"""Records a page to begin with; a service that allows fewer says so once."""


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
    keys_of: Callable[[D], Iterable[Hashable]] | None


class PathReader(Generic[D]):
    """Reads paths of one entity set into one result.

    Args:
        kit: What to work with.
        result: Is filled.

    """

    def __init__(self, kit: Kit[D], result: ReadResult[D]) -> None:
        self._kit, self._result = kit, result
        self._body = b""

    def read(self, plan: ReadPlan) -> Evidence:
        """Add every page of the plan's path, and tell what proves that these are all.

        Raises:
            RequestRejectedError: The service refuses even the bare path, or goes on refusing.
            ResponseError: The answers are not records of this entity set.

        """
        kit, before = self._kit, len(self._result.pages)
        style = kit.profile.style(plan.entity_set.name, plan.account_id) or Style.best(kit.dialect)
        try:
            return self._walk(plan, style)
        except RequestRejectedError:
            learnt = None
            if len(self._result.pages) == before:
                learnt = learn_style(plan, kit.dialect, lambda trial: self._takes(plan, trial))
            if learnt is None:
                raise
        kit.profile.keep_style(plan.entity_set.name, plan.account_id, learnt)
        return self._walk(plan, learnt)

    def notice(self, plan: ReadPlan, text: str) -> None:
        """Tell the operator something about the plan's path."""
        self._kit.listen(Notice(plan.entity_set.name, f"{plan.path}: {text}"))

    def _walk(self, plan: ReadPlan, style: Style) -> Evidence:
        kit, name = self._kit, plan.entity_set.name
        size = first_size(kit.page_size, kit.profile.page_limit(name))
        asked = question(plan, style, kit.dialect, kit.service.base_url, size)
        walk = Walk(asked, lambda address: self._ask(plan, address))
        first = len(self._result.pages)
        for page in walk:
            if len(self._result.pages) == first and page.rows and page.first_key is None:
                raise _other_records(plan)
            if page.rows or not self._result.pages:
                self._keep(plan, page, walk.tally.count)
        self._remember(plan, style, walk)
        return self._judge(walk, self._result.pages[first:])

    def _keep(self, plan: ReadPlan, page: D, source_count: int | None) -> None:
        result = self._result
        result.pages.append(page)
        result.references.append(self._kit.spool.keep(self._body) if plan.keep_pages else None)
        result.fetched += page.rows
        self._kit.listen(PageFetched(plan.entity_set.name, len(result.pages), page.rows, source_count))

    def _remember(self, plan: ReadPlan, style: Style, walk: Walk[D]) -> None:
        profile, name = self._kit.profile, plan.entity_set.name
        if walk.asker.limit:
            profile.keep_page_limit(name, walk.asker.limit)
        if walk.key_refused:
            profile.keep_style(name, plan.account_id, replace(style, keyset=False))
        if walk.doubt:
            self.notice(plan, f"records may be missing, for the service is odd: {walk.doubt}.")
        if plan.lower is not None and style.stamp is None:
            self._result.mode = "full"
            self.notice(plan, f"the service takes no filter on {plan.cursor_wire}, so everything was read.")

    def _judge(self, walk: Walk[D], pages: list[D]) -> Evidence:
        """Add the walk's count, and compare it with distinct keys where the walk saw no order."""
        result, count, keys_of = self._result, walk.tally.count, self._kit.keys_of
        if count is not None:
            result.source_count = (result.source_count or 0) + count
        if walk.evidence != "none" or keys_of is None or count is None or count != walk.last_count:
            return walk.evidence
        distinct = {key for page in pages for key in keys_of(page)}
        return "count" if len(distinct) == count else "none"

    # -- requests ------------------------------------------------------------------------------------

    def _ask(self, plan: ReadPlan, address: str) -> D:
        self._result.requests += 1
        response = self._kit.service.get(address)
        self._body = response.body
        try:
            return self._kit.decode(response.body, response.headers)
        except ResponseError as error:
            raise ResponseError(f"{plan.path}: {error.message}", hint=error.hint) from error

    def _takes(self, plan: ReadPlan, style: Style) -> bool:
        """Ask for one record in a style; False when the service refuses the question."""
        asked = question(plan, style, self._kit.dialect, self._kit.service.base_url, 1)
        self._result.requests += 1
        try:
            self._kit.service.get(asked.page(1).at(plan.path, self._kit.dialect))
        except RequestRejectedError:
            return False
        return True


def _other_records(plan: ReadPlan) -> ResponseError:
    names = ", ".join(plan.key_wire)
    return ResponseError(
        f"{plan.path}: the records have no {names}, so they are not those of {plan.entity_set.name}.",
        hint="Correct the path or the key in the catalogue (EXEPRON_CATALOGUE).",
    )
