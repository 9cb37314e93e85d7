"""The rungs of the entity sets: one small question each, and how many of them are still unknown."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from exepron_pipeline.cli.ladder.rung import Rung, bad, note
from exepron_pipeline.discover.frugal import AskedEnoughError
from exepron_pipeline.errors import EntitySetMissingError, ExepronError, NotPermittedError
from exepron_pipeline.extract.standing import MORE, in_words, standings

if TYPE_CHECKING:
    from exepron_pipeline.catalogue import EntitySet
    from exepron_pipeline.engine import Engine
    from exepron_pipeline.extract.look import Sample
    from exepron_pipeline.outlook import Outlook
    from exepron_pipeline.scope import Scope
    from exepron_pipeline.tenant import Tenant

PERMIT = "Give the user's role that permission in Exepron, or do without the set."


def entity_sets(tenant: "Tenant", engine: "Engine", outlook: "Outlook") -> Iterator[Rung]:
    """Ask each entity set for one record, account by account."""
    for entity_set in engine.catalogue.offered:
        for scope in engine.scopes(entity_set):
            if scope.tenant is tenant:
                yield _look(outlook, entity_set, scope)


def still_unknown(tenant: "Tenant", engine: "Engine") -> Iterator[Rung]:
    """Tell how many entity sets nobody has found yet."""
    found = standings(engine.catalogue.offered, tenant.profile, tenant.generation)
    text = in_words(found)
    yield note("unknown", text, MORE) if text else Rung("unknown", f"none of {len(found)} entity sets")


def _look(outlook: "Outlook", entity_set: "EntitySet", scope: "Scope") -> Rung:
    name, was_proposal = entity_set.name, scope.is_proposal(entity_set)
    try:
        sample, known = outlook.probe(entity_set, scope), outlook.expected_rows(entity_set, scope)
        return Rung(name, _told(sample, known))
    except AskedEnoughError as error:
        return note(name, error.message, error.hint)
    except NotPermittedError as error:
        return note(name, f"not permitted: {error.message}", PERMIT)
    except EntitySetMissingError as error:
        return note(name, _absent(entity_set, scope)) if was_proposal else bad(name, error)
    except ExepronError as error:
        return bad(name, error)


def _told(sample: "Sample", known: int | None) -> str:
    if sample.count:
        number = f"{sample.count:,} records"
    elif sample.rows:
        number = "has records" + ("" if known is None else f", {known:,} when it was last read whole")
    else:
        number = "empty, or nothing of it is shown to this user"
    return f"offered at {sample.path}: {number}; answered in {1000 * sample.seconds:.0f} ms"


def _absent(entity_set: "EntitySet", scope: "Scope") -> str:
    generation = scope.tenant.generation
    [found] = standings([entity_set], scope.tenant.profile, generation)
    if not found.paths:
        return f"the catalogue names no path for the generation {generation}"
    asked = f"not offered at {found.asked} of {found.paths} proposed paths"
    when = f", last asked on {found.on:%Y-%m-%d}" if found.on else ""
    return asked + when
