"""Every setting with its default and its check. Not here: where values come from in what order (``load.py``)."""

from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BeforeValidator, Field, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from exepron_pipeline.errors import ConfigurationError
from exepron_pipeline.settings.connection import SECRETS, Connection, Identity
from exepron_pipeline.settings.sources import DOTENV, PREFIX, TOML


def _split(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _zone(value: object) -> str:
    name = str(value)
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("must be a time zone name such as Europe/Berlin or UTC") from None
    return name


Zone = Annotated[str, BeforeValidator(_zone)]
Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
Share = Annotated[float, Field(ge=0, le=1)]


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
        shared = self.model_dump(include=set(Connection.model_fields) - {f"{name}_file" for name in SECRETS})
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
        raise ConfigurationError(f"[accounts.{name}] in {TOML}: {problems(error, '')}.") from None


def problems(error: ValidationError, prefix: str) -> str:
    """Say in one line what is wrong, each with the setting's name; never with its value."""
    texts = []
    for problem in error.errors(include_input=False, include_url=False):
        names = [str(part) for part in problem["loc"][:1]]
        name = prefix + names[0].upper() if names and prefix else ".".join(names)
        texts.append(f"{name}: {problem['msg'].removeprefix('Value error, ')}".removeprefix(": "))
    return "; ".join(dict.fromkeys(texts))
