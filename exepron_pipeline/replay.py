"""Rejected records, decoded again under today's catalogue from the pages in the spool; what fits now, lands.

Here: the story of `exepron quarantine replay`. Nobody is asked: pages are kept some days, afterwards only
`exepron sync --full` brings a record again. Not here: the rows of the quarantine (``land/quarantine.py``).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter
from typing import Any

import pyarrow as pa

from exepron_pipeline.catalogue import EntitySet
from exepron_pipeline.decoding import contract_of, decoder_of
from exepron_pipeline.engine import Engine
from exepron_pipeline.errors import ExepronError
from exepron_pipeline.extract.nested import inner_list
from exepron_pipeline.extract.spool import KEEP_DAYS, open_page
from exepron_pipeline.http.redact import redact
from exepron_pipeline.land.landing import land
from exepron_pipeline.land.load import Load
from exepron_pipeline.land.quarantine import Quarantined, open_records
from exepron_pipeline.normalise import DecodedPage
from exepron_pipeline.normalise.contract import columns_of
from exepron_pipeline.odata.dialect import DIALECTS

FULL = "`exepron sync --full {}` asks for it again"


@dataclass
class Replay:
    """What came of one entity set's rejected records.

    ``superseded`` ones were left alone, since the warehouse holds a newer state of them. ``left`` stay in the
    quarantine, each with the reason. ``error`` tells why landing failed; then all of a load stay.
    """

    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    superseded: int = 0
    left: list[tuple[Quarantined, str]] = field(default_factory=list)
    error: str | None = None
    failure: ExepronError | None = None

    def as_json(self) -> dict[str, Any]:
        """The figures, and each record that stays."""
        figures = {name: getattr(self, name) for name in ("inserted", "updated", "unchanged", "superseded")}
        stay = [
            {"account_id": each.account_id, "key": each.key, "page": each.page, "reason": reason}
            for each, reason in self.left
        ]
        return {**figures, "left": stay, "error": self.error}


def quarantined(engine: Engine, names: Iterable[str] = ()) -> list[Quarantined]:
    """List the rejected records that are not settled, of some entity sets or of all; none without a warehouse."""
    wanted = set(names)
    if not engine.warehouse.exists:
        return []
    with engine.warehouse.open("list the quarantine") as connection:
        return [each for each in open_records(connection) if not wanted or each.entity_set in wanted]


def replay(engine: Engine, names: Iterable[str] = ()) -> dict[str, Replay]:
    """Decode rejected records again, and land those that fit; each load in its own transaction.

    Args:
        engine: Of this run.
        names: Entity sets; all when none is named.

    Raises:
        ConfigurationError: The settings or the catalogue are wrong.
        WarehouseError, WarehouseBusyError: The warehouse cannot be used.

    """
    found: dict[str, Replay] = defaultdict(Replay)
    by_load = attrgetter("entity_set", "account_id", "quarantined_at", "load_id")
    for (name, *_), records in groupby(sorted(quarantined(engine, names), key=by_load), by_load):
        _replay_load(engine, found[name], list(records))
    return found


def _replay_load(engine: Engine, outcome: Replay, records: list[Quarantined]) -> None:
    """Replay what one load rejected of one entity set and account."""
    entity_set = engine.catalogue.entity_sets.get(records[0].entity_set)
    if entity_set is None:
        why = "the catalogue has no such entity set any more"
        outcome.left += [(record, why) for record in records]
        return
    pages = _Pages(engine, entity_set, records[0].account_id, outcome)
    fitting = list(pages.decoded(records))
    try:
        _land(engine, outcome, pages, records[0], fitting)
    except ExepronError as error:
        outcome.error, outcome.failure = redact(str(error)), error
        outcome.left += [(record, "it could not be landed") for found in fitting for record in found.records]


@dataclass(frozen=True)
class _Fitting:
    """Records of one page that fit now."""

    page: DecodedPage
    records: list[Quarantined]


class _Pages:
    """The pages of one entity set and account, decoded as they would be today."""

    def __init__(self, engine: Engine, entity_set: EntitySet, account_id: str, outcome: Replay) -> None:
        self._engine, self.entity_set, self._account = engine, entity_set, account_id
        self._outcome = outcome
        self._generation, self._path = self._spoken()
        self.decoder = decoder_of(engine, entity_set, account_id, self._generation)

    def decoded(self, records: Sequence[Quarantined]) -> Iterator[_Fitting]:
        """Give the records that fit, page by page; tell why the others stay."""
        pages: Mapping[str, list[Quarantined]] = defaultdict(list)
        for record in records:
            if record.page is None or record.position is None:
                self._stays([record], f"its page was not kept, for the sake of personal data; {self._full}")
            else:
                pages[record.page].append(record)
        for reference, of_page in pages.items():
            try:
                yield self._one(reference, of_page)
            except FileNotFoundError:
                gone = f"its page is gone: pages are kept for {KEEP_DAYS} days; {self._full}"
                self._stays(of_page, gone)
            except (ExepronError, OSError) as error:
                self._stays(of_page, f"its page cannot be read: {redact(str(error))}")

    @property
    def _full(self) -> str:
        return FULL.format(self.entity_set.name)

    def _stays(self, records: Iterable[Quarantined], why: str) -> None:
        self._outcome.left += [(record, why) for record in records]

    def _one(self, reference: str, records: list[Quarantined]) -> _Fitting:
        body = open_page(self._engine.settings.state_dir, reference)
        within = next((each.within for each in self.entity_set.sources if each.path == self._path), None)
        if within:
            body = inner_list(body, within, DIALECTS[self._generation])
        page = self.decoder(body, {}, {record.position for record in records if record.position is not None})
        unfit = {reject.position: reject.reason for reject in page.rejects}
        for record in records:
            if record.position in unfit:
                self._stays([record], unfit[record.position])
        return _Fitting(page, [record for record in records if record.position not in unfit])

    def _spoken(self) -> tuple[str, str | None]:
        """What the service speaks, as far as it is remembered, and the path that served the set."""
        set_one = self._engine.settings.generation
        known = [
            (tenant.profile.generation, tenant.profile.working_path(self.entity_set.name, self._account))
            for tenant in self._engine.tenants
        ]
        generation, path = next((each for each in known if each[1]), known[0])
        return (generation or "g2") if set_one == "auto" else set_one, path


def _land(
    engine: Engine, outcome: Replay, pages: _Pages, record: Quarantined, fitting: list[_Fitting]
) -> None:
    if not sum(len(each.records) for each in fitting):
        return
    load = _load(engine, pages, record, fitting)
    with engine.holding(load.entity_set) as connection:
        landing = land(connection, load, clock=engine.clock)
    outcome.inserted += landing.inserted
    outcome.updated += landing.updated
    outcome.unchanged += landing.unchanged
    outcome.superseded += landing.superseded


def _load(engine: Engine, pages: _Pages, record: Quarantined, fitting: list[_Fitting]) -> Load:
    entity_set = pages.entity_set
    children: dict[str, list[pa.Table]] = {
        child.name: [each.page.children[child.name] for each in fitting] for child in entity_set.children
    }
    settled = [(each.page, each.position) for found in fitting for each in found.records]
    return Load(
        load_id=engine.load_id,
        entity_set=entity_set,
        columns=columns_of(entity_set, engine.settings.personal),
        account_id=record.account_id,
        mode="incremental",
        started_at=record.read_at,
        tables=[each.page.table for each in fitting],
        children=children,
        fetched=len(settled),
        pages=len(fitting),
        contract=contract_of(engine, entity_set),
        decoder=pages.decoder,
        unknown={name: kind for each in fitting for name, kind in each.page.unknown.items()},
        settles=[(page, position) for page, position in settled if page and position is not None],
        behind=record.quarantined_at,
    )
