"""What one read covers: one account, seen with one set of credentials.

Here: which scopes a set is read for, and what is known of it there before it is asked for. Not here: what landed of
one (``land/scope.py``).
"""

from dataclasses import dataclass

from exepron_pipeline.catalogue import EntitySet
from exepron_pipeline.extract.plan import FAN_OUT, ReadPlan
from exepron_pipeline.tenant import Account, Tenant


@dataclass(frozen=True)
class Scope:
    """What one read covers: one account, seen with one set of credentials."""

    tenant: Tenant
    account: Account
    is_first: bool = True
    """False for further accounts of the same credentials."""

    def is_proposal(self, entity_set: EntitySet) -> bool:
        """True when the set may well be missing here: no source shows a path of it, and none has worked yet."""
        worked = self.tenant.profile.working_path(entity_set.name, self.account.account_id)
        sources = entity_set.sources_for(self.tenant.generation)
        return worked is None and all(source.is_inferred for source in sources)

    def stands_alone(self, entity_set: EntitySet) -> bool:
        """True when a read of the set needs nothing of the warehouse, as far as is known."""
        sources = {each.path: each for each in entity_set.sources_for(self.tenant.generation)}
        path = self.tenant.profile.working_path(entity_set.name, self.account.account_id)
        likely = [sources[path]] if path in sources else list(sources.values())
        return not any(FAN_OUT in source.variables for source in likely)

    def working(self, plan: ReadPlan) -> ReadPlan | None:
        """The plan at the path that served last; None where its records cannot be asked for one by one."""
        path = self.tenant.profile.working_path(plan.entity_set.name, plan.account_id)
        found = (plan.at(source) for source in plan.sources if source.path == path and not source.within)
        return next((here for here in found if not here.is_fan_out), None)

    def place(self, entity_set: EntitySet) -> tuple[str, str, str]:
        """What tells this read of the set from every other one of a run."""
        return entity_set.name, self.tenant.connection.name, self.account.account_id


def scopes_of(tenant: Tenant, entity_set: EntitySet) -> list[Scope]:
    """What to read an entity set for with one set of credentials: each account.

    Paths that name no account list the same records whoever is asked for: they are read once.
    """
    by_account = any("accountId" in source.variables for source in entity_set.sources_for(tenant.generation))
    accounts = tenant.accounts if by_account else tenant.accounts[:1]
    return [Scope(tenant, account, place == 0) for place, account in enumerate(accounts)]
