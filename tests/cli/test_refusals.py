"""What goes wrong, through the real program: the exit code, a sentence with its cure, and nothing changed."""

import base64
import json
import signal
import socket
import stat
import time
from urllib.parse import quote, quote_plus

import pytest

SETTINGS = ["EXEPRON_API_URL", "EXEPRON_IDENTITY_URL", "EXEPRON_CLIENT_ID", "EXEPRON_CLIENT_SECRET"]
SETTINGS += ["EXEPRON_USERNAME", "EXEPRON_PASSWORD", "EXEPRON_DATA_DIR"]
BROKEN = """entity_sets:
  roles:
    description: "Roles."
    columns:
      role_id: {type: integer, description: "Identifies the role."}
"""


def check(ended, code, *words, secrets=()):
    """The program ended with this code, said these words on standard error and a cure, and no more than it may."""
    assert ended.returncode == code, ended.stderr
    lines = ended.stderr.strip().splitlines()
    assert any(line.startswith("Error: ") for line in lines[:-1])
    assert lines[-1].startswith("  ")
    for word in words:
        assert word in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "fault of exepron-pipeline" not in ended.stderr
    for secret in secrets:
        for form in (secret, quote(secret), quote_plus(secret), base64.b64encode(secret.encode()).decode()):
            assert form not in ended.stdout + ended.stderr


def free_port():
    """A port of the loopback where nobody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


# -- settings and usage ----------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["sync", "reconcile"])
def test_no_settings_at_all(landed, tmp_path, verb):
    """Without any setting: 2, the missing one, and how to try the sandbox; no folder is made, none started."""
    ended = landed.exepron(verb, **dict.fromkeys(SETTINGS))
    check(ended, 2, "EXEPRON_CLIENT_ID", "exepron sandbox exec -- exepron sync")
    assert list(tmp_path.iterdir()) == []


def test_no_settings_for_the_doctor(landed, tmp_path):
    """The doctor without any setting stops at the first rung with the same cure."""
    ended = landed.exepron("doctor", **dict.fromkeys(SETTINGS))
    assert (ended.returncode, "exepron sandbox exec -- exepron sync" in ended.stdout) == (2, True)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_setting_never_means_the_sandbox(landed, tmp_path):
    """With some identity settings and not all: 2, the missing one; the sandbox's folder is not touched."""
    folder = tmp_path / "data" / "sandbox"
    folder.mkdir(parents=True)
    gone = dict.fromkeys(["EXEPRON_PASSWORD", "EXEPRON_DATA_DIR"])
    check(landed.exepron("sync", **gone), 2, "EXEPRON_PASSWORD")
    assert list(folder.iterdir()) == []
    assert list(folder.parent.iterdir()) == [folder]


@pytest.mark.parametrize(
    ("words", "settings", "said"),
    [
        (["sync"], {"EXEPRON_PASWORD": "x"}, ["EXEPRON_PASWORD", "EXEPRON_PASSWORD"]),
        (["sync"], {"EXEPRON_RATE": "fast"}, ["EXEPRON_RATE"]),
        (["sync"], {"EXEPRON_API_URL": "http://api.example.com/v1"}, ["https"]),
        (["sync", "taks"], {}, ["taks", "tasks"]),
        (["sync", "risks"], {}, ["risks", "switched off"]),
        (["sync", "--since", "yesterday"], {}, ["yesterday", "2026-03-01"]),
        (["query", "SELEC 1"], {}, ["SELEC"]),
        (["query", "SELECT * FROM core.nothing"], {}, ["nothing"]),
        (["sync"], {"EXEPRON_CATALOGUE": "missing.yaml"}, ["missing.yaml"]),
    ],
    ids=lambda value: value[-1] if isinstance(value, list) else "",
)
def test_usage(landed, words, settings, said):
    """A wrong setting, name, moment, query or catalogue: 2, what is wrong, and what would be right."""
    check(landed.exepron(*words, **settings), 2, *said, secrets=landed.secrets())


def test_a_broken_catalogue(landed, tmp_path):
    """A catalogue with a mistake: 2, with file and line."""
    (tmp_path / "mine.yaml").write_text(BROKEN)
    ended = landed.exepron("sync", EXEPRON_CATALOGUE=str(tmp_path / "mine.yaml"))
    check(ended, 2, "mine.yaml:5", "int")


# -- the source ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("setting", "value", "code", "said"),
    [
        ("EXEPRON_CLIENT_SECRET", "wrong secret", 4, "EXEPRON_CLIENT_SECRET"),
        ("EXEPRON_PASSWORD", "wrong password", 4, "EXEPRON_PASSWORD"),
        ("EXEPRON_USERNAME", "nobody@nordwerk.example", 4, "EXEPRON_USERNAME"),
        ("EXEPRON_CLIENT_ID", "another", 4, "EXEPRON_CLIENT_ID"),
        ("EXEPRON_API_URL", "{url}/api/v7", 2, "EXEPRON_API_URL"),
        ("EXEPRON_IDENTITY_URL", "{url}/api", 4, "EXEPRON_IDENTITY_URL"),
    ],
)
def test_a_wrong_source(empty, setting, value, code, said):
    """Wrong credentials or addresses: the setting to look at; nothing is landed, no secret shown."""
    right = empty.secrets()
    wrong = value.format(url=empty.sandbox.url)
    ended = empty.exepron("sync", **{setting: wrong})
    check(ended, code, said, secrets=(*right, *([wrong] if "wrong" in wrong else [])))
    assert not (empty.data_dir / "warehouse.duckdb").exists()


