"""Tests answers against the service, one at a time; nothing is kept of it. Not here: who gives them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

from exepron_pipeline.auth.discovery import DOCUMENT, discover
from exepron_pipeline.auth.provider import Provider
from exepron_pipeline.cli.setup.answers import ADDRESSES, Answers
from exepron_pipeline.elsewhere import other_base
from exepron_pipeline.errors import ExepronError
from exepron_pipeline.http.throttle import Throttle
from exepron_pipeline.settings import Connection, Settings, load_settings
from exepron_pipeline.settings.connection import SECRETS
from exepron_pipeline.tenant import FIRST_RATE, Tenant

_DEEPEST = 4  # parts of an address's path that are gone up
_OURS = (*ADDRESSES, "client_id", "username", *SECRETS, *(f"{name}_file" for name in SECRETS))


class Trial:
    """Tests answers; tokens and findings are kept in a folder that goes with it.

    Args:
        folder: An empty one.

    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._throttle = Throttle(FIRST_RATE, 1)

    def check(self, answers: Answers) -> None:
        """See that the addresses have the form of addresses; nothing is sent.

        Raises:
            ConfigurationError: One has not.

        """
        self._settings(answers)

    def identity(self, answers: Answers) -> Provider:
        """Find the identity server at its address.

        Raises:
            ExepronError: There is none, or it cannot be asked.

        """
        with self._tenant(answers) as tenant:
            return discover(tenant.connection.identity_url, tenant.transport)

    def other_identity(self, answers: Answers) -> str | None:
        """Give the address above this one that is an identity server's: people copy that of a page of it."""
        for address in _above(answers["identity_url"]):
            try:
                if self.identity({**answers, "identity_url": address}).is_described:
                    return address
            except ExepronError:  # what answers there is nobody's
                continue
        return None

    def sign_in(self, answers: Answers) -> str:
        """Get a token, and tell by what.

        Raises:
            ExepronError: There is none.

        """
        with self._tenant(answers) as tenant:
            tenant.connection.check()
            tenant.keeper.token()
            return f"signed in {tenant.keeper.describe().in_words().partition(', kept')[0]}"

    def api(self, answers: Answers) -> str:
        """Ask the API who we are, and tell what it answered.

        Raises:
            ExepronError: It does not know, or is not there.

        """
        with self._tenant(answers) as tenant:
            generation = tenant.generation
            who = ", ".join(
                f"user {each.user_id or '?'} in account {each.account_id}" for each in tenant.accounts
            )
        return f"you are {who}; generation {generation}"

    def other_api(self, answers: Answers) -> str | None:
        """Give the address at which the API answers instead; None when it is not found.

        Raises:
            ExepronError: The service cannot be asked.

        """
        with self._tenant(answers) as tenant:
            return other_base(tenant)

    @contextmanager
    def _tenant(self, answers: Answers) -> Iterator[Tenant]:
        settings = self._settings(answers)
        connection = Connection(
            **settings.model_dump(include=set(Connection.model_fields) - {f"{name}_file" for name in SECRETS})
        )
        tenant = Tenant(connection, settings, self._throttle)
        try:
            yield tenant
        finally:
            tenant.close()

    def _settings(self, answers: Answers) -> Settings:
        """The settings as they would be with these answers, and with no others in their place."""
        given: dict[str, Any] = dict.fromkeys(_OURS) | answers
        return load_settings(**given, grant="auto", data_dir=self._folder, token_store="file")  # noqa: S106 # a place


def _above(identity_url: str) -> Iterator[str]:
    """The addresses above one, the nearest first."""
    parts = urlsplit(identity_url.removesuffix(DOCUMENT))
    names = [name for name in parts.path.split("/") if name][:_DEEPEST]
    tried = [*names, ""] if identity_url.endswith(DOCUMENT) else names
    for count in reversed(range(len(tried))):
        yield "/".join([f"{parts.scheme}://{parts.netloc}", *names[:count]])


@contextmanager
def trial() -> Iterator[Trial]:
    """A trial for the time of the block."""
    with TemporaryDirectory(prefix="exepron-init-") as folder:
        yield Trial(Path(folder))
