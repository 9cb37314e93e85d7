"""Settings: where values come from, and what is said of wrong ones."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exepron_pipeline.errors import ConfigurationError
from exepron_pipeline.settings import Settings, is_configured, load_settings


@pytest.fixture
def env(monkeypatch: pytest.MonkeyPatch):
    """Set settings in the environment."""

    def put(**values: str) -> None:
        for name, value in values.items():
            monkeypatch.setenv(f"EXEPRON_{name}", value)

    return put


def test_defaults_without_any_setting_are_the_sandbox_folder():
    """With no identity setting the data folder is the sandbox's, and nothing is configured."""
    assert not is_configured()
    assert load_settings().data_dir == Path("data/sandbox")


def test_an_identity_setting_leaves_the_sandbox_folder(env):
    """One identity setting is enough to go to the real data folder."""
    env(CLIENT_ID="me")
    assert is_configured()
    assert load_settings().data_dir == Path("data")


def test_the_environment_wins_over_dotenv_and_dotenv_over_toml(env):
    """Sources have one order: environment, .env, exepron.toml."""
    Path("exepron.toml").write_text('page_size = 1\nrate = 1\ntimeout = 1\nclient_id = "toml"\n')
    Path(".env").write_text("EXEPRON_RATE=2\nEXEPRON_TIMEOUT=2\nOTHER=ignored\n")
    env(TIMEOUT="3")
    found = load_settings()
    assert (found.page_size, found.rate, found.timeout) == (1, 2, 3)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("PAGESIZE", "5", "EXEPRON_PAGE_SIZE"),
        ("RATE", "-1", "greater than or equal to 0"),
        ("TIMEZONE", "Mars/Olympus", "time zone name"),
        ("API_URL", "http://api.example.com/v1", "https"),
        ("API_URL", "api.example.com", "must be an address"),
        ("API_URL", "https://user:pass@api.example.com/", "no user"),
        ("CONTRACT", "frozen", "freeze"),
        ("PUBLISH_EXCLUDE", "secrets", "personal, financial"),
        ("CLIENT_SECRET_FILE", "/nowhere/secret", "cannot read"),
    ],
)
def test_a_wrong_setting_is_named_with_its_cure(env, name, value, said):
    """A wrong name or value ends in an error that names it and what is right."""
    env(**{name: value})
    with pytest.raises(ConfigurationError, match=said) as caught:
        load_settings()
    assert caught.value.exit_code == 2
    assert caught.value.hint


def test_a_secret_file_gives_the_secret_without_its_line_end(env, tmp_path):
    """NAME_FILE is the path of a file that holds the secret."""
    (tmp_path / "secret").write_text("s3cret \n")
    env(CLIENT_ID="me", CLIENT_SECRET_FILE=str(tmp_path / "secret"))
    (connection,) = load_settings().connections()
    assert connection.client_secret
    assert connection.client_secret.get_secret_value() == "s3cret "


@pytest.mark.parametrize("name", ["client_secret", "password", "token"])
@pytest.mark.parametrize(
    ("content", "secret"),
    [
        (b"s3cret\n", "s3cret"),
        (b"s3cret\r\n", "s3cret"),
        (b"\xef\xbb\xbfs3cret", "s3cret"),
        (b" s3 cret ", " s3 cret "),
    ],
    ids=["line end", "line end of Windows", "byte order mark", "blanks"],
)
def test_every_secret_may_be_a_file(env, tmp_path, name, content, secret):
    """Editors add line ends and marks; what is left is the secret, and it prints as stars."""
    (tmp_path / "secret").write_bytes(content)
    given_settings = {
        "CLIENT_ID": "me",
        "CLIENT_SECRET": "x",
        "USERNAME": "u",
        "PASSWORD": "p",
        "GRANT": "auto",
    }
    given_settings.pop(name.upper(), None)
    env(**given_settings, **{f"{name.upper()}_FILE": str(tmp_path / "secret")})
    settings = load_settings()
    (connection,) = settings.connections()
    assert getattr(connection, name).get_secret_value() == secret
    assert secret not in f"{settings!r} {connection!r}"


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "is empty"), (b"\n", "is empty"), (b"\xff\xfe", "no text in UTF-8"), (None, "cannot read")],
)
def test_a_secret_file_that_cannot_be_it_is_named(env, tmp_path, content, said):
    """An empty or unreadable file is a wrong setting, not a wrong password at three in the morning."""
    place = tmp_path / "secret"
    place.mkdir() if content is None else place.write_bytes(content)
    env(CLIENT_ID="me", PASSWORD_FILE=str(place))
    with pytest.raises(ConfigurationError, match=rf"password_file: .*{said}"):
        load_settings()


