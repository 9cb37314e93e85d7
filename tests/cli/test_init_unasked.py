"""``exepron init`` without a terminal, and the file it writes."""

import io
import os

import pytest
from dotenv import dotenv_values
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from exepron_pipeline.cli.main import app
from exepron_pipeline.errors import ConfigurationError
from exepron_pipeline.settings.dotenv import rewritten


@pytest.fixture
def init(sandbox, own_place, monkeypatch):
    """Runs ``exepron init`` in this process with the sandbox's settings and these variables; None takes one away."""

    def run(*words, **variables):
        given = {**sandbox.environment, "EXEPRON_DATA_DIR": str(own_place / "data"), **variables}
        for name in [name for name in os.environ if name.startswith("EXEPRON_") and name != "EXEPRON_TESTS"]:
            monkeypatch.delenv(name)
        for name, value in given.items():
            if value is not None:
                monkeypatch.setenv(name, value)
        return CliRunner().invoke(app, ["init", *words])

    return run


def test_it_names_what_is_missing(init, own_place):
    """Exit code 2 and the names, nothing else; no file is written."""
    ended = init(EXEPRON_CLIENT_ID=None, EXEPRON_PASSWORD=None)
    assert isinstance(ended.exception, ConfigurationError)
    assert "EXEPRON_CLIENT_ID and EXEPRON_PASSWORD must be given" in ended.exception.message
    assert list(own_place.iterdir()) == []


def test_secrets_stay_in_their_files(init, sandbox, own_place):
    """``--yes`` tests what options and environment give; a secret in a file stays there, and nothing else is made."""
    secret = own_place / "secret"
    secret.write_text(sandbox.environment["EXEPRON_PASSWORD"])
    ended = init("--yes", "--password-file", str(secret), EXEPRON_PASSWORD=None)
    assert ended.exit_code == 0, ended.output
    found = dotenv_values(own_place / ".env")
    assert (found["EXEPRON_PASSWORD_FILE"], "EXEPRON_PASSWORD" in found) == (str(secret), False)
    assert {path.name for path in own_place.iterdir()} == {".env", "secret"}


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("EXEPRON_PASSWORD", "wrong-one", 4),
        ("EXEPRON_API_URL", "http://api.example.com", 2),
        ("EXEPRON_IDENTITY_URL", "http://127.0.0.1:9/identity?x", 2),
    ],
)
def test_what_does_not_work_is_not_written(init, own_place, name, value, code):
    """What was given is tested as well: the first wrong answer is the error, and nothing is written."""
    ended = init("--yes", **{name: value})
    assert ended.exception.exit_code == code
    assert "wrong-one" not in f"{ended.output}{ended.exception}"
    assert list(own_place.iterdir()) == []


def test_another_way_takes_out_what_would_be_preferred(init, own_place):
    """Who changes from a token to a password has no token left in .env; another source that has one is named."""
    (own_place / ".env").write_text("EXEPRON_TOKEN=old\nEXEPRON_GRANT=token\n")
    (own_place / "exepron.toml").write_text('token = "other"\n')
    ended = init("--yes", "--sign-in", "password")
    assert ended.exit_code == 0, ended.output
    assert {"EXEPRON_TOKEN", "EXEPRON_GRANT"}.isdisjoint(dotenv_values(own_place / ".env"))
    assert "EXEPRON_TOKEN is set otherwise" in ended.output


def test_several_accounts_are_set_up_by_hand(init, own_place):
    """Where exepron.toml holds several accounts, it says so and touches nothing."""
    (own_place / "exepron.toml").write_text('[accounts.north]\nclient_id = "a"\n')
    ended = init("--yes")
    assert "several accounts" in ended.exception.message
    assert not (own_place / ".env").exists()


# -- the file --------------------------------------------------------------------------------------------

TEXTS = st.text(st.characters(exclude_categories=("C", "Zl", "Zp")).filter(str.isprintable))


@given(st.one_of(TEXTS, st.text("${}'\"\\ #=:-`!a")))
def test_every_value_is_read_back(value):
    """Whatever a secret holds, quotes, blanks, comment signs, names in braces, .env gives it back as it was."""
    text = rewritten("EXEPRON_PASSWORD='a\nb'\nA=1 # x\nEXEPRON_PASSWORD=twice", {"EXEPRON_PASSWORD": value})
    assert dotenv_values(stream=io.StringIO(text)) == {"EXEPRON_PASSWORD": value, "A": "1"}


def test_a_value_over_lines_is_refused():
    """What .env cannot hold is refused, with the way that can."""
    with pytest.raises(ConfigurationError, match="EXEPRON_PASSWORD_FILE"):
        rewritten("", {"EXEPRON_PASSWORD": "a\nb"})
