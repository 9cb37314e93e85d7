"""Settings: what a user may set, from the environment, ``.env`` and ``exepron.toml``, in that order.

Here: names, defaults, checks of single values. Not here: whether the service accepts them (``auth``,
``odata``) and what the entity sets are (``catalogue``). Loading reads files and the environment, and
never the network.
"""

import difflib
import ipaddress
import os
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dotenv import dotenv_values
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from exepron_pipeline.errors import ConfigurationError

PREFIX = "EXEPRON_"
DOTENV = ".env"
TOML = "exepron.toml"
SANDBOX_FOLDER = "sandbox"

_NOT_SETTINGS = {"EXEPRON_TESTS"}
_SECRETS = ("client_secret", "password", "token")
_IDENTITY = {"api_url", "identity_url", "client_id", "username", "grant", *_SECRETS}
_IDENTITY |= {f"{name}_file" for name in _SECRETS}


def _split(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


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


def _zone(value: object) -> str:
    name = str(value)
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("must be a time zone name such as Europe/Berlin or UTC") from None
    return name


WebAddress = Annotated[str, BeforeValidator(_web_address)]
Zone = Annotated[str, BeforeValidator(_zone)]
Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
Grant = Literal["auto", "token", "refresh_token", "password", "client_credentials"]
Share = Annotated[float, Field(ge=0, le=1)]


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
        return {**values, **{name: _secret(values, name) for name in _SECRETS}}

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


def _secret(values: dict[str, Any], name: str) -> object:
    path = values.get(f"{name}_file")
    if not path:
        return values.get(name)
    if values.get(name):
        raise ValueError(f"{name} and {name}_file are both set: keep one of them")
    try:
        return Path(path).read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as error:
        raise ValueError(f"{name}_file: cannot read {path} ({error.strerror})") from None


class Settings(Identity, BaseSettings):
    """Everything that can be set. Build one with `load_settings`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=DOTENV,
        env_ignore_empty=True,
        toml_file=TOML,
        extra="ignore",
        frozen=True,
    )

    token_store: Literal["file", "keyring"] = "file"  # noqa: S105 # a place, not a password

    accounts: Annotated[dict[str, dict[str, Any]] | tuple[int, ...], NoDecode] = ()
    data_dir: Path = Path("data")
    catalogue: Path | None = None
    generation: Literal["auto", "g1", "g2", "g3", "odata2", "odata3", "odata4"] = "auto"
    concurrency: Annotated[int, Field(ge=1, le=64)] = 4
    rate: Annotated[float, Field(ge=0)] = 10
    daily_requests: Annotated[int, Field(ge=1)] | None = None
    page_size: Annotated[int, Field(ge=1)] | Literal["auto"] = "auto"
    timeout: Annotated[float, Field(gt=0)] = 30
    timezone: Zone = "UTC"
    calendar_zone: Zone | None = None
    lookback_hours: Annotated[float, Field(ge=0)] = 26
    max_deleted_share: Share = 0.2
    max_rejected_share: Share = 0.01
    contract: Literal["evolve", "freeze", "discard"] = "evolve"
    personal: Literal["contact-dropped", "keep", "hash", "drop"] = "contact-dropped"
    publish_exclude: Words = ()
    lake_uri: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _accounts(cls, values: dict[str, Any]) -> dict[str, Any]:
        accounts = values.get("accounts")
        if accounts is None or isinstance(accounts, dict):
            return values
        words = _split(accounts)
        found = words if isinstance(words, list | tuple) else [words]
        return {**values, "accounts": () if list(found) == ["auto"] else tuple(found)}

    @model_validator(mode="after")
    def _known_exclusions(self) -> "Settings":
        unknown = set(self.publish_exclude) - {"personal", "financial"}
        if unknown:
            raise ValueError(
                f"publish_exclude: {', '.join(sorted(unknown))} is not one of personal, financial"
            )
        return self

    @model_validator(mode="after")
    def _nothing_ignored(self) -> "Settings":
        """Refuse what this version would silently not do."""
        if self.contract != "evolve":
            raise ValueError("contract: only evolve is offered by this version")
        if self.lake_uri:
            raise ValueError("lake_uri: this version writes no Delta tables; unset it")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order the sources: arguments, environment, ``.env``, ``exepron.toml``."""
        del file_secret_settings  # secrets' files are settings of their own
        return (init_settings, env_settings, dotenv_settings, TomlConfigSettingsSource(settings_cls))

    @property
    def state_dir(self) -> Path:
        """Tokens, capability profile, spool, lock: what only the writer touches."""
        return self.data_dir / "state"

    @property
    def warehouse_path(self) -> Path:
        """The writer's own file; nobody else opens it."""
        return self.data_dir / "warehouse.duckdb"

    @property
    def snapshot_path(self) -> Path:
        """The analysts' file, replaced atomically by each publishing."""
        return self.data_dir / "exepron.duckdb"

    @property
    def parquet_dir(self) -> Path:
        """The same tables as Parquet."""
        return self.data_dir / "parquet"

    def connections(self) -> tuple[Connection, ...]:
        """The credentials to use: one, or one for each ``[accounts.NAME]`` table, each checked.

        Raises:
            ConfigurationError: A setting that signing in needs is missing.

        """
        shared = self.model_dump(include=set(Connection.model_fields) - {f"{name}_file" for name in _SECRETS})
        tables: dict[str, dict[str, Any]] = self.accounts if isinstance(self.accounts, dict) else {}
        ids = () if tables else self.accounts
        found = [_connection(name, shared, table) for name, table in tables.items()] or [
            Connection(**shared, account_ids=ids)
        ]
        for connection in found:
            connection.check()
        return tuple(found)


def _connection(name: str, shared: dict[str, Any], table: dict[str, Any]) -> Connection:
    own = {"account_ids" if key == "account_id" else key: value for key, value in table.items()}
    if isinstance(own.get("account_ids"), int):
        own["account_ids"] = (own["account_ids"],)
    overridden = {f.removesuffix("_file") for f in own}
    try:
        return Connection(
            **{key: value for key, value in shared.items() if key not in overridden} | own | {"name": name}
        )
    except ValidationError as error:
        raise ConfigurationError(f"[accounts.{name}] in {TOML}: {_problems(error, '')}.") from None


def load_settings(**overrides: object) -> Settings:
    """Read the settings of the current folder and environment.

    Args:
        overrides: Settings by name that win over every other source.

    Raises:
        ConfigurationError: A name is unknown or a value is wrong; the message names all of them.

    """
    _refuse_unknown_names()
    try:
        settings = Settings(**overrides)  # type: ignore[arg-type]  # values are validated by the model
        Connection.model_validate(settings.model_dump(include=set(Connection.model_fields)))
    except ValidationError as error:
        hint = "Correct it in the environment, .env or exepron.toml; README.md lists the settings."
        raise ConfigurationError(f"{_problems(error, PREFIX)}.", hint=hint) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{TOML} is not valid TOML: {error}.", hint="Correct that line.") from None
    return _with_secrets(settings)


def _with_secrets(settings: Settings) -> Settings:
    values = settings.model_dump()
    secrets = {name: _secret(values, name) for name in _SECRETS}
    wrapped = {name: SecretStr(value) if isinstance(value, str) else value for name, value in secrets.items()}
    if "data_dir" not in settings.model_fields_set and not is_configured():
        wrapped["data_dir"] = settings.data_dir / SANDBOX_FOLDER
    return settings.model_copy(update=wrapped)


def _problems(error: ValidationError, prefix: str) -> str:
    texts = []
    for problem in error.errors(include_input=False, include_url=False):
        names = [str(part) for part in problem["loc"][:1]]
        name = prefix + names[0].upper() if names and prefix else ".".join(names)
        texts.append(f"{name}: {problem['msg'].removeprefix('Value error, ')}".removeprefix(": "))
    return "; ".join(dict.fromkeys(texts))


def is_configured() -> bool:
    """Tell whether any identity setting exists: then the embedded sandbox is never used."""
    return any(name in _IDENTITY or name == "accounts" for name in _given_names())


def _given_names() -> set[str]:
    """Names, in lower case and without prefix, that any source gives a value to."""
    variables = {**_dotenv(), **os.environ}
    given = {
        name.upper().removeprefix(PREFIX).lower()
        for name, value in variables.items()
        if _ours(name) and value
    }
    return given | set(_toml())


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


def _refuse_unknown_names() -> None:
    known = set(Settings.model_fields)
    unknown = sorted(_given_names() - known)
    if not unknown:
        return
    name = unknown[0]
    near = difflib.get_close_matches(name, known, n=1)
    meant = f"Did you mean {PREFIX}{near[0].upper()}?" if near else "README.md lists the settings."
    raise ConfigurationError(f"Unknown setting {PREFIX}{name.upper()}.", hint=meant)
