"""Loading settings: the environment wins over ``.env``, ``.env`` over ``exepron.toml``. Never touches the network."""

import tomllib

from pydantic import SecretStr, ValidationError

from exepron_pipeline.errors import ConfigurationError
from exepron_pipeline.settings.connection import SECRETS, Connection, read_secret
from exepron_pipeline.settings.model import Settings, problems
from exepron_pipeline.settings.sources import PREFIX, TOML, is_configured, refuse_unknown_names

SANDBOX_FOLDER = "sandbox"
"""Data of sandbox runs lie apart, below the data folder."""


def load_settings(**overrides: object) -> Settings:
    """Read the settings of the current folder and environment.

    Args:
        overrides: Settings by name that win over every other source.

    Raises:
        ConfigurationError: A name is unknown or a value is wrong; the message names all of them.

    """
    refuse_unknown_names(Settings.model_fields)
    try:
        settings = Settings(**overrides)  # type: ignore[arg-type]  # values are validated by the model
        Connection.model_validate(settings.model_dump(include=set(Connection.model_fields)))
    except ValidationError as error:
        hint = "Correct it in the environment, .env or exepron.toml; README.md lists the settings."
        raise ConfigurationError(f"{problems(error, PREFIX)}.", hint=hint) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{TOML} is not valid TOML: {error}.", hint="Correct that line.") from None
    return _with_secrets(settings)


def _with_secrets(settings: Settings) -> Settings:
    values = settings.model_dump()
    secrets = {name: read_secret(values, name) for name in SECRETS}
    wrapped = {name: SecretStr(value) if isinstance(value, str) else value for name, value in secrets.items()}
    if "data_dir" not in settings.model_fields_set and not is_configured():
        wrapped["data_dir"] = settings.data_dir / SANDBOX_FOLDER
    return settings.model_copy(update=wrapped)