def test_an_identity_server_that_is_down(empty):
    """Nobody listens where one signs in: 4 and the address, soon, for nothing is under way yet."""
    address = f"http://127.0.0.1:{free_port()}"
    ended = empty.exepron("sync", EXEPRON_IDENTITY_URL=address)
    assert "attempt" not in ended.stderr
    check(ended, 4, address, secrets=empty.secrets())


@pytest.mark.full
def test_an_api_that_is_down(empty):
    """Nobody listens at the API: 4 and the address, after patient attempts that the reader is told of."""
    address = f"http://127.0.0.1:{free_port()}/api/v1"
    started = time.monotonic()
    ended = empty.exepron("sync", EXEPRON_API_URL=address)
    assert time.monotonic() - started < 60
    check(ended, 4, address, "attempt 6 of 6", secrets=empty.secrets())


@pytest.mark.parametrize("setting", ["EXEPRON_ACCOUNTS", "EXEPRON_API_URL"])
def test_another_source_is_refused(landed, proxy, setting):
    """A warehouse that holds one source's data takes no other's: 2, both named, and nothing changed."""
    before = landed.dump()
    other = {"EXEPRON_ACCOUNTS": "4820", "EXEPRON_API_URL": proxy.api_url}[setting]
    ended = landed.exepron("sync", **{setting: other})
    check(ended, 2, "The warehouse holds", landed.sandbox.api_url, other, "EXEPRON_DATA_DIR")
    assert landed.dump() == before


# -- the warehouse ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("folder", ["/proc/exepron", "{file}/data"])
def test_a_folder_that_cannot_be_written(landed, tmp_path, folder):
    """A data folder that cannot be made: 5, with its path."""
    (tmp_path / "a file").write_text("")
    place = folder.format(file=tmp_path / "a file")
    check(landed.exepron("sync", "roles", EXEPRON_DATA_DIR=place), 5, place, "EXEPRON_DATA_DIR")


def test_query_before_anything_is_published(empty):
    """There is nothing to query yet: 5, and how to get there."""
    check(empty.exepron("query", "SELECT 1"), 5, "nothing was published", "exepron publish")
    assert not empty.data_dir.exists()


def test_a_warehouse_that_is_held(landed):
    """Another process holds the warehouse: 5 after a while, and who it is; it goes on undisturbed."""
    from exepron_pipeline.land.warehouse import Warehouse

    before = landed.dump()
    warehouse = Warehouse(landed.data_dir / "warehouse.duckdb", landed.data_dir / "state")
    with warehouse.open("a long night's work"):
        ended = landed.exepron("sync", "roles")
    check(ended, 5, "a long night's work", "process")
    assert landed.dump() == before


# -- interrupted -----------------------------------------------------------------------------------------


def test_an_interrupted_sync(seen_through, proxy, proxy_kit):
    """Ctrl-C in the middle of a read: 130, no traceback, the tables as they were; the next sync goes on."""
    lab = seen_through
    assert lab.sync("roles", "tasks").ok
    before = lab.dump()
    proxy.instead["/Projects/-1/Tasks"] = proxy_kit.Instead(200, b"[]", wait=proxy_kit.threading.Event())
    with lab.started("reconcile", "tasks") as process:
        assert proxy.noticed.wait(60)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "Traceback" not in out + err
    assert lab.dump() == before
    proxy.instead.popitem()[1].wait.set()
    assert lab.sync("tasks").ok


# -- secrets ---------------------------------------------------------------------------------------------


def test_no_secret_leaves_its_file(first_sync, landed):
    """After a sync with ``--debug``, secrets and tokens are in the token store, for its owner only, and nowhere else."""
    ended = first_sync[1]
    assert f"GET {landed.environment['EXEPRON_API_URL']}/Accounts/{landed.account_id}/Roles?" in ended.stderr
    store = landed.data_dir / "state" / "tokens"
    tokens = list(store.glob("*.json"))
    assert tokens
    kept = json.loads(tokens[0].read_text())["tokens"]
    hidden = {
        *landed.secrets(),
        *(value for name, value in kept.items() if name.endswith("_token") and value),
    }
    assert len(hidden) > len(landed.secrets())
    assert {stat.S_IMODE(file.stat().st_mode) for file in store.iterdir()} == {0o600}
    files = [file for file in landed.data_dir.rglob("*") if file.is_file() and file not in tokens]
    places = {
        "output": (ended.stdout + ended.stderr).encode(),
        **{str(file): file.read_bytes() for file in files},
    }
    for secret in hidden:
        plain = [form.encode() for form in (secret, quote(secret, safe=""), quote_plus(secret))]
        forms = [*plain, base64.b64encode(secret.encode())]
        assert [place for place, data in places.items() if any(form in data for form in forms)] == []
