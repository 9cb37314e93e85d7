"""Looks at an entity set without reading it: the first question of a read, one record, the newest stamp.

Here: single small requests, or none. Not here: reading (``reader.py``, ``path.py``).
"""

from exepron_pipeline.errors import EntitySetMissingError, NotPermittedError, PermanentError
from exepron_pipeline.extract.path import first_size
from exepron_pipeline.extract.plan import FAN_OUT, ReadPlan
from exepron_pipeline.extract.profile import Profile
from exepron_pipeline.extract.result import D, Decode
from exepron_pipeline.extract.style import Style, question
from exepron_pipeline.odata.dialect import Dialect
from exepron_pipeline.odata.query import Query, property_path
from exepron_pipeline.odata.question import Api, Question


def first_question(
    plan: ReadPlan, service: Api, dialect: Dialect, profile: Profile, page_size: int | None
) -> Question:
    """Write down what a read of this plan would ask first; nothing is sent."""
    name = plan.entity_set.name
    path = profile.working_path(name, plan.account_id)
    here = next((plan.at(source) for source in plan.sources if source.path == path), plan)
    style = profile.style(name, plan.account_id) or Style.best(dialect)
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
    fields = (*here.key_wire, here.cursor.wire)
    newest_first = (f"{property_path(here.cursor.wire)} desc",)
    query = Query(select=fields, filter=here.entity_set.filter, orderby=newest_first, top=1)
    response = service.get(query.at(here.path, dialect))
    return decode(response.body, response.headers)


def sample_page(plan: ReadPlan, service: Api, dialect: Dialect, decode: Decode[D]) -> tuple[str, D]:
    """Return the first path of the plan that answers, with a page of one record; one request a path.

    Raises:
        NotPermittedError: No path answers, and at least one forbids it.
        EntitySetMissingError: No path answers.
        ExepronError: As the service answers.

    """
    refusals: list[PermanentError] = []
    for source in plan.sources:
        here = plan.at(source)
        if FAN_OUT in source.variables:
            continue  # which parents there are is known only after a sync
        query = Query(select=here.select_sourced, filter=here.entity_set.filter, top=1)
        try:
            response = service.get(query.at(here.path, dialect))
        except (EntitySetMissingError, NotPermittedError) as error:
            refusals.append(error)
            continue
        return here.path, decode(response.body, response.headers)
    forbidden = [error for error in refusals if isinstance(error, NotPermittedError)]
    raise (forbidden or refusals or [EntitySetMissingError("it is only listed below each project.")])[0]
