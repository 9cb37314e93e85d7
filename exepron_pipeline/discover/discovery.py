"""The story of a discovery: what is described, what answers, what its options do, what can be its cursor.

Here: the order of the steps, set by set; one set that fails never stops the rest. Not here: any of the steps
(``odata.metadata``, ``odata.capabilities``, ``odata.cursor``), and the file (``write.py``).
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from exepron_pipeline.catalogue import Catalogue, EntitySet
from exepron_pipeline.catalogue.fields import PATH_VARIABLES
from exepron_pipeline.discover.addresses import Named
from exepron_pipeline.discover.columns import Plain
from exepron_pipeline.discover.entries import Finding, lay_out
from exepron_pipeline.discover.keys import find_key, key_candidates
from exepron_pipeline.discover.known import (
    adopted,
    as_described,
    completion,
    find_known,
    path_of,
)
from exepron_pipeline.discover.seen import check_key, keep_fine_keys, widen_decimals
from exepron_pipeline.errors import (
    AuthRejectedError,
    EntitySetMissingError,
    ExepronError,
    NotPermittedError,
    PermanentError,
)
from exepron_pipeline.extract.plan import FAN_OUT
from exepron_pipeline.extract.profile import Profile
from exepron_pipeline.odata.capabilities import LARGE, Look, look, sample
from exepron_pipeline.odata.cursor import verify_cursor
from exepron_pipeline.odata.dialect import Dialect
from exepron_pipeline.odata.looker import Looker, Rows
from exepron_pipeline.odata.metadata.description import DescribedSet, Description
from exepron_pipeline.odata.metadata.samples import describe_records
from exepron_pipeline.odata.query import Query
from exepron_pipeline.odata.question import Api

_VARIABLE = re.compile(r"\{([^{}]*)\}")
_TRIALS = 3  # stamps of one set that are tried as its cursor
_MANY = 500  # records that types are taken from where nothing describes them


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Discovery:
    """A service to be discovered.

    Args:
        service: Whom to ask.
        dialect: How it speaks.
        variables: What stands for variables in paths: ``accountId``, ``userId``, where they are known.
        built_in: The catalogue to complete, for a service whose generation it knows; None: describe all anew.
        told: Is called with each set's name before it is looked at.
        now: Tells the time; aware.
        profile: Remembers what the paths of the built-in catalogue answer.
        others: What stands for variables in further accounts: asked where the accounts before show nothing.

    """

    service: Api
    dialect: Dialect
    variables: Mapping[str, str]
    built_in: Catalogue | None = None
    told: Callable[[str], None] = lambda _: None
    now: Callable[[], datetime] = _now
    profile: Profile = field(default_factory=Profile)
    others: tuple[Mapping[str, str], ...] = ()

    def of_description(self, description: Description) -> list[Finding]:
        """Look at every described set."""
        findings: list[Finding] = []
        for described in description.sets:
            findings.append(self._looked_at(described, {each.name for each in findings}))
        return findings

    def of_built_in(self) -> list[Finding]:
        """Look at every set of the built-in catalogue, where nothing is described: its records tell what they hold."""
        sets = self.built_in.offered if self.built_in else ()
        tried = [self._of_places(each, list(as_described(each, self.dialect.name))) for each in sets]
        return [finding for finding in tried if finding]

    def _of_places(self, entity_set: EntitySet, places: list[DescribedSet]) -> Finding | None:
        """Look at the places of one set until one answers; those that refused of late are passed over."""
        account = self.variables.get("accountId", "")
        one = replace(self, others=())  # proposals are asked for the account that they are judged for
        finding = None
        for place in places:
            known = self.profile.verdict(entity_set.name, account, place.path)
            if known in {None, "works"} and FAN_OUT not in place.path:
                finding = one._looked_at(place, set())  # noqa: SLF001 # of its own class
                if finding.verdict:
                    self.profile.judge(entity_set.name, account, place.path, finding.verdict)
                if not finding.problem:
                    return finding
        if finding is None and places:
            finding = lay_out(places[0], set())
            finding.problem = "none of its paths was offered when they were last asked"
        return finding

    def of_addresses(self, lists: Iterable[Named]) -> list[Finding]:
        """Look at the lists that addresses name: the widest way that answers is taken."""
        findings: list[Finding] = []
        for named in lists:
            taken = {each.name for each in findings}
            tried: list[Finding] = []
            for way in named.ways:
                tried.append(self._looked_at(DescribedSet(named.name, way.path), taken, way.values))
                if not tried[-1].problem:
                    break
            findings.append(next((each for each in tried if not each.problem), tried[0]))
        return findings

    # -- one set -------------------------------------------------------------------------------------

    def _looked_at(
        self, described: DescribedSet, taken: set[str], values: Mapping[str, str] | None = None
    ) -> Finding:
        entity_set = self._known(described)
        if entity_set is None and self.built_in:
            taken = taken | self.built_in.entity_sets.keys()
        if entity_set:
            described = replace(
                described, path=path_of(described, entity_set, self.dialect.name) or described.path
            )
        finding = lay_out(described, taken)
        paths = self._filled(described.path, values or {})
        missing = _VARIABLE.findall(paths[0])
        if missing:
            finding.problem = self._needs(missing)
        if (described.problem and described.key) or not described.path or missing:
            return finding
        self.told(described.name)
        finding = self._tried(finding, paths, taken, entity_set)
        finding.name = entity_set.name if entity_set else finding.name
        return finding

    def _filled(self, path: str, values: Mapping[str, str]) -> list[str]:
        """The path for each account; one where it names none."""
        given = [{**values, **own} for own in (self.variables, *self.others)]
        return list(dict.fromkeys(_filled(path, told) for told in given))

    def _tried(
        self, finding: Finding, paths: Iterable[str], taken: set[str], entity_set: EntitySet | None
    ) -> Finding:
        """Look at a set at the first path that shows it; what goes wrong is noted."""
        failures: list[ExepronError] = []
        for path in paths:
            try:
                found = self._asked(finding, Looker(self.service, path, self.dialect), taken, entity_set)
            except AuthRejectedError:
                raise
            except (EntitySetMissingError, NotPermittedError) as error:
                failures.append(error)
            except ExepronError as error:
                failures = [error]
                break
            else:
                found.verdict = None if found.problem else "works"
                return found
        _fail(finding, failures[0])
        return finding

    def _known(self, described: DescribedSet) -> EntitySet | None:
        """The set of the built-in catalogue that is read at a path."""
        found = find_known(described, self.built_in, self.dialect.name) if self.built_in else iter(())
        return next(found, None)

    def _needs(self, missing: Iterable[str]) -> str:
        name = next(iter(missing))
        if name in PATH_VARIABLES:
            return f"is read once for each {{{name}}}: it was not looked at"
        return f"needs {{{name}}} in its path, which only other records tell"

    def _asked(
        self, finding: Finding, looker: Looker, taken: set[str], entity_set: EntitySet | None
    ) -> Finding:
        known = None
        if not finding.described.properties or not finding.described.key:
            finding, known = self._sampled(finding.described, looker, taken)
        if not finding.is_writable:
            return finding
        seen = look(looker, finding.key_parts, known)
        finding.capabilities, finding.wrapping = seen.capabilities, looker.wrapping
        check_key(finding, seen.rows)
        keep_fine_keys(finding, seen.rows)
        widen_decimals(finding, seen.rows)
        self._find_cursor(finding, looker, seen.rows, entity_set)
        return finding

    def _sampled(self, described: DescribedSet, looker: Looker, taken: set[str]) -> tuple[Finding, Look]:
        """Let records tell what no document does: properties and types, or the key alone."""
        count = 0 if described.properties else _MANY
        seen = sample(looker, count) if count else sample(looker)
        shown = describe_records(described.name, described.path, seen.rows, described.key)
        if count:
            described = shown
        key = described.key or find_key(shown, seen.rows, candidates := key_candidates(shown, seen.rows))
        if not described.key and key and len(seen.rows) >= _MANY:
            more = looker.tried(Query(top=LARGE, select=tuple(candidates))) or seen.rows
            key = find_key(shown, more, candidates)
        described = replace(described, key=key, problem="" if key else shown.problem)
        finding = lay_out(described, taken)
        finding.sampled = len(seen.rows) if count else 0
        return finding, seen

    def _find_cursor(
        self, finding: Finding, looker: Looker, rows: Rows, entity_set: EntitySet | None
    ) -> None:
        wires = finding.candidates()
        if entity_set is not None:
            ours = (
                entity_set.column(entity_set.cursor).wire_in(self.dialect.name) if entity_set.cursor else None
            )
            wires = [ours] if ours and ours in finding.laid_out.names else []
        for wire in wires[:_TRIALS]:
            known = finding.capabilities
            if known is None or finding.problem:
                return
            finding.cursor = verify_cursor(looker, finding.part(wire), rows, known, now=self.now)
            if finding.cursor.works:
                return
            finding.notes.append(f"no cursor: {wire} {finding.cursor.problem}")

    # -- what comes of it ----------------------------------------------------------------------------

    def entries(self, findings: Iterable[Finding]) -> dict[str, Plain]:
        """The catalogue's entries: whole ones for new sets, what is to be added for known ones."""
        found = list(findings)
        tables = {each.described.name: each for each in found}
        entries: dict[str, Plain] = {}
        for each in found:
            known = self._known(each.described)
            other = None if known or not self.built_in else adopted(each, self.built_in, self.dialect.name)
            if other and other.name not in entries:
                each.name = other.name
                added = completion(other, self.dialect.name, each)
                entries[other.name] = {"path": each.described.path, "enabled": True, **added}
            elif known:
                added = completion(known, self.dialect.name, each)
                entries[known.name] = entries.get(known.name) or added
            elif each.is_writable and not (self.built_in and each.problem):
                entries[each.name] = each.entry(tables)
        return {name: entry for name, entry in entries.items() if entry}


def _filled(path: str, told: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda match: told.get(match[1], match[0]), path)


def _fail(finding: Finding, error: ExepronError) -> None:
    """Note an error; what may be otherwise next time, or for another user, stays switched on."""
    if isinstance(error, EntitySetMissingError | NotPermittedError):
        finding.verdict = "not_permitted" if isinstance(error, NotPermittedError) else "not_offered"
    if isinstance(error, PermanentError) and not isinstance(error, NotPermittedError):
        finding.problem = error.message.rstrip(".")
    else:
        finding.notes.append(f"could not be looked at: {error.message.rstrip('.')}")
