"""One connection to one service, ready to be asked: who we are there, what it speaks, whose data it holds.

Here: putting transport, sign-in and reader together for one set of credentials. Not here: the
warehouse (``engine.py``) and the run over many entity sets (``sync.py``).
"""

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

from exepron_pipeline.auth.keeper import Keeper
from exepron_pipeline.auth.token import OF_USERS
from exepron_pipeline.catalogue import Catalogue
from exepron_pipeline.discover.drift import differences
from exepron_pipeline.discover.frugal import Frugal
from exepron_pipeline.errors import ConfigurationError, PermanentError, TransientError, WarehouseError
from exepron_pipeline.events import Listener, Notice, nobody
from exepron_pipeline.extract.profile import LOOKS, Profile
from exepron_pipeline.http.throttle import Throttle
from exepron_pipeline.http.transport import Transport
from exepron_pipeline.land.readers import Reader
from exepron_pipeline.land.source import SourceStamp
from exepron_pipeline.odata.dialect import DIALECTS, Dialect
from exepron_pipeline.odata.metadata.find import find_description
from exepron_pipeline.odata.probe import Me, find_generation, who_am_i
from exepron_pipeline.odata.service import Service
from exepron_pipeline.settings import Connection, Settings

FIRST_RATE = 4.0
"""Requests a second to a service that is being met for the first time: fewer than five, however they arrive."""
_MET = f"a service is asked at most {LOOKS} questions an hour until something was read from it"


@dataclass(frozen=True)
class Account:
    """An account whose data is read, and the user who reads it."""

    account_id: str
    user_id: str | None
    role_id: str | None = None


