import multiprocessing
import runpy
import time
from pathlib import Path

import pytest

from exepron_pipeline.auth.session import Session
from exepron_pipeline.auth.store import FileStore, key_of
from exepron_pipeline.auth.token import Tokens

SCRIPT = str(Path(__file__).with_name("one_process.py"))


@pytest.fixture(scope="module")
def processes():
    """Give a context whose processes start quickly, as all imports are done once."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["exepron_pipeline.auth.keeper"])
    return context


def _run(context, number, connection, folder):
    for name in ("begun", "outcomes"):
        (folder / name).mkdir()
    given = {"CONNECTION": connection, "FOLDER": folder}
    started = [
        context.Process(target=runpy.run_path, args=(SCRIPT, given, "a_process")) for _ in range(number)
    ]
    for process in started:
        process.start()
    for process in started:
        process.join(120)
    assert [process.exitcode for process in started] == [0] * number
    return [path.read_text() for path in (folder / "outcomes").iterdir()]


def _all_begun(number, folder):
    """Wait, as the identity server, until that many processes want a token."""
    deadline = time.monotonic() + 30
    while len(list((folder / "begun").iterdir())) < number and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.2)  # from writing the file to standing in the queue


def _plain(connection):
    secrets = {name: getattr(connection, name).get_secret_value() for name in ("client_secret", "password")}
    return {**connection.model_dump(include={"identity_url", "client_id", "username"}), **secrets}


def test_eight_processes_with_an_expired_token_ask_once(identity, connect, processes, tmp_path):
    """One refreshes, the others take what it got: a one-time refresh token is never used twice."""
    identity.refresh_tokens, identity.before = {"old-refresh"}, lambda: _all_begun(8, tmp_path)
    expired = Tokens("old", "password", 1000.0, 60, "old-refresh")
    FileStore(tmp_path / "state" / "tokens").save(key_of(connect()), Session(expired))
    outcomes = _run(processes, 8, _plain(connect()), tmp_path)
    assert outcomes == ["access-1"] * 8
    assert (identity.asked, identity.discoveries) == (["refresh_token"], 1)


def test_processes_that_wait_do_not_repeat_a_wrong_password(identity, connect, processes, tmp_path):
    """Who waited while the password was refused takes the refusal: the user is not locked out."""
    identity.before = lambda: _all_begun(4, tmp_path)
    outcomes = _run(processes, 4, _plain(connect(password="wrong-word")), tmp_path)
    assert outcomes == ["GrantRefusedError"] * 4
    assert identity.asked == ["password"]
