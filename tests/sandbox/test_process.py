import json
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from exepron_pipeline.sandbox import credentials, process, state
from exepron_pipeline.sandbox.errors import SandboxError


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """A sandbox in a child process of its own folder."""
    with process.start(tmp_path_factory.mktemp("sandbox") / "data", seed=3) as sandbox:
        yield sandbox


@pytest.fixture
def client(running, client_of):
    """A client of the child process, signed in with the settings it exports."""
    return client_of(running.url, 3).as_user(running.environment["EXEPRON_USERNAME"])


def health(url):
    """What the sandbox says of itself."""
    with urllib.request.urlopen(f"{url}/health", timeout=20) as answer:
        return json.load(answer)


def wait_for(condition, seconds=20):
    """Wait until it is so; fail when it never is."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def test_first_start_settles_the_folder(running):
    """The folder remembers seed, size, day and a port outside of the ephemeral range, for its owner only."""
    kept = json.loads((running.data_dir / "portfolio.json").read_text())
    assert kept == {"seed": 3, "size": "small", "day": 0, "port": running.state.port}
    assert 20_000 <= running.state.port < 30_000
    assert stat.S_IMODE(running.data_dir.stat().st_mode) == 0o700
    files = [path for path in running.data_dir.rglob("*") if path.is_file()]
    assert [path.name for path in files if path.stat().st_mode & 0o077] == []


def test_exported_settings_sign_in(running, client):
    """With the exported settings one signs in and is the service user of the first account."""
    environment = running.environment
    assert environment["EXEPRON_API_URL"] == f"{running.url}/api/v1"
    assert environment["EXEPRON_IDENTITY_URL"] == f"{running.url}/identity"
    assert environment["EXEPRON_CLIENT_SECRET"] == credentials.client_secret(3, credentials.CLIENT_ID)
    assert Path(environment["EXEPRON_DATA_DIR"]).is_absolute()
    me = client.get("Accounts/Users/GetLoggedinUser").json
    assert [user["email"] for user in me] == [environment["EXEPRON_USERNAME"]]


def test_every_entity_set_is_served_as_the_portfolio_has_it(client):
    """Read by pages in key order, every entity set is complete and equal to the portfolio's truth."""
    from exepron_pipeline.sandbox.portfolio import Portfolio
    from exepron_pipeline.sandbox.schema import ENTITY_SETS

    portfolio = Portfolio(seed=3)
    account = portfolio.accounts()[0]["accountId"]
    for entity_set in ENTITY_SETS:
        path, order, rows = entity_set.paths[0].format(a=0, u=0, p=-1, t=-1), ",".join(entity_set.key), []
        while page := client.get(path, orderby=order, top="2000", skip=str(len(rows))).json:
            rows += page
        truth = portfolio.truth(entity_set.name, account)
        assert len(rows) == len(truth) > 0, entity_set.name
        truth.sort(key=lambda row: tuple(row[name] for name in entity_set.key))
        assert [plain(row, entity_set) for row in rows] == [plain(row, entity_set) for row in truth]


def plain(row, entity_set):
    """A row with stamps, dates and decimals in one form, whether from JSON or from Python."""
    values = {}
    for field in entity_set.fields:
        value = row[field.name]
        if value is not None and field.kind == "stamp":
            value = str(value).replace(" ", "T").removesuffix("+00:00")[:23].rstrip("0").rstrip(".")
        elif value is not None and field.kind == "decimal":
            value = float(value)
        elif value is not None and field.kind == "date":
            value = str(value)
        values[field.name] = value
    return values


def test_a_running_one_is_used_again(running):
    """A second start on the folder finds the sandbox that runs, and does not stop it."""
    with process.start(running.data_dir) as again:
        assert not again.started_here
        assert again.environment == running.environment
    assert health(running.url)["portfolio"]["seed"] == 3


def test_an_offer_reaches_the_child(tmp_path, client_of):
    """Generation, limits and faults are those asked for; who asks for nothing uses them, for others is an error."""
    from exepron_pipeline.sandbox.offer import Offer

    offer = Offer("g3", limits=("page=2:split",), faults=("unavailable:1@roles",))
    with process.start(tmp_path / "data", offer=offer) as sandbox:
        client = client_of(sandbox.url, 1).as_user(sandbox.environment["EXEPRON_USERNAME"])
        assert client.get("roles").status == 503
        assert len(client.get("projects").json["value"]) == 2
        assert health(sandbox.url)["faults"] == {"unavailable": 1}
        assert process.start(tmp_path / "data").arguments == offer.arguments()
        with pytest.raises(SandboxError, match=r"runs already with --generation=g3") as other:
            process.start(tmp_path / "data", offer=Offer("g1"))
        assert other.value.hint


@pytest.mark.parametrize("offer", [{"faults": ("nothing",)}, {"limits": ("page=none",)}])
def test_a_wrong_offer_says_so(tmp_path, offer):
    """A child that is asked for what does not exist ends, and the error holds its words."""
    from exepron_pipeline.sandbox.offer import Offer

    with pytest.raises(SandboxError, match=r"nothing|page=none"):
        process.start(tmp_path / "data", offer=Offer(**offer))