class Tenant:
    """Asks one service with one set of credentials; nothing is sent before it is used.

    Args:
        connection: Addresses and credentials.
        settings: Everything else.
        throttle: Shared by all tenants of a run.
        listen: Is told of waits, and of what an operator should know of the sign-in.

    """

    def __init__(
        self, connection: Connection, settings: Settings, throttle: Throttle, listen: Listener = nobody
    ) -> None:
        self.connection = connection
        self.settings = settings
        self._listen = listen
        self.transport = Transport(
            timeout=settings.timeout,
            ca_bundle=connection.ca_bundle,
            client_certificate=connection.client_certificate,
            concurrency=settings.concurrency,
            read_only_below=connection.api_url,
        )
        self.keeper = Keeper(
            connection, self.transport, settings.state_dir, settings.token_store, listen=listen
        )
        self._throttle, self._listen = throttle, listen
        self.service = Service(connection.api_url, self.transport, self.keeper, throttle, listen=listen)

    @cached_property
    def profile(self) -> Profile:
        """What this service turned out to be, remembered between runs."""
        return Profile.of(self.connection, self.settings.state_dir, lambda: self.service.requests)

    @cached_property
    def looked_at(self) -> Frugal:
        """The service, for questions that only look: one that is being met is asked so many and no more."""
        return Frugal(self.service, self.profile.left(LOOKS), _MET)

    @cached_property
    def generation(self) -> str:
        """The generation of the API: as set, else found out by asking.

        Exepron's own are asked anew in each run, for one request: that API has changed its shape before, and what
        is remembered would be asked for in vain. Of other services it is remembered.
        """
        self._begin_slowly()
        if self.settings.generation != "auto":
            return self.settings.generation
        known = self.profile.generation
        if known in DIALECTS and DIALECTS[known].who_am_i is None:
            return known
        found = self._find_generation(known)
        if found != known:
            self.profile.generation = found
            self.profile.save()
        return found

    def _begin_slowly(self) -> None:
        """Ask a service that nothing was read from yet at most `FIRST_RATE` times a second, unless a rate is set.

        The token comes first, and a second passes then: identity server and API may be one host.
        """
        if self.profile.is_new and "rate" not in self.settings.model_fields_set:
            self.keeper.token()
            self._throttle.slow(FIRST_RATE)
            self._throttle.hold(1.0)

    def _find_generation(self, known: str | None) -> str:
        try:
            found = find_generation(self.service, self.settings.generation)
        except ConfigurationError:
            if known not in DIALECTS:
                raise
            return known
        if known in DIALECTS and DIALECTS[found].who_am_i is None:
            return known  # Exepron's API is no other service because it fails at a question
        if known not in {None, found}:
            text = f"The service speaks {found} now, and no longer {known}: its tables go on with what {found} offers."
            self._listen(Notice(None, text))
        return found

    @cached_property
    def dialect(self) -> Dialect:
        """How this service speaks OData; from now on it is asked in its own version."""
        found = DIALECTS[self.generation]
        self.service.headers = found.headers
        return found

    @cached_property
    def seen(self) -> tuple[Me, ...]:
        """Who is signed in, once for each account, as the service tells it; nothing where it does not."""
        return who_am_i(self.service, self.dialect)

    @cached_property
    def accounts(self) -> tuple[Account, ...]:
        """The accounts to read: as set, else those the signed-in user sees, else the user itself."""
        seen = self.seen
        wanted = [str(account_id) for account_id in self.connection.account_ids]
        if wanted:
            users = {me.account_id: (me.user_id, me.role_id) for me in seen}
            any_user = (seen[0].user_id, seen[0].role_id) if seen else (None, None)
            return tuple(Account(name, *users.get(name, any_user)) for name in wanted)
        found = (Account(me.account_id, me.user_id, me.role_id) for me in seen)
        return tuple(dict.fromkeys(found)) or (self._subject(),)

    def _subject(self) -> Account:
        subject = self.keeper.describe().subject
        if subject:
            return Account(subject, None)
        hint = "Set EXEPRON_ACCOUNTS to the number of the account whose data this is."
        raise ConfigurationError(
            f"{self.connection.api_url} does not tell whose account it shows.", hint=hint
        )

    def drift(self, catalogue: Catalogue, *, look: bool = False) -> list[str] | None:
        """Where the service's own description and a catalogue differ; None when there is no description.

        A sync asks at most once a day, and only a service that was seen to describe itself.

        Args:
            catalogue: The one in use.
            look: Ask now, whatever is remembered.

        Raises:
            ExepronError: When asked to look: as the service answers.

        """
        digest = hashlib.sha256(catalogue.model_dump_json().encode()).hexdigest()[:16]
        known = self.profile.comparison(digest)
        if not look and (known is not None or not self.profile.is_described):
            return known
        try:
            description = find_description(self.looked_at if look else self.service)
            found = differences(description, catalogue, self.generation) if description else None
        except (PermanentError, TransientError):
            if look:
                raise
            found = []  # what the description is good for can wait another day
        if found is not None:
            self.profile.keep_comparison(digest, found)
            self.profile.save()
        return found

    def at(self, api_url: str) -> "Tenant":
        """The same credentials at another address of the API."""
        connection = self.connection.model_copy(update={"api_url": api_url})
        return Tenant(connection, self.settings, self._throttle, self._listen)

    def reader(self, account: Account) -> Reader:
        """Who reads an account, as far as the service and the token tell; nothing is asked."""
        signed_in = self.keeper.describe()
        rights = " ".join(sorted(set(signed_in.scope.split()) - OF_USERS))
        return Reader(account.user_id, account.role_id, signed_in.subject, rights or None)

    @property
    def stamp(self) -> SourceStamp:
        """What the warehouse is stamped with, so that two sources never mix."""
        ids = tuple(account.account_id for account in self.accounts)
        return SourceStamp(self.connection.identity_url, self.connection.api_url, ids)

    def close(self) -> None:
        """Give back connections, and remember how much a service was asked that is being met."""
        self.transport.close()
        if "profile" in self.__dict__:
            self.profile.count()
            with suppress(WarehouseError):  # a full disk, which is told of where it matters
                self.profile.save()
