import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from exepron_pipeline.sandbox import process, state

RUN = (
    "from exepron_pipeline.cli.sandbox import app; import typer, sys\n"
    "from exepron_pipeline.errors import ConfigurationError\n"
    "try: app(prog_name='exepron sandbox')\n"
    "except ConfigurationError as e: print(e, file=sys.stderr); sys.exit(2)"
)
SHOW = "import json, os; print(json.dumps(dict(os.environ)))"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The folder of a sandbox that runs already, so that ``exec`` need not start one."""
    with process.start(tmp_path_factory.mktemp("shared") / "data") as running:
        yield str(running.data_dir)


@pytest.fixture
def run(tmp_path):
    """Runs ``exepron sandbox`` in an empty folder, without any setting in the environment."""

    def start(*arguments, **environment):
        clean = {name: value for name, value in os.environ.items() if not name.startswith("EXEPRON_")}
        return subprocess.Popen(
            [sys.executable, "-c", RUN, *arguments], cwd=tmp_path, env=clean | environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
        )  # fmt: skip

    def finish(*arguments, **environment):
        with start(*arguments, **environment) as child:
            out, err = child.communicate(timeout=120)
        return child.returncode, out, err

    finish.start = start
    return finish


def test_exec_exports_the_settings_and_says_so(run, tmp_path):
    """CMD sees the sandbox's settings; one line on standard error says what is used; it is stopped after."""
    code, out, err = run(
        "exec", "--unless-configured", "--", sys.executable, "-c", SHOW, HTTP_PROXY="http://proxy:1"
    )
    port = state.settle(tmp_path / "data/sandbox").port
    address = f"http://127.0.0.1:{port}"
    using = "No identity settings found: using the embedded sandbox (a simulation)"
    assert (code, err) == (0, f"{using} on {address}, data in data/sandbox.\n")
    seen = json.loads(out)
    assert seen["EXEPRON_API_URL"] == f"{address}/api/v1"
    assert seen["EXEPRON_DATA_DIR"] == str(tmp_path / "data/sandbox")
    assert "127.0.0.1" in seen["NO_PROXY"]
    assert state.is_free(port)


def test_exec_passes_the_exit_code_on(run, folder):
    """The exit code of CMD is ours; a program that is not there is a usage error."""
    assert run("exec", "--data-dir", folder, "--", sys.executable, "-c", "raise SystemExit(7)")[0] == 7
    code, _, err = run("exec", "--data-dir", folder, "--", "no-such-program")
    assert code == 2
    assert "'no-such-program' cannot be run" in err


def test_exec_unless_configured_leaves_real_settings_alone(run, tmp_path):
    """With any identity setting CMD runs as it is: no sandbox, no folder, no word."""
    code, out, err = run(
        "exec",
        "--unless-configured",
        "--",
        sys.executable,
        "-c",
        SHOW,
        EXEPRON_CLIENT_ID="real",
        EXEPRON_RATE="1",
    )
    assert (code, err) == (0, "")
    ours = {name: value for name, value in json.loads(out).items() if name.startswith("EXEPRON_")}
    assert ours == {"EXEPRON_CLIENT_ID": "real", "EXEPRON_RATE": "1"}
    assert not (tmp_path / "data").exists()


def test_exec_keeps_real_credentials_away(run, folder):
    """Run on purpose beside real settings, CMD gets the sandbox's and no other credential."""
    actual = {
        "EXEPRON_TOKEN": "actual",
        "EXEPRON_PASSWORD_FILE": "/actual",
        "EXEPRON_GRANT": "token",
        "EXEPRON_ACCOUNTS": "4",
    }
    code, out, _ = run(
        "exec", "--data-dir", folder, "--", sys.executable, "-c", SHOW, EXEPRON_USERNAME="actual", **actual
    )
    assert code == 0
    ours = {name: value for name, value in json.loads(out).items() if name.startswith("EXEPRON_")}
    assert "actual" not in "".join(ours.values())
    assert not {"EXEPRON_TOKEN", "EXEPRON_PASSWORD_FILE"} & set(ours)
    assert (ours["EXEPRON_GRANT"], ours["EXEPRON_ACCOUNTS"]) == ("password", "auto")


