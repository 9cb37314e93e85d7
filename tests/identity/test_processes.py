"""Many processes and runs with one sign-in: what the identity server gets to see of them."""

import runpy
import time
from pathlib import Path

import pytest

SCRIPT = str(Path(__file__).with_name("one_process.py"))


def all_begun(number, folder):
    """Wait, as the identity server, until that many processes want a token."""
    deadline = time.monotonic() + 60
    while len(list((folder / "begun").iterdir())) < number and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.2)  # from writing the file to standing in the queue


def test_eight_processes_with_an_expired_token_send_one_request(tapped, here, quick_processes, tmp_path):
    """One refreshes while seven wait for it; the sandbox, which rotates, sees one token request."""
    tap = tapped()
    here.keeper(tap.connection).token()
    here.age()
    tap.asked.clear()
    for name in ("begun", "outcomes"):
        (tmp_path / name).mkdir()

    def hold(asked):
        if asked.path.endswith("/token"):
            all_begun(8, tmp_path)

    tap.instead = hold
    given = {"CONNECTION": tap.connection, "FOLDER": tmp_path, "REFUSED": None}
    started = [
        quick_processes.Process(target=runpy.run_path, args=(SCRIPT, given, "a_process")) for _ in range(8)
    ]
    for process in started:
        process.start()
    for process in started:
        process.join(120)
    assert [process.exitcode for process in started] == [0] * 8
    assert [asked.form["grant_type"] for asked in tap.token_requests] == ["refresh_token"]
    outcomes = {path.read_text() for path in (tmp_path / "outcomes").iterdir()}
    assert outcomes == {tap.given[-1]["access_token"]}


@pytest.mark.parametrize("runs", [50, pytest.param(500, marks=pytest.mark.full)])
def test_many_runs_mint_one_refresh_token(tapped, here, runs):
    """Each run is a keeper of its own, as in a new process: one sign-in serves them all."""
    tap = tapped()
    tokens = {here.keeper(tap.connection).token() for _ in range(runs)}
    assert (len(tokens), len(tap.token_requests), len(tap.refresh_tokens)) == (1, 1, 1)


@pytest.mark.parametrize("runs", [2, pytest.param(10, marks=pytest.mark.full)])
@pytest.mark.timeout(1800)  # the full form on a busy machine
def test_many_runs_of_the_program_mint_one_refresh_token(tapped, lab_kit, tmp_path, runs):
    """The program itself, several times: what the first run stored serves the next ones."""
    tap = tapped()
    lab = lab_kit.Lab(tap, tmp_path / "data")
    for _ in range(runs):
        ended = lab.exepron("sync", "roles", "--json")
        assert ended.returncode == 0, ended.stderr
    assert (len(tap.token_requests), len(tap.refresh_tokens)) == (1, 1)


class Paced:
    """A clock that each request moves on by a fraction of a second, however quick the machine is."""

    def __init__(self):
        self.began = self.now = time.time()

    def __call__(self):
        """Seconds since 1970."""
        return self.now

    def move(self, _asked):
        """A request came."""
        self.now += 1 / 30


@pytest.mark.parametrize("requests", [240, pytest.param(5000, marks=pytest.mark.full)])
def test_requests_outlive_short_tokens(tapped, here, requests):
    """Tokens of five seconds under many requests: none fails or is refused, no token comes too early."""
    from concurrent.futures import ThreadPoolExecutor

    from exepron_pipeline.auth.keeper import Keeper
    from exepron_pipeline.http.throttle import Throttle
    from exepron_pipeline.odata.service import Service
    from exepron_pipeline.settings import Connection

    clock = Paced()
    tap = tapped("token-lifetime=5", clock=clock)
    tap.instead = clock.move
    keeper = Keeper(Connection(**tap.connection), here.transport, here.state_dir, clock=clock)
    service = Service(tap.connection["api_url"], here.transport, keeper, Throttle(concurrency=4, rate=0))
    with ThreadPoolExecutor(4) as threads:
        statuses = list(
            threads.map(lambda _: service.get("Accounts/Users/GetLoggedinUser").status, range(requests))
        )
    seconds = clock.now - clock.began
    assert statuses == [200] * requests
    assert service.requests == requests
    assert seconds > 5, "no token ended meanwhile: this proves nothing"
    assert 2 <= len(tap.token_requests) <= 1 + seconds / 3