def test_advance_reaches_a_running_one(running, client):
    """Days added to the folder are lived through before the next answer, and change rows."""
    before = client.get("Accounts/0/WorkHours", orderby="workHourId desc", top="1").text
    moved = state.advance(running.data_dir, 2)
    assert moved.day == 2
    assert client.get("Accounts/0/WorkHours", orderby="workHourId desc", top="1").text != before
    assert health(running.url)["portfolio"]["day"] == 2
    assert state.advance(running.data_dir, 1).day == 3
    assert health(running.url)["portfolio"]["day"] == 3


def test_advance_without_a_server(tmp_path):
    """The calendar moves without a server; a folder without sandbox, and going back, are errors with a cure."""
    with pytest.raises(SandboxError, match="no sandbox") as missing:
        state.advance(tmp_path, 1)
    assert "--data-dir" in missing.value.hint
    state.settle(tmp_path, seed=5, size="medium")
    assert state.advance(tmp_path, 30).day == 30
    assert state.settle(tmp_path).day == 30
    with pytest.raises(SandboxError, match="cannot go -1 days"):
        state.advance(tmp_path, -1)


def test_port_is_kept_and_may_be_chosen(tmp_path):
    """The port drawn first stays; a port that is named replaces it for good."""
    first = state.settle(tmp_path).port
    assert state.settle(tmp_path).port == first
    assert state.settle(tmp_path, port=23_456).port == 23_456
    assert state.settle(tmp_path).port == 23_456


def test_another_portfolio_needs_another_folder(tmp_path):
    """A folder never changes its seed or size under a warehouse that was loaded from it."""
    state.settle(tmp_path, seed=5)
    assert state.settle(tmp_path, seed=5, size="small").seed == 5
    for other in ({"seed": 6}, {"size": "large"}):
        with pytest.raises(SandboxError, match="seed 5 and size small"):
            state.settle(tmp_path, **other)


def test_real_data_are_left_alone(tmp_path):
    """A folder with a warehouse and without portfolio.json is never made a sandbox's."""
    (tmp_path / "warehouse.duckdb").touch()
    with pytest.raises(SandboxError, match="real account"):
        process.start(tmp_path)
    assert not (tmp_path / "portfolio.json").exists()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"seed": 1}',
        '{"seed": "1", "size": "small", "day": 0, "port": 2}',
        '{"seed": 1, "size": "small", "day": -1, "port": 2}',
    ],
)
def test_broken_state_is_named(tmp_path, text):
    """A portfolio.json that is not ours is an error that names the file."""
    (tmp_path / "portfolio.json").write_text(text)
    with pytest.raises(SandboxError, match=r"portfolio\.json cannot be read"):
        state.settle(tmp_path)


def test_port_of_a_stranger(tmp_path):
    """A port that another program holds is an error with a cure, and no child is left behind."""
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", 0))
        port = stranger.getsockname()[1]
        with pytest.raises(SandboxError, match=f"Port {port} of 127.0.0.1 is used") as busy:
            process.start(tmp_path, port=port, ready_within=5)
    assert "--port" in busy.value.hint


def test_another_sandbox_is_a_stranger_too(running, tmp_path):
    """A sandbox of another folder on the port is not taken for ours."""
    with pytest.raises(SandboxError, match="is used by another program"):
        process.start(tmp_path, port=running.state.port)


def test_a_failed_start_says_why(tmp_path, monkeypatch):
    """When the child ends while it starts, the error says so and where its log is."""
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(SandboxError, match="ended while it started") as failed:
        process.start(tmp_path)
    assert "sandbox.log" in failed.value.hint


def test_the_child_dies_with_its_parent(tmp_path):
    """Even when the parent is killed outright, the sandbox ends and gives its port back."""
    program = (
        "import sys, time; from pathlib import Path; from exepron_pipeline.sandbox.process import start;"
        "s = start(Path(sys.argv[1])); print(s.state.port, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", program, str(tmp_path / "data")], stdout=subprocess.PIPE)
    port = int(parent.stdout.readline())
    parent.stdout.close()
    assert not state.is_free(port)
    parent.kill()
    parent.wait()
    wait_for(lambda: state.is_free(port))


def test_module_prints_a_ready_line_and_stops_on_signal(tmp_path):
    """``python -m exepron_pipeline.sandbox`` prints one line when ready; Ctrl-C ends it with 130."""
    command = [sys.executable, "-m", "exepron_pipeline.sandbox", "--data-dir", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        line = child.stdout.readline().decode()
        port = state.settle(tmp_path).port
        assert line == f"Sandbox (a simulation) ready on http://127.0.0.1:{port}\n"
        child.send_signal(signal.SIGINT)
        assert child.wait(120) == 130
        assert child.stderr.read() == b""


def test_it_listens_on_the_loopback_only(running):
    """No other address of the machine answers on the sandbox's port."""
    if not Path("/proc/net/tcp").exists():
        pytest.skip("needs /proc/net/tcp")
    port = f"{running.state.port:04X}"
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    listening = [
        line.split()[1] for line in lines if line.split()[3] == "0A" and line.split()[1].endswith(f":{port}")
    ]
    assert listening == [f"0100007F:{port}"]


def test_starting_at_once_gives_one_sandbox(tmp_path):
    """Two starts at the same time on one folder: one starts it, the other uses it."""
    program = (
        "import sys; from pathlib import Path; from exepron_pipeline.sandbox.process import start;"
        "s = start(Path(sys.argv[1])); print(s.started_here, flush=True); sys.stdin.read(); s.stop()"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "data")]
    both = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(2)]
    said = sorted(child.stdout.readline().decode().strip() for child in both)
    for child in both:
        child.communicate()
    assert said == ["False", "True"]