def test_a_secret_and_its_file_together_are_refused(env, tmp_path):
    """Two sources for one secret are an error rather than a guess."""
    (tmp_path / "secret").write_text("x")
    env(CLIENT_SECRET="y", CLIENT_SECRET_FILE=str(tmp_path / "secret"))
    with pytest.raises(ConfigurationError, match="both set"):
        load_settings()


@pytest.mark.parametrize(
    ("given_settings", "missing"),
    [
        ({"CLIENT_SECRET": "x"}, "EXEPRON_CLIENT_ID"),
        ({"API_URL": "https://api.example.com"}, "EXEPRON_CLIENT_ID"),
        ({"CLIENT_ID": "me", "USERNAME": "u"}, "EXEPRON_PASSWORD"),
        ({"CLIENT_ID": "me", "PASSWORD": "p"}, "EXEPRON_USERNAME"),
        ({"CLIENT_ID": "me", "GRANT": "client_credentials"}, "EXEPRON_CLIENT_SECRET"),
        ({"GRANT": "token"}, "EXEPRON_TOKEN"),
    ],
)
def test_a_missing_identity_setting_is_an_error_and_never_the_sandbox(env, given_settings, missing):
    """As soon as one identity setting exists, the missing one is named."""
    env(**given_settings)
    with pytest.raises(ConfigurationError, match=missing):
        load_settings().connections()


def test_a_given_token_needs_nothing_else(env):
    """A token issued by hand stands alone."""
    env(TOKEN="abc")
    assert load_settings().connections()[0].token


def test_accounts_are_numbers_or_auto(env):
    """EXEPRON_ACCOUNTS lists accounts; auto means those the user sees."""
    env(TOKEN="abc", ACCOUNTS="7, 8")
    assert load_settings().connections()[0].account_ids == (7, 8)
    env(ACCOUNTS="auto")
    assert load_settings().connections()[0].account_ids == ()


def test_account_tables_are_connections_of_their_own():
    """Each [accounts.NAME] table overrides the shared settings, secrets' files included."""
    Path("secret").write_text("two")
    Path("exepron.toml").write_text(
        'client_id = "shared"\nclient_secret = "one"\n'
        '[accounts.north]\naccount_id = 1\n[accounts.south]\nclient_id = "own"\nclient_secret_file = "secret"\n'
    )
    north, south = load_settings().connections()
    assert (north.name, north.client_id, north.account_ids) == ("north", "shared", (1,))
    assert (south.client_id, south.client_secret.get_secret_value()) == ("own", "two")


def test_an_unknown_key_in_an_account_table_is_named():
    """A mistake inside a table names the table."""
    Path("exepron.toml").write_text('client_id = "a"\n[accounts.north]\nclientid = "b"\n')
    with pytest.raises(ConfigurationError, match=r"accounts\.north.*clientid"):
        load_settings().connections()


def test_broken_toml_is_an_error():
    """A file that is not TOML ends in an error that says where."""
    Path("exepron.toml").write_text("client_id = \n")
    with pytest.raises(ConfigurationError, match=r"exepron\.toml is not valid TOML"):
        load_settings()


@given(secret=st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), min_size=4))
def test_secrets_never_show(secret):
    """Neither repr nor str of settings holds a secret."""
    settings = Settings(client_id="me", client_secret=f"#{secret}#", _env_file=None)
    assert f"#{secret}#" not in f"{settings!r} {settings} {settings.connections()}"
