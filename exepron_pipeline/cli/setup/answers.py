"""The answers that make a connection: their names, what is there already, and what ``.env`` is to hold of them.

Not here: asking for them (``questions.py``), testing them (``trial.py``).
"""

from collections.abc import Mapping
from typing import Literal, get_args

from exepron_pipeline.errors import ConfigurationError
from exepron_pipeline.settings import Connection
from exepron_pipeline.settings.connection import SECRETS
from exepron_pipeline.settings.sources import PREFIX, given_values

Way = Literal["password", "browser", "token", "client"]
"""How runs sign in: as a user with a password, by a person's sign-in, by a token issued by hand, as the client."""

WAYS: tuple[Way, ...] = get_args(Way)
ADDRESSES = ("identity_url", "api_url")
NEEDED: Mapping[Way, tuple[str, ...]] = {
    "password": ("client_id", "username", "password"),
    "browser": ("client_id",),
    "token": ("token",),
    "client": ("client_id", "client_secret"),
}
TAKEN: Mapping[Way, tuple[str, ...]] = {
    "password": ("client_id", "client_secret", "username", "password"),
    "browser": ("client_id", "client_secret"),
    "token": ("token",),
    "client": ("client_id", "client_secret"),
}
GRANT: Mapping[Way, str] = {
    "password": "password",
    "browser": "refresh_token",
    "token": "token",
    "client": "client_credentials",
}
"""What EXEPRON_GRANT may say, besides ``auto``, without standing in the way."""
_REPLACED = ("username", "password", "token", "grant")
"""What would be preferred to a way that does not take it."""

Answers = dict[str, str]
"""Values by the names of settings; a secret may stand under ``NAME_file`` instead, as the path of its file."""


def offered() -> Answers:
    """What environment, ``.env`` and ``exepron.toml`` hold already, and the usual addresses.

    Raises:
        ConfigurationError: There are several accounts: they are set up in ``exepron.toml`` by hand.

    """
    usual = {name: str(Connection.model_fields[name].default) for name in ADDRESSES}
    given = given_values()
    if isinstance(given.get("accounts"), dict):
        raise ConfigurationError(
            "exepron.toml holds several accounts: `exepron init` sets up a single one.",
            hint="Edit exepron.toml, then run: exepron doctor",
        )
    names = {*ADDRESSES, "client_id", "username", *SECRETS, *(f"{name}_file" for name in SECRETS)}
    return usual | {name: str(value) for name, value in given.items() if name in names and value}


def has(answers: Answers, name: str) -> bool:
    """Tell whether there is an answer, in a file of its own or not."""
    return bool(answers.get(name) or answers.get(f"{name}_file"))


def way_of(answers: Answers) -> Way:
    """The way that answers lead to when nobody names one."""
    return "token" if has(answers, "token") else "password"


def missing(answers: Answers, way: Way) -> list[str]:
    """Names, as in the environment, of what a way needs and nobody gave."""
    return [PREFIX + name.upper() for name in NEEDED[way] if not has(answers, name)]


def of_way(answers: Answers, way: Way) -> Answers:
    """The answers that a way takes, the addresses with them."""
    names = {*ADDRESSES, *TAKEN[way], *(f"{name}_file" for name in TAKEN[way])}
    return {name: value for name, value in answers.items() if name in names and value}


def lines(answers: Answers, way: Way) -> dict[str, str | None]:
    """What ``.env`` is to hold, by the names of the environment; None for what is to be taken out."""
    wanted: dict[str, str | None] = dict.fromkeys(name for name in _REPLACED if name not in TAKEN[way])
    for name in TAKEN[way]:
        wanted[name] = answers.get(name)
    for name in [name for name in wanted if name in SECRETS]:
        wanted[f"{name}_file"] = answers.get(f"{name}_file")
    wanted |= {name: answers[name] for name in ADDRESSES}
    return {PREFIX + name.upper(): value for name, value in wanted.items()}
