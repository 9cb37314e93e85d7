"""No secret is left behind: in what is printed, logged, stored, or told to Dagster, in any spelling."""

import base64
import json
import logging
import os
import pickle
import subprocess
import sys
import traceback
from pathlib import Path
from urllib.parse import quote_plus

import pytest

from exepron_pipeline.catalogue import load_catalogue
from exepron_pipeline.errors import ExepronError
from exepron_pipeline.http.redact import RedactingFilter
from exepron_pipeline.http.throttle import Throttle
from exepron_pipeline.odata.service import Service

ROOT = Path(__file__).parents[2]


def secrets_of(tap):
    """What nobody may see: secret and password, and every token, code and device code ever issued."""
    assert len(tap.tokens) >= 1
    return {tap.connection["client_secret"], tap.connection["password"], *tap.tokens}


def left_behind(leaks_kit, data_dir, ended):
    """All texts of a run but for the token files, which only their owner may read."""
    files = leaks_kit.files_of(data_dir)
    kept = [path for path in files if "/state/tokens/" in path]
    assert all(Path(path).stat().st_mode & 0o077 == 0 for path in kept)
    shown = {"standard output": ended.stdout.encode(), "standard error": ended.stderr.encode()}
    return shown | {path: text for path, text in files.items() if path not in kept}


def test_a_full_sync_with_debug_leaves_no_secret(tapped, lab_kit, leaks_kit, tmp_path):
    """Every entity set under tokens that end all the time: nothing in output, log, state, warehouse or spool."""
    tap = tapped()
    tap.instead = _ending_tokens(tap, every=10)
    lab = lab_kit.Lab(tap, tmp_path / "data")
    ended = lab.exepron("--debug", "sync", "--json")
    assert ended.returncode == 0, ended.stderr
    assert len(tap.token_requests) > 2
    assert "connect/token" in ended.stderr, "nothing was logged: this proves nothing"
    assert leaks_kit.leaks(secrets_of(tap), left_behind(leaks_kit, tmp_path / "data", ended)) == []


def _ending_tokens(tap, every):
    """Refuses the token of each n-th new question, once: it has ended, however quick the machine is."""
    known = set()

    def refused(asked):
        question = asked.path, asked.query
        is_new = asked.path.startswith(API) and question not in known
        known.add(question)
        return _reply(tap)(401) if is_new and len(known) % every == 0 else None

    return refused


def test_login_and_logout_with_debug_leave_no_secret(
    tapped, terminal_kit, person, leaks_kit, tmp_path, monkeypatch
):
    """The codes, the verifier's answer, all tokens: neither in the terminal nor in a file, nor in the browser's pages."""
    tap = tapped()
    environment = {
        **tap.environment,
        "EXEPRON_GRANT": "refresh_token",
        "EXEPRON_DATA_DIR": str(tmp_path / "data"),
        "EXEPRON_REDIRECT_URI": f"http://127.0.0.1:{terminal_kit.free_port()}/callback",
    }
    run = {"environment": environment, "folder": tmp_path}
    known = {"user": tap.username, "password": tap.connection["password"]}
    with terminal_kit.Terminal("--debug", "login", **run) as login:
        seen = person(login.visited(), **known)
        assert login.end() == 0, login.err
    with terminal_kit.Terminal("--debug", "logout", **run) as logout:
        assert logout.end() == 0, logout.err
    assert {"code", "access_token", "refresh_token", "id_token"} <= {
        name for each in tap.given for name in each
    }
    texts = {name: getattr(program, name).encode() for program in (login, logout) for name in ("out", "err")}
    texts["pages"] = json.dumps([page["text"] for page in seen["pages"]]).encode()
    assert leaks_kit.leaks(secrets_of(tap), texts | leaks_kit.files_of(tmp_path / "data")) == []


# -- errors ---------------------------------------------------------------------------------------------------


def echo(secret):
    """What a server might say of a secret, in all spellings."""
    coded = [base64.b64encode(b"x" * shift + secret.encode() + b"y").decode() for shift in range(3)]
    return " ".join([secret, quote_plus(secret), json.dumps(secret), *coded])


def oauth_error(code, status=400):
    """The token endpoint refuses, and repeats all that it was sent."""

    def answer(asked, reply):
        said = echo(asked.form.get("refresh_token") or asked.form.get("password") or asked.authorization)
        document = {"error": code, "error_description": f"{said} {asked.authorization}"}
        return reply(status, [(b"content-type", b"application/json")], json.dumps(document).encode())

    return "/identity/connect/token", answer


def text(path, status, media_type="text/html"):
    """An answer that repeats the question's header and form as a text."""

    def answer(asked, reply):
        body = f"<p>{asked.authorization} {' '.join(map(echo, asked.form.values()))}</p>".encode()
        return reply(status, [(b"content-type", media_type.encode())], body)

    return path, answer


def redirect(path):
    """A redirect to an address with everything in it."""

    def answer(asked, reply):
        address = f"http://127.0.0.2:9/?a={quote_plus(asked.authorization)}&{'&'.join(asked.form.values())}"
        return reply(302, [(b"location", quote_plus(address, safe=":/?&=").encode())])

    return path, answer


