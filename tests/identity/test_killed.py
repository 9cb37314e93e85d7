"""Refreshes with rotation, each killed at another point: where the session survives, and what is said where not."""

import asyncio
import random
import runpy
import threading
import time
from collections import Counter
from pathlib import Path
from urllib.request import urlopen

import pytest

from exepron_pipeline.errors import AuthRejectedError

SCRIPT = str(Path(__file__).with_name("one_process.py"))
SHORT_AND_FULL = [20, pytest.param(200, marks=pytest.mark.full)]
LONGEST_ANSWER = 0.06  # seconds
BEFORE, WINDOW, AFTER = "not rotated", "rotated and lost on the way", "rotated and kept"


@pytest.fixture
def tap(tapped):
    """A sandbox whose answer to a refresh takes a while to arrive, as it does over a real network."""
    running = tapped()
    running.rotated = threading.Event()
    pause = random.Random(4)

    async def slowly(asked, reply):
        if asked.path.endswith("/token"):
            running.rotated.set()
            await asyncio.sleep(pause.uniform(0, LONGEST_ANSWER))
        return reply

    running.after = slowly
    return running


@pytest.fixture
def refreshing(tap, here, quick_processes, tmp_path):
    """Start a process that gets another token than the stored one; given when it is about to ask."""
    for name in ("begun", "outcomes"):
        (tmp_path / name).mkdir()

    def start():
        given = {
            "CONNECTION": tap.connection,
            "FOLDER": tmp_path,
            "REFUSED": here.stored["access_token"],
        }
        process = quick_processes.Process(target=runpy.run_path, args=(SCRIPT, given, "a_process"))
        process.start()
        begun = tmp_path / "begun" / str(process.pid)
        while not begun.exists():
            assert process.is_alive()
            time.sleep(0.001)
        return process

    return start


@pytest.mark.timeout(1800)  # the full form on a busy machine
@pytest.mark.parametrize("kills", SHORT_AND_FULL)
def test_no_kill_loses_a_session_outside_of_the_window(tap, here, refreshing, until, kills):
    """Killed before the server rotated, or after the new token was kept: the next run refreshes as if nothing was.

    Half of the kills come at any time of a refresh, the others soon after the server rotated.

    Between the two nothing can be durable here: then a password signs in anew, and without one the message
    names `exepron login`.
    """
    here.keeper(tap.connection).token()
    longest, outcomes = 1.5 * _usual(refreshing), Counter()
    for number in range(kills):
        old, minted = here.stored, len(tap.refresh_tokens)
        tap.rotated.clear()
        process = refreshing()
        if number % 2:
            tap.rotated.wait(30)
        _kill(process, (2 * LONGEST_ANSWER if number % 2 else longest) * (number + random.random()) / kills)
        _settle(tap, until)
        outcome = _outcome(old, here.stored, tap.refresh_tokens, minted)
        outcomes[outcome] += 1
        asked = len(tap.token_requests)
        _go_on(tap, here, outcome, with_password=outcomes[WINDOW] % 2)
        grants = [each.form["grant_type"] for each in tap.token_requests[asked:]]
        assert grants == (["refresh_token", "password"] if outcome == WINDOW else ["refresh_token"])
    assert outcomes.total() == kills
    assert set(outcomes) == {BEFORE, WINDOW, AFTER}, outcomes
    left = {path.suffix for path in (here.state_dir / "tokens").iterdir()}
    assert left <= {".json", ".lock"}, "a killed process left a file with tokens behind"


def _usual(refreshing):
    """How long a refresh takes at most, from its beginning."""
    durations = []
    for _ in range(3):
        process, began = refreshing(), time.monotonic()
        process.join(120)
        durations.append(time.monotonic() - began)
    return max(durations)


def _kill(process, after):
    time.sleep(after)
    process.kill()
    process.join(120)


def _settle(tap, until):
    """Wait until the server has dealt with all that was sent: it takes one connection after the other."""
    with urlopen(f"{tap.url}/health") as answer:
        answer.read()
    until(lambda: not tap.under_way)


def _outcome(old, kept, minted, before):
    """Where the kill struck, by what the server gave and what is on the disk; there is nothing else."""
    if kept["refresh_token"] == minted[-1]:
        return BEFORE if len(minted) == before else AFTER
    assert (kept["refresh_token"], len(minted)) == (old["refresh_token"], before + 1)
    return WINDOW


def _go_on(tap, here, outcome, *, with_password):
    """The next run, as a new process makes it."""
    stored = here.stored
    if outcome == WINDOW and not with_password:
        with pytest.raises(AuthRejectedError) as refused:
            here.keeper(tap.connection, password=None, grant="refresh_token").renew(stored["access_token"])
        assert "exepron login" in refused.value.hint
    assert here.keeper(tap.connection).renew(stored["access_token"]) != stored["access_token"]
