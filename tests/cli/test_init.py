"""``exepron init`` at a terminal: questions, hostile answers, Ctrl-C."""

import stat

import pytest
from dotenv import dotenv_values

IDENTITY, API = "Address of the identity server", "Address of the API"
OTHERS = "# mine\nOTHER='kept\nas it is' # too\n\nEXEPRON_RATE=0\n"


@pytest.fixture
def typist(helper):
    """The class `Typist`."""
    return helper("cli", "typist").Typist


@pytest.fixture
def bare(sandbox, own_place):
    """Settings of a person who has set nothing but where data goes."""
    return {"EXEPRON_DATA_DIR": str(own_place / "data")}


def test_hostile_answers_are_explained_and_asked_again(typist, sandbox, bare, own_place):
    """Blank, wrong, unsafe answers: each is explained at once; the good ones end in a private .env that works."""
    (own_place / ".env").write_text(OTHERS)
    right = sandbox.environment
    wrong = {"secret": "wrong-secret-9f1", "password": "wrong-password-77a"}
    with typist("init", environment=bare, folder=own_place) as person:
        person.answer(IDENTITY + r" \[https://proid\.exepron\.com\]", "http://identity.example.com")
        person.wait_for("must use https")
        person.answer(IDENTITY, f"{sandbox.url}/nowhere/to/be/found?x=1")
        person.wait_for("must hold no user, password, query or fragment")
        person.answer(IDENTITY, f"{right['EXEPRON_IDENTITY_URL']}/Account/Manage/ApiClients")
        person.wait_for("There is no discovery document")
        person.answer(IDENTITY + rf" \[{right['EXEPRON_IDENTITY_URL']}\]", "")
        person.wait_for("ok: found; tokens come from")
        assert "***" not in person.wait_for("1  a dedicated user .*")
        person.answer("How will runs sign in", "seven")
        person.answer("Type a number", "1")
        person.answer("Client id", "")
        person.answer("This is needed[^:]*Client id", right["EXEPRON_CLIENT_ID"])
        person.answer("Client secret .stays invisible, Enter for none", wrong["secret"])
        person.answer("User name", right["EXEPRON_USERNAME"])
        person.answer("Password .stays invisible.:", "")
        person.answer("This is needed[^:]*Password", wrong["password"])
        person.wait_for("That does not work: .*invalid_client")
        person.answer("Client id", "")
        person.answer("Client secret .stays invisible, Enter keeps", right["EXEPRON_CLIENT_SECRET"])
        person.answer("User name", "")
        person.answer("Password", "")
        person.wait_for("That does not work: .*invalid_grant")
        person.answer("How will runs sign in", "")  # refused twice: another way may be the cure
        person.answer("Client id", "")
        person.answer("Client secret", "")
        person.answer("User name", "")
        person.answer("Password", right["EXEPRON_PASSWORD"])
        person.wait_for("ok: signed in by password as ")
        person.answer(API, sandbox.url)
        person.wait_for("That does not work: ")
        person.answer(API + rf" \[{sandbox.url}/api/v1\]", "")
        assert "user 1001 in account" in person.wait_for("ok: you are .*")
        assert person.end() == 0
    written = own_place / ".env"
    assert stat.S_IMODE(written.stat().st_mode) == 0o600
    assert written.read_text().startswith(OTHERS)
    names = ("IDENTITY_URL", "API_URL", "CLIENT_ID", "CLIENT_SECRET", "USERNAME", "PASSWORD")
    expected = {f"EXEPRON_{name}": right[f"EXEPRON_{name}"] for name in names}
    found = dotenv_values(written)
    assert {name: found[name] for name in expected} == expected
    for secret in (*wrong.values(), right["EXEPRON_CLIENT_SECRET"], right["EXEPRON_PASSWORD"]):
        assert secret not in person.shown
    assert [line.strip() for line in person.shown.splitlines()[-2:]] == [
        "exepron doctor",
        "exepron sync && exepron publish",
    ]


def test_ctrl_c_writes_nothing(typist, bare, own_place):
    """Ctrl-C at any question ends with 130 and leaves no file, not even a folder for data."""
    with typist("init", environment=bare, folder=own_place) as person:
        assert person.interrupt(IDENTITY) == 130
        assert "nothing was written" in person.shown
    assert list(own_place.iterdir()) == []


@pytest.mark.full
def test_no_wrong_answer_is_a_dead_end(typist, sandbox, bare, own_place):
    """A host without an identity server, and a token that the API refuses, lead back to the question that was answered wrongly."""
    right = sandbox.environment
    with typist("init", environment=bare, folder=own_place) as person:
        person.answer(IDENTITY, sandbox.url)
        person.wait_for("There is no discovery document")
        person.answer("Keep this address all the same", "y")
        person.answer("How will runs sign in", "1")
        person.answer("Client id", right["EXEPRON_CLIENT_ID"])
        person.answer("Client secret", right["EXEPRON_CLIENT_SECRET"])
        person.answer("User name", right["EXEPRON_USERNAME"])
        person.answer("Password", right["EXEPRON_PASSWORD"])
        person.wait_for("That does not work: .*404 Not Found")
        person.answer(IDENTITY, right["EXEPRON_IDENTITY_URL"])
        person.interrupt("Client id")
    with typist("init", environment={**bare, **right}, folder=own_place) as person:
        person.answer(IDENTITY, "")
        person.answer("How will runs sign in", "3")
        person.answer("Token .stays invisible", "two words")
        person.wait_for("That does not work: EXEPRON_TOKEN holds blanks")
        person.answer("Token .stays invisible", "no-token-of-anybody")
        person.answer(API, "")
        person.wait_for("That does not work: The API does not accept the token")
        assert person.interrupt("Token .stays invisible") == 130
    assert "no-token-of-anybody" not in person.shown
    assert list(own_place.iterdir()) == []


@pytest.mark.full
def test_what_is_there_is_offered(typist, sandbox, bare, own_place):
    """With everything in the environment, Enter all the way is enough; secrets are kept unseen."""
    environment = {**sandbox.environment, **bare}
    with typist("init", "--sign-in", "password", environment=environment, folder=own_place) as person:
        for question in (IDENTITY, "Client id", "secret", "User name", "Password", API):
            person.answer(question, "")
        assert person.end() == 0
    found = dotenv_values(own_place / ".env")
    assert found["EXEPRON_PASSWORD"] == sandbox.environment["EXEPRON_PASSWORD"]
    assert found["EXEPRON_PASSWORD"] not in person.shown