def test_exec_as_a_user(run, folder):
    """With ``--as-user`` CMD gets the public client and no secret, and the person is told what to type."""
    command = ("--data-dir", folder, "--as-user", "--", sys.executable, "-c", SHOW)
    code, out, err = run("exec", *command, EXEPRON_PASSWORD="actual", EXEPRON_CLIENT_SECRET_FILE="/actual")
    assert code == 0
    ours = {name: value for name, value in json.loads(out).items() if name.startswith("EXEPRON_")}
    assert set(ours) == {
        "EXEPRON_API_URL", "EXEPRON_IDENTITY_URL", "EXEPRON_DATA_DIR", "EXEPRON_CLIENT_ID",
        "EXEPRON_REDIRECT_URI", "EXEPRON_GRANT", "EXEPRON_ACCOUNTS",
    }  # fmt: skip
    assert (ours["EXEPRON_CLIENT_ID"], ours["EXEPRON_GRANT"]) == ("exepron-sandbox-public", "auto")
    running = process.start(Path(folder))
    assert f"sign in as {running.username} with the password {running.password}\n" in err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_exec_hands_signals_on(run, tmp_path, number):
    """SIGTERM and SIGINT reach CMD, which ends in its own way; then the sandbox is stopped."""
    waits = (
        "import signal, sys, time\n"
        "for n in (signal.SIGTERM, signal.SIGINT): signal.signal(n, lambda n, f: sys.exit(40 + n))\n"
        "print('waiting', flush=True); time.sleep(60)"
    )
    child = run.start("exec", "--", sys.executable, "-c", waits)
    assert child.stdout.readline() == "waiting\n"
    child.send_signal(number)
    child.communicate(timeout=120)
    assert child.returncode == 40 + number
    assert state.is_free(state.settle(tmp_path / "data/sandbox").port)


def test_foreground_until_interrupted(run, tmp_path):
    """Bare it runs in the foreground, prints addresses and settings, and ends with 130 after Ctrl-C."""
    child = run.start("--seed", "4", "--data-dir", "here")
    lines = [child.stdout.readline() for _ in range(12)]
    port = state.settle(tmp_path / "here").port
    assert "a simulation, not affiliated with Exepron" in lines[0]
    assert f"  export EXEPRON_API_URL=http://127.0.0.1:{port}/api/v1\n" in lines
    second = run("--data-dir", "here")
    assert second[0] == 2
    assert "runs already" in second[2]
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=120)
    assert (child.returncode, err) == (130, "")


def test_advance(run, tmp_path):
    """``advance`` moves the folder's calendar, also without a server, and says where it stands."""
    assert run("advance", "--days", "2")[0] == 2
    state.settle(tmp_path / "data/sandbox")
    code, out, _ = run("advance", "--days", "5")
    assert (code, out) == (0, "The sandbox in data/sandbox is on day 5.\n")
    assert run("advance", "--days", "0")[0] == 2
    assert run("advance", "--days", "1", EXEPRON_DATA_DIR=str(tmp_path / "data/sandbox"))[1].endswith(
        "day 6.\n"
    )


def test_exec_serves_what_is_asked_for(run, tmp_path):
    """Generation, profile, stamps, limits and faults of ``exec`` are those of the sandbox that CMD sees."""
    asks = (
        "import os, urllib.request as u;"
        "print(u.urlopen(os.environ['EXEPRON_API_URL'].replace('/api/v1', '/health')).read().decode())"
    )
    code, out, err = run(
        "exec", "--generation", "g3", "--profile", "confirmed", "--stamps", "local", "--limit", "page=9",
        "--token-lifetime", "7",
        "--fault", "unavailable:3", "--fault", "slow-answer", "--", sys.executable, "-c", asks,
    )  # fmt: skip
    assert code == 0, err
    said = json.loads(out)
    assert (said["generation"], said["profile"]) == ("g3", "confirmed")
    assert said["faults"] == {"unavailable": 0, "slow-answer": 0}
    assert {"--stamps=local", "--limit=page=9", "--limit=token-lifetime=7", "--fault=unavailable:3"} <= set(
        said["offer"]
    )


def test_names_are_listed(run, tmp_path):
    """``--fault list`` and ``--limit list`` print every name with its meaning, and start nothing."""
    from exepron_pipeline.sandbox.faults.catalogue import FAULTS
    from exepron_pipeline.sandbox.limits import LIMITS

    for option, names in (("--fault", FAULTS), ("--limit", LIMITS)):
        code, out, _ = run(option, "list")
        assert code == 0
        assert [line.split()[0] for line in out.splitlines()] == list(names)
    assert FAULTS["key-twice"].about in run("exec", "--fault", "list", "--", "true")[1]
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["--generation", "g4"],
        ["--profile", "friend"],
        ["--stamps", "mars"],
        ["--fault", "slow"],
        ["--fault", "unavailable:sometimes"],
        ["--limit", "page=none"],
        ["--limit", "patience=3"],
        ["--fault", "unavailable", "advance", "--days", "1"],
        ["--size", "huge"],
        ["--port", "80"],
        ["exec", "--generation", "g0", "--", "true"],
        ["--seed", "3", "advance", "--days", "1"],
        ["exec"],
    ],
)
def test_what_is_not_offered_is_refused(run, tmp_path, arguments):
    """Options that this version does not have, and options in the wrong place, are exit 2 and start nothing."""
    code, _, err = run(*arguments)
    assert code == 2
    assert err
    assert not (tmp_path / "data").exists()


def test_import_is_light():
    """The command's module loads neither the web server nor the parser: ``--help`` stays quick."""
    heavy = "{'starlette', 'uvicorn', 'odata_query', 'authlib', 'joserfc', 'dagster', 'duckdb'}"
    program = f"import sys, exepron_pipeline.cli.sandbox; print(sorted({heavy} & set(sys.modules)))"
    started = time.monotonic()
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
    assert time.monotonic() - started < 30