TOKEN, DISCOVERY, API = "/identity/connect/token", "/identity/.well-known", "/api/"
PATHS = {
    "refused " + code: oauth_error(code, 401 if code == "invalid_client" else 400)
    for code in (
        "invalid_client",
        "invalid_grant",
        "unauthorized_client",
        "invalid_scope",
        "unsupported_grant_type",
        "access_denied",
        "something new",
    )
}
PATHS |= {
    "a web page for a token": text(TOKEN, 200),
    "an error page for a token": text(TOKEN, 500),
    "half a document for a token": text(TOKEN, 200, "application/json"),
    "a redirect for a token": redirect(TOKEN),
    "a redirect of discovery": redirect(DISCOVERY),
    "a web page for discovery": text(DISCOVERY, 200),
    "a forbidden API": text(API, 403, "application/json"),
    "an API that refuses every token": text(API, 401),
    "an API that is a web page": text(API, 200),
    "an API that redirects": redirect(API),
    "an API that fails": text(API, 500),
}


@pytest.mark.parametrize("name", PATHS)
def test_no_error_shows_a_secret(tapped, here, leaks_kit, caplog, name):
    """Whatever server and API repeat of what they were sent: message, hint, traceback, pickle and log stay clean."""
    tap = tapped()
    prefix, answer = PATHS[name]
    caplog.set_level(logging.DEBUG)
    caplog.handler.addFilter(RedactingFilter())  # as the program's own handler
    here.keeper(tap.connection).token()
    here.age()
    for path in here.state_dir.rglob("*"):
        if path.is_file() and b"token_endpoint" in path.read_bytes():
            path.unlink()  # what discovery said is kept
    caplog.clear()
    tap.instead = lambda asked: answer(asked, _reply(tap)) if asked.path.startswith(prefix) else None
    texts = {}
    for grant, changes in {"a refresh": {}, "a password": {"scope": "exepron.restapi"}}.items():
        keeper = here.keeper(tap.connection, **changes)
        service = Service(tap.connection["api_url"], here.transport, keeper, Throttle(0, 4))
        with pytest.raises(ExepronError) as raised:
            service.get("Accounts/Users/GetLoggedinUser")
        error = raised.value
        shown = [f"{error!r} {error} {error.message} {error.hint}", *traceback.format_exception(error)]
        texts |= {grant: "".join(shown).encode(), f"{grant}, pickled": pickle.dumps(error, 0)}
        texts[f"{grant}, keeper"] = f"{keeper!r} {keeper.describe()!r} {service!r}".encode()
    texts["the log"] = caplog.text.encode()
    assert leaks_kit.leaks(secrets_of(tap), texts) == []


def _reply(tap):
    return sys.modules[type(tap).__module__].Reply


# -- Dagster --------------------------------------------------------------------------------------------------


def test_dagster_is_told_no_secret(tapped, leaks_kit, tmp_path):
    """A run that signs in well and is refused on the way: event log, compute logs, output and data folder."""
    tap = tapped()
    tap.instead = lambda asked: _signed_out(tap, asked)
    ended = _dagster_run(tap, tmp_path)
    assert ended.returncode != 0, ended.stdout + ended.stderr
    events = leaks_kit.files_of(tmp_path / "home")
    assert any(b"invalid_grant" in text for text in events.values()), (
        "no event tells of it: this proves nothing"
    )
    assert leaks_kit.leaks(secrets_of(tap), events | left_behind(leaks_kit, tmp_path / "data", ended)) == []


def _signed_out(tap, asked):
    """From the first question for records on, which only a step of a run asks: token and credentials are refused."""
    if _is_for_records(asked):
        return _reply(tap)(401)
    is_over = asked.form and any(map(_is_for_records, tap.asked))
    return oauth_error("invalid_grant")[1](asked, _reply(tap)) if is_over else None


def _is_for_records(asked):
    return asked.path.startswith(API) and not asked.path.endswith(("GetLoggedinUser", "$metadata"))


def _dagster_run(tap, folder):
    """``make run``, with few entity sets."""
    kept = {"accounts", "projects", "roles", "users"}
    sets = {name: {"enabled": False} for name in load_catalogue().entity_sets if name not in kept}
    (folder / "few.yaml").write_text(json.dumps({"entity_sets": sets}))
    home = folder / "home"
    home.mkdir(exist_ok=True)
    (home / "dagster.yaml").write_text((ROOT / "dagster_home" / "dagster.yaml").read_text())
    settings = {
        **tap.environment,
        "EXEPRON_DATA_DIR": str(folder / "data"),
        "EXEPRON_CATALOGUE": str(folder / "few.yaml"),
        "DAGSTER_HOME": str(home),
    }
    return subprocess.run(
        [sys.executable, "-m", "exepron_pipeline.orchestration.run"],
        env={**os.environ, **settings},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )


# -- the search itself ----------------------------------------------------------------------------------------

SECRET = 's:e+c%r e/t=ü"&more'
PLANTED = {
    "as it is": SECRET.encode(),
    "in a form": quote_plus(SECRET).encode(),
    "in JSON": json.dumps(SECRET).encode(),
    "in a pickle": pickle.dumps({"secret": SECRET}),
    **{
        f"in base64 behind {before} bytes": coder(b"b" * before + SECRET.encode() + b"!")
        for before in range(4)
        for coder in (base64.b64encode, base64.urlsafe_b64encode)
    },
    "in a basic header, encoded first": base64.b64encode(f"client:{quote_plus(SECRET)}".encode()),
}


@pytest.mark.parametrize("where", PLANTED)
def test_the_search_finds_what_is_planted(leaks_kit, tmp_path, where):
    """A secret in a file is found in every spelling, and nothing is found where it is not."""
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a file").write_bytes(b"\x00before " + PLANTED[where] + b" after\xff")
    found = leaks_kit.leaks([SECRET], leaks_kit.files_of(tmp_path))
    assert found
    assert all("a file" in each and SECRET not in each for each in found)
    assert leaks_kit.leaks(["another secret"], leaks_kit.files_of(tmp_path)) == []
