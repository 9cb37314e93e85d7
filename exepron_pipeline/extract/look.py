"""Looks at an entity set without reading it: the first question of a read, one record, the newest stamp.

Here: single small requests, or none. Not here: reading (``reader.py``, ``path.py``).
"""

from dataclasses import dataclass, replace

from exepron_pipeline.errors import (
    EntitySetMissingError,
    NotPermittedError,
    PermanentError,
    RequestRejectedError,
)
from exepron_pipeline.extract.nested import unnest
from exepron_pipeline.extract.path import first_size, other_records
from exepron_pipeline.extract.plan import FAN_OUT, ReadPlan
from exepron_pipeline.extract.profile import Profile
from exepron_pipeline.extract.refusal import REFUSALS, is_probe, may_go_on, remember, remembered
from exepron_pipeline.extract.result import D, Decode
from exepron_pipeline.extract.style import Style, question
from exepron_pipeline.odata.dialect import Dialect
from exepron_pipeline.odata.looker import Looker, value_at
from exepron_pipeline.odata.query import Query, property_path
from exepron_pipeline.odata.question import Api, Question

_HINT = (
    "Addresses that list its records, seen in the product or its documentation, help: exepron discover --url."
)

FEW = 5
"""Outer records to ask for where the wanted ones are within them: one of them alone may hold none."""


def first_place(plan: ReadPlan, profile: Profile) -> ReadPlan | None:
    """The place that a read would ask first; None when each of them has refused of late."""
    known = profile.working_path(plan.entity_set.name, plan.account_id)
    places = [plan.at(source) for source in plan.sources]
    worked = (here for here in places if here.source.path == known)
    return next(worked, None) or next((here for here in places if not remembered(here, profile)), None)


def first_question(
    here: ReadPlan, service: Api, dialect: Dialect, profile: Profile, page_size: int | None
) -> Question:
    """Write down what a read of this place would ask first; nothing is sent."""
    name = here.entity_set.name
    style = profile.style(name, here.account_id) or Style.best(dialect)
    size = first_size(page_size, profile.page_limit(name))
    return question(here, style, dialect, service.base_url, size)


def newest_page(
    plan: ReadPlan, service: Api, dialect: Dialect, decode: Decode[D], profile: Profile
) -> D | None:
    """Return the page with the record that changed last, by one request.

    Returns:
        None when no path is known to serve the set, or it has no cursor.

    Raises:
        ExepronError: As the service answers.

    """
    path = profile.working_path(plan.entity_set.name, plan.account_id)
    here = next((plan.at(source) for source in plan.sources if source.path == path), None)
    if here is None or here.cursor is None or here.is_fan_out:
        return None
    response = service.get(_newest(here, here.cursor.wire).at(here.path, dialect))
    return decode(response.body, response.headers)


def _newest(here: ReadPlan, cursor: str) -> Query:
    newest_first = (f"{property_path(cursor)} desc",)
    fields = (*here.key_wire, cursor)
    return Query(select=fields, filter=here.entity_set.filter, orderby=newest_first, top=1)


def newest_text(plan: ReadPlan, service: Api, dialect: Dialect, profile: Profile) -> str | None:
    """Return the newest value of the cursor as the service writes it, by one request.

    Returns:
        None when no path is known to answer, the set has no cursor, or the service does not show it.

    Raises:
        ExepronError: As the service answers.

    """
    name, account = plan.entity_set.name, plan.account_id
    known = (plan.at(s) for s in plan.sources if profile.verdict(name, account, s.path) == "works")
    here = next(known, None)
    if here is None or here.cursor is None or here.is_fan_out:
        return None
    rows = Looker(service, here.path, dialect).tried(_newest(here, here.cursor.wire))
    value = value_at(rows[0], here.cursor.wire) if rows else None
    return value if isinstance(value, str) else None


@dataclass(frozen=True)
class Sample:
    """What one small question to an entity set brought.

    ``count`` is the number of all records where the service tells it, else None; ``more`` is True when there are
    more than ``rows``, the records of the answer; ``seconds`` is how long the answer took.
    """

    path: str
    rows: int
    count: int | None
    more: bool
    seconds: float


def sample(plan: ReadPlan, service: Api, dialect: Dialect, decode: Decode[D], profile: Profile) -> Sample:
    """Ask the places of a plan for one record each, until one answers; what they say is remembered, and not saved.

    Places that refused less than a week ago are not asked, nor those below each project: which projects there are
    is known only after a sync.

    Raises:
        NotPermittedError: No place answers, and at least one forbids it.
        EntitySetMissingError: No place answers.
        ExepronError: As the service answers.

    """
    refusals: list[PermanentError] = []
    for here in map(plan.at, plan.sources):
        if FAN_OUT in here.source.variables:
            continue
        refusal = remembered(here, profile)
        if refusal:
            refusals.append(refusal)
            continue
        if is_probe(here, profile):
            profile.spend(1)
        try:
            found = _one_record(here, service, dialect, decode)
        except REFUSALS as error:
            if not may_go_on(error, here):
                raise
            remember(error, here, profile)
            refusals.append(error)
            continue
        profile.judge(here.entity_set.name, here.account_id, here.source.path, "works")
        return found
    forbidden = [error for error in refusals if isinstance(error, NotPermittedError)]
    missing = EntitySetMissingError(f"none of {len(refusals)} paths is offered.", hint=_HINT)
    raise forbidden[0] if forbidden else refusals[0] if len(refusals) == 1 else missing


def _one_record(here: ReadPlan, service: Api, dialect: Dialect, decode: Decode[D]) -> Sample:
    """Ask for one record and the number of all; a service that refuses that is asked for a record alone."""
    within = here.source.within
    if within:
        query = replace(here.scope, select=here.select, top=FEW)
        response = service.get(query.at(here.path, dialect))
        came = unnest(response, within, dialect, decode)
        return Sample(f"{here.path}?$expand={within.name}", came.page.rows, None, True, response.seconds)
    query = Query(select=here.select_sourced, filter=here.entity_set.filter, top=1, count=True)
    try:
        response = service.get(query.at(here.path, dialect))
    except RequestRejectedError:
        if here.source.is_inferred:
            raise
        response = service.get(Query(top=1).at(here.path, dialect))
    page = decode(response.body, response.headers)
    if page.rows and page.first_key is None:
        raise other_records(here)
    return Sample(here.path, page.rows, page.envelope.count, bool(page.envelope.next_link), response.seconds)
