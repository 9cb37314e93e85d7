"""Who we are at one service, and where it is: addresses and credentials. Not here: anything else to be set."""

import ipaddress
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, SecretStr, model_validator

from exepron_pipeline.errors import ConfigurationError
from exepron_pipeline.settings.sources import PREFIX

SECRETS = ("client_secret", "password", "token")
"""Settings that may be given as ``NAME_FILE`` too, the path of a file that holds the secret."""


def _web_address(value: object) -> str:
    address = str(value).strip().rstrip("/")
    parts = urlsplit(address)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("must be an address such as https://api.example.com/api/v1")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("must hold no user, password, query or fragment")
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise ValueError("must use https: credentials are never sent in clear (http is for loopback only)")
    return address


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


WebAddress = Annotated[str, BeforeValidator(_web_address)]
Grant = Literal["auto", "token", "refresh_token", "password", "client_credentials"]


class Identity(BaseModel):
    """Where the service is and who we are there."""

    api_url: WebAddress = "https://api.exepron.com/api/v1"
    identity_url: WebAddress = "https://proid.exepron.com"
    client_id: str | None = None
    client_secret: SecretStr | None = None
    client_secret_file: Path | None = None
    username: str | None = None
    password: SecretStr | None = None
    password_file: Path | None = None
    token: SecretStr | None = None
    token_file: Path | None = None
    grant: Grant = "auto"
    scope: str = "openid profile exepron.restapi"
    redirect_uri: str = "http://127.0.0.1:8765/callback"
    client_certificate: Path | None = None
    ca_bundle: Path | None = None


class Connection(Identity):
    """One set of credentials for one service; most users have exactly one.

    ``name`` is ``default``, or the NAME of an ``[accounts.NAME]`` table.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = "default"
    account_ids: tuple[int, ...] = ()
    """Accounts to read; empty: those that the signed-in user sees."""

    @model_validator(mode="before")
    @classmethod
    def _read_secret_files(cls, values: dict[str, Any]) -> dict[str, Any]:
        return {**values, **{name: read_secret(values, name) for name in SECRETS}}

    def check(self) -> None:
        """Raise `ConfigurationError` when a setting that signing in needs is missing."""
        missing = self._missing()
        if missing:
            names = " and ".join(PREFIX + name.upper() for name in missing)
            where = "" if self.name == "default" else f" in [accounts.{self.name}]"
            hint = (
                "Set it in the environment, .env or exepron.toml; docs/connecting.md tells where to find it."
            )
            raise ConfigurationError(f"Signing in to {self.identity_url} needs {names}{where}.", hint=hint)

    def _missing(self) -> list[str]:
        if self.token and self.grant in {"auto", "token"}:
            return []
        needed = {
            "token": ["token"],
            "password": ["client_id", "username", "password"],
            "client_credentials": ["client_id", "client_secret"],
            "refresh_token": ["client_id"],
            "auto": ["client_id"],
        }[self.grant]
        if self.grant == "auto" and bool(self.username) != bool(self.password):
            needed = [*needed, "username", "password"]
        return [name for name in needed if not getattr(self, name)]


def read_secret(values: dict[str, Any], name: str) -> object:
    """Return the secret ``name`` of raw settings, from its file where one is named.

    Raises:
        ValueError: The file cannot be read, or the secret is given twice.

    """
    path = values.get(f"{name}_file")
    if not path:
        return values.get(name)
    if values.get(name):
        raise ValueError(f"{name} and {name}_file are both set: keep one of them")
    try:
        secret = Path(path).read_text(encoding="utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError:
        raise ValueError(f"{name}_file: {path} is no text in UTF-8") from None
    except OSError as error:
        raise ValueError(f"{name}_file: cannot read {path} ({error.strerror})") from None
    if not secret:
        raise ValueError(f"{name}_file: {path} is empty")
    return secret
