"""Reading one entity set of one account, with what a run holds in its hands: whole, or to be compared.

Here: the functions that reading and comparing work with, bound to the set, the account and the spool. Not here: how
pages are read (``extract``), the order of a comparison (``comparison.py``), and where the pages go (``pages.py``).
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pyarrow as pa

from exepron_pipeline.ahead import PostponedError
from exepron_pipeline.comparison import Hands, compare
from exepron_pipeline.decoding import decoder_of
from exepron_pipeline.engine import Engine
from exepron_pipeline.errors import RequestRejectedError, ResponseError, UnheededError
from exepron_pipeline.events import Notice
from exepron_pipeline.extract.by_key import Key, read_by_key
from exepron_pipeline.extract.path import Kit
from exepron_pipeline.extract.plan import ReadPlan
from exepron_pipeline.extract.reader import read
from exepron_pipeline.extract.result import Decode, ReadResult
from exepron_pipeline.extract.spool import Spool
from exepron_pipeline.http.transport import SLOWEST
from exepron_pipeline.land.compare import Differences
from exepron_pipeline.land.compare import compare as differences
from exepron_pipeline.land.ledger import last_whole
from exepron_pipeline.land.preview import live_ids
from exepron_pipeline.land.readers import read_reader
from exepron_pipeline.landing import load_of
from exepron_pipeline.normalise.batches import DecodedPage
from exepron_pipeline.normalise.only_keys import KeysDecoder
from exepron_pipeline.planning import watermark_of
from exepron_pipeline.scope import Scope

LATELY = timedelta(hours=36)
"""A night that was left out, or stopped, makes the next comparison one of whole records."""


class Reading:
    """One read.

    Args:
        engine: What the run holds.
        plan: What to read.
        scope: Of which account, with which credentials.
        spool: Where the pages go.

    """

    def __init__(self, engine: Engine, plan: ReadPlan, scope: Scope, spool: Spool) -> None:
        self._engine, self._plan, self._scope, self._spool = engine, plan, scope, spool

    def pages(self) -> ReadResult:
        """Read as the plan's mode wants it.

        Raises:
            ExepronError: As `extract.reader.read` and `comparison.compare` tell.

        """
        if self._plan.mode != "reconcile":
            return self._read(self._plan)
        hands = Hands(self._read, self._ask, self._look, self._tell)
        return compare(self._plan, hands, by_keys=self._keys_suffice())

    def single(self, keys: Sequence[Key]) -> ReadResult:
        """Read the records that have these keys, the last of which is there; nothing where they cannot be had so."""
        result = ReadResult(
            "incremental", self._plan.source.path, self._spool, self._engine.clock(), single=True
        )
        try:
            self._ask(result, keys)
        except (RequestRejectedError, ResponseError, UnheededError) as error:
            self._tell(f"records that rows name cannot be asked for by their keys: {error.message}")
            return replace(result, pages=[], fetched=0)
        return result

    # -- what it is done with ----------------------------------------------------------------------------

    def _read(self, plan: ReadPlan) -> ReadResult:
        kit = self._kit(plan)
        return read(
            plan,
            kit.service,
            kit.dialect,
            kit.decode,
            kit.spool,
            profile=kit.profile,
            page_size=kit.page_size,
            parents=self._projects,
            keys_of=kit.keys_of,
            listen=kit.listen,
            patience=kit.patience,
            clock=self._engine.clock,
        )

    def _ask(self, result: ReadResult, keys: Sequence[Key]) -> None:
        """Fill a result with the records that have these keys; the last of them is known to be there.

        Raises:
            UnheededError: The service does not heed conditions on the key, as far as is known or seen now.
            PermanentError: It refuses them.

        """
        here = self._scope.working(self._plan)
        if here is None or self._are_keys_hidden():
            raise UnheededError(f"{result.path} cannot be asked for single records.")
        result.evidence = read_by_key(here, self._kit(self._plan), result, keys)
        tables = (result.spool.table(page.number) for page in result.pages)
        if keys[-1] not in {key for table in tables for key in keys_in(self._plan, table)}:
            raise UnheededError(f"{result.path}: a record that is there did not come by its key.")

    def _look(self, result: ReadResult, most: int) -> Differences:
        engine = self._engine
        with engine.warehouse.open(f"compare {self._plan.entity_set.name}") as connection:
            return differences(connection, load_of(engine, self._plan, self._scope, result), most=most)

    def _projects(self) -> list[int]:
        """Projects of the account, for paths that are asked once for each of them."""
        if self._engine.ahead.is_here:
            raise PostponedError
        with self._engine.warehouse.open("list projects") as connection:
            return live_ids(connection, "projects", "project_id", self._plan.account_id)

    def _tell(self, text: str) -> None:
        self._engine.tell(Notice(self._plan.entity_set.name, text))

    def _kit(self, plan: ReadPlan) -> Kit[DecodedPage]:
        engine, tenant = self._engine, self._scope.tenant
        return Kit(
            tenant.service,
            tenant.dialect,
            self._decode(plan),
            self._spool,
            tenant.profile,
            engine.tell,
            engine.page_size,
            partial(keys_in, plan),
            SLOWEST * engine.settings.timeout,
        )

    def _decode(self, plan: ReadPlan) -> Decode[DecodedPage]:
        """What decodes the pages; those of keys alone are looked at for what was not asked for."""
        decoder = decoder_of(self._engine, plan.entity_set, plan.account_id, plan.generation)
        if not plan.keys_only:
            return decoder
        whole = self._plan.entity_set.columns
        wires = {(column.wire_in(plan.generation) or "").partition(".")[0] for column in whole}
        asked = {wire.partition(".")[0] for wire in plan.select}
        return KeysDecoder(decoder, frozenset(wires - asked))

    # -- what may be asked -------------------------------------------------------------------------------

    def _keys_suffice(self) -> bool:
        """True when keys and cursors tell everything, and the service may be asked for them alone."""
        chosen, profile = self._plan.entity_set, self._scope.tenant.profile
        was_read = watermark_of(self._engine, chosen, self._scope) is not None
        if not chosen.cursor or chosen.moves_without_stamp or not was_read:
            return False
        if len(chosen.columns) == len({*chosen.key, chosen.cursor}) or not self._was_compared_lately():
            return False
        style = profile.style(chosen.name, self._plan.account_id)
        takes_no_select = style is not None and style.select == "all"
        if not takes_no_select and self._scope.working(self._plan):
            return True
        why = "the service takes no $select" if takes_no_select else "they are served within or for others"
        self._tell(f"{why}, so whole records are compared.")
        return False

    def _was_compared_lately(self) -> bool:
        """True when all was read whole or compared not long ago, by the same user in the same role.

        Else refreshes may have landed what another role shows, nulls for instance, with the same cursor.
        """
        engine, account = self._engine, self._scope.account
        name = self._plan.entity_set.name
        with engine.warehouse.open(f"compare {name}") as connection:
            former = read_reader(connection, name, account.account_id)
            last = last_whole(connection, name, account.account_id)
        is_same = former is None or not self._scope.tenant.reader(account).changes(former)
        return is_same and last is not None and engine.clock() - last < LATELY

    def _are_keys_hidden(self) -> bool:
        """True when keys are stored as hashes, by which no service can be asked."""
        chosen = self._plan.entity_set
        private = any(chosen.column(name).personal for name in chosen.key)
        return private and self._engine.settings.personal == "hash"


def keys_in(plan: ReadPlan, table: pa.Table) -> Iterator[Key]:
    """The keys of a page's records, without the account."""
    return zip(*(table[name].to_pylist() for name in plan.entity_set.key), strict=True)
