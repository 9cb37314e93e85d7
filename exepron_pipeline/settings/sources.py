"""Which settings are given at all, and where: environment, ``.env``, ``exepron.toml``. Not here: their values."""

import difflib
import os
import tomllib
from collections.abc import Collection
from pathlib import Path
from typing import Any

from dotenv import dotenv_values

from exepron_pipeline.errors import ConfigurationError

PREFIX = "EXEPRON_"
DOTENV = ".env"
TOML = "exepron.toml"

_NOT_SETTINGS = {"EXEPRON_TESTS"}
_IDENTITY = {
    "api_url", "identity_url", "client_id", "username", "grant", "accounts",
    "client_secret", "client_secret_file", "password", "password_file", "token", "token_file",
}  # fmt: skip


def is_configured() -> bool:
    """Tell whether any identity setting exists: then the embedded sandbox is never used."""
    return not _IDENTITY.isdisjoint(_given_names())


def given_values() -> dict[str, Any]:
    """Values by name, in lower case and without prefix, as the sources give them; the environment wins.

    Raises:
        ConfigurationError: ``exepron.toml`` is not valid TOML.

    """
    found = _toml()
    for source in (_dotenv(), os.environ):
        for name, value in source.items():
            if _ours(name) and value:
                found[name.upper().removeprefix(PREFIX).lower()] = value
    return found


def _given_names() -> set[str]:
    return set(given_values())


def _ours(name: str) -> bool:
    return name.upper().startswith(PREFIX) and name.upper() not in _NOT_SETTINGS


def _dotenv() -> dict[str, str | None]:
    return dict(dotenv_values(DOTENV)) if Path(DOTENV).is_file() else {}


def _toml() -> dict[str, Any]:
    path = Path(TOML)
    if not path.is_file():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{TOML} is not valid TOML: {error}.", hint="Correct that line.") from None


def refuse_unknown_names(known: Collection[str]) -> None:
    """Raise `ConfigurationError` when a name of ours is given that no setting has."""
    unknown = sorted(_given_names() - set(known))
    if not unknown:
        return
    name = unknown[0]
    near = difflib.get_close_matches(name, known, n=1)
    meant = f"Did you mean {PREFIX}{near[0].upper()}?" if near else "README.md lists the settings."
    raise ConfigurationError(f"Unknown setting {PREFIX}{name.upper()}.", hint=meant)
