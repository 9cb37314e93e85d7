"""The verbs that look: ``plan``, ``status``, ``doctor``, ``query``, ``publish``."""

import csv
import io
import json
import re
import shutil
import stat
from itertools import pairwise

import duckdb
import pyarrow.parquet as pq
import pytest

from exepron_pipeline.catalogue import load_catalogue

MOVED = """
entity_sets:
  roles:
    sources:
      - {path: "Accounts/{accountId}/NoRolesHere", generation: g2, source: client-angular, confidence: H}
"""
OFFERED = [entity_set.name for entity_set in load_catalogue(None).offered]


@pytest.fixture
def copied(landed, tmp_path):
    """A lab with a copy of everything that was landed and published."""
    shutil.copytree(landed.data_dir, tmp_path / "data", symlinks=True)
    return type(landed)(landed.sandbox, tmp_path / "data")


# -- plan ------------------------------------------------------------------------------------------------


def test_plan_sends_no_question_for_data(seen_through, proxy):
    """``plan`` signs in and asks who that is; no entity set is asked for a record."""
    ended = seen_through.exepron("plan")
    assert ended.returncode == 0
    assert len(proxy.asked) <= 2
    assert all("/GetLoggedinUser?$select=userId,accountId" in path for path in proxy.asked)


def test_plan_shows_each_first_request(landed):
    """``plan`` tells mode, expected rows, requests and the first address of each entity set, and a day's requests."""
    ended = landed.exepron("plan", "tasks", "roles")
    assert ended.returncode == 0
    lines = ended.stdout.splitlines()
    head, address = next(pair for pair in pairwise(lines) if pair[0].startswith("tasks: "))
    assert "incremental" in head
    assert f"GET Accounts/{landed.account_id}/Projects/-1/Tasks/GetAllTasks?" in address
    assert "lastModifiedOn%20ge%20" in address
    [roles] = [line for line in lines if line.startswith("roles: ")]
    assert f"about {len(landed.truth('roles'))} rows" in roles
    assert "requests a day" in lines[-1]


# -- status ----------------------------------------------------------------------------------------------


def test_status_json_tells_how_each_set_stands(landed):
    """``status --json`` prints one document: per entity set rows, watermark, evidence, last attempt."""
    ended = landed.exepron("status", "--json")
    assert ended.returncode == 0
    found = json.loads(ended.stdout)["entity_sets"]
    assert set(found) == set(OFFERED)
    tasks = found["tasks"]
    assert tasks["rows"] == len(landed.truth("tasks"))
    assert (tasks["status"], tasks["error"], tasks["evidence"]) == ("ok", None, "exhausted")
    assert tasks["watermark"]
    assert tasks["last_load"]


def test_status_is_a_table(landed):
    """``status`` shows one line for each entity set."""
    ended = landed.exepron("status", COLUMNS="200")
    assert ended.returncode == 0
    lines = [line for line in ended.stdout.splitlines()[1:] if line.strip()]
    assert {line.split()[0] for line in lines if not line.startswith(("sign-in ", "last good copy"))} == set(
        OFFERED
    )


def test_status_names_the_last_good_copy(landed):
    """``status`` says from which file the warehouse could be restored, of which load that is, and since when."""
    ended = landed.exepron("status", COLUMNS="200")
    [load] = landed.query("SELECT max(load_id) AS id FROM ops.loads")
    assert f"last good copy: {landed.data_dir / 'exepron.duckdb'} (load {load['id']}, " in ended.stdout
    [copy] = json.loads(landed.exepron("status", "--json").stdout)["copies"]
    assert (copy["path"], copy["load_id"]) == (str(landed.data_dir / "exepron.duckdb"), load["id"])


def test_status_tells_who_is_signed_in(landed):
    """User, end, scope and store of each connection, in words and for programs; no token is shown, nobody is asked."""
    [line] = [line for line in landed.exepron("status").stdout.splitlines() if line.startswith("sign-in ")]
    assert re.match(
        r"sign-in default: by password as \S+ until \d{4}-\d\d-\d\d \d\d:\d\d UTC.*, scope .*kept as file: ",
        line,
    )
    known = json.loads(landed.exepron("status", "--json").stdout)["sign_ins"]["default"]
    assert known["grant"] == "password"
    assert known["expires_at"]
    assert known["store"].startswith("file: ")
    assert not [value for value in known.values() if str(value).startswith("ey")]


def test_status_before_anything_says_what_to_do(empty):
    """On an empty folder ``status`` is no error: it says how to begin, and makes no folder."""
    ended = empty.exepron("status")
    assert (ended.returncode, "exepron sync" in ended.stdout) == (0, True)
    known = json.loads(empty.exepron("status", "--json").stdout)
    assert (known["entity_sets"], known["sign_ins"]["default"]["grant"]) == ({}, None)
    assert not empty.data_dir.exists()


def test_status_tells_of_failures(copied):
    """A set whose last attempt failed says so, beside what was landed before; a table shows brackets as they are."""
    catalogue = copied.data_dir.parent / "mine.yaml"
    catalogue.write_text(MOVED)
    assert copied.exepron("sync", "roles", EXEPRON_CATALOGUE=str(catalogue)).returncode == 4
    report = json.loads(copied.exepron("status", "--json").stdout)["entity_sets"]["roles"]
    assert (report["status"], report["rows"]) == ("failed", len(copied.truth("roles")))
    assert "Not Found" in report["error"]
    runs = copied.data_dir / "state" / "last_runs.json"
    runs.write_text(runs.read_text().replace("GET Accounts", "[accounts.south]: GET Accounts"))
    assert "[accounts.south]: GET" in copied.exepron("status", COLUMNS="250").stdout


# -- doctor ----------------------------------------------------------------------------------------------


def rungs(ended):
    """Mark and name of each rung."""
    lines = [line for line in ended.stdout.splitlines() if not line.startswith("     ")]
    return [(line.split()[0], line[5:].partition(":")[0]) for line in lines]


def test_doctor_climbs_to_the_top(landed):
    """Where all is well, every rung is ok, up to one line for each entity set; no table is changed by looking."""
    before = landed.dump()
    ended = landed.exepron("doctor")
    assert ended.returncode == 0
    first = [
        "settings", "identity server", "token store", "token", "clock", "base path", "generation", "who am I",
        "description",
    ]  # fmt: skip
    last = ["unknown", "stamps", "limits", "disk", "warehouse", "lookback"]
    assert rungs(ended) == [("ok", name) for name in [*first, *OFFERED, *last]]
    for name in OFFERED:
        [line] = [line for line in ended.stdout.splitlines() if line.startswith(f"ok   {name}: ")]
        rows = len(landed.truth(name))
        assert f"has records, {rows:,} when it was last read whole" in line
    assert landed.dump() == before


@pytest.mark.parametrize(
    ("setting", "value", "broken", "code"),
    [
        ("EXEPRON_CLIENT_ID", None, "settings", 2),
        ("EXEPRON_CLIENT_SECRET", "wrong", "token", 4),
        ("EXEPRON_PASSWORD", "wrong", "token", 4),
        ("EXEPRON_TOKEN", "nobodys", "who am I", 4),
    ],
)
def test_doctor_stops_at_the_broken_rung(copied, setting, value, broken, code):
    """The first broken rung is the last one shown, with its cure; its exit code is the doctor's."""
    shutil.rmtree(copied.data_dir / "state" / "tokens", ignore_errors=True)
    ended = copied.exepron("doctor", **{setting: value})
    assert ended.returncode == code
    found = rungs(ended)
    assert found[-1] == ("bad", broken)
    assert all(mark == "ok" for mark, _ in found[:-1])
    assert ended.stdout.splitlines()[-1].startswith("     ")
    assert "Traceback" not in ended.stdout + ended.stderr


def test_doctor_says_which_setting_is_no_truth(copied):
    """Another account than the user's is told beside the user's own, another generation beside the service's; then the warehouse."""
    ended = copied.exepron("doctor", EXEPRON_ACCOUNTS="999", EXEPRON_GENERATION="g3")
    lines = ended.stdout.splitlines()
    assert "note generation: g3, as set; the service answers as g2" in lines
    own = copied.account_id
    assert f"note who am I: user 1001 in account {own}; EXEPRON_ACCOUNTS asks for 999" in lines
    assert f"     Set EXEPRON_ACCOUNTS={own}, or auto, if that is a mistake." in lines
    assert rungs(ended)[-1] == ("bad", "warehouse")


def test_doctor_goes_on_beyond_one_set(seen_through, proxy, proxy_kit):
    """A set that is not offered or not permitted is a note; one that a sync would fail at is bad; the rest is looked at."""
    proxy.instead["/Roles"] = proxy_kit.Instead(404, b"{}")
    proxy.instead["/Calendar"] = proxy_kit.Instead(403, b"{}")
    proxy.instead["/CostGroups"] = proxy_kit.Instead(400, b"{}")
    proxy.instead["/GetAllTasks"] = proxy_kit.Instead(400, b"{}")
    ended = seen_through.exepron("doctor")
    marks = {name: mark for mark, name in rungs(ended)}
    assert (marks["roles"], marks["calendar_days"], marks["cost_groups"]) == ("note", "note", "note")
    assert marks["tasks"] == "bad"
    assert marks["early_warning_history"] == "ok"
    assert ended.returncode == 4


# -- query -----------------------------------------------------------------------------------------------

SQL = "SELECT role_id, role_name FROM core.roles ORDER BY role_id"


def test_query_prints_a_table(landed):
    """By default the rows are shown as a table."""
    ended = landed.exepron("query", SQL)
    assert ended.returncode == 0
    head, *lines = ended.stdout.splitlines()
    assert head.split() == ["role_id", "role_name"]
    assert len(lines) == len(landed.truth("roles"))


def read_rows(how, data):
    """Rows of a result."""
    if how == "csv":
        return [{**row, "role_id": int(row["role_id"])} for row in csv.DictReader(io.StringIO(data.decode()))]
    return json.loads(data) if how == "json" else pq.read_table(io.BytesIO(data)).to_pylist()


@pytest.mark.parametrize(
    ("how", "place"),
    [("csv", "standard output"), ("json", "file"), ("parquet", "standard output"), ("parquet", "file")],
)
def test_query_writes_every_format(landed, tmp_path, how, place):
    """CSV, JSON and Parquet hold the same rows, on standard output or in a file."""
    target = tmp_path / "out"
    words = ["query", SQL, "--format", how]
    if place == "file":
        ended = landed.exepron(*words, "--out", str(target))
    else:
        ended = landed.exepron(*words, to=target)
    assert (ended.returncode, ended.stderr) == (0, "")
    roles = [{name: row[name] for name in ("role_id", "role_name")} for row in landed.truth("roles").values()]
    assert read_rows(how, target.read_bytes()) == sorted(roles, key=lambda row: row["role_id"])


def test_query_tells_where_it_cannot_write(landed, tmp_path):
    """A file that cannot be written is a mistake of the command line, in one sentence."""
    ended = landed.exepron("query", SQL, "--format", "csv", "--out", str(tmp_path / "no folder" / "x.csv"))
    assert ended.returncode == 2
    assert "no folder" in ended.stderr
    assert "fault of exepron-pipeline" not in ended.stderr


def test_query_reads_only(landed):
    """SQL that would change something is refused, and changes nothing."""
    before = (landed.data_dir / "exepron.duckdb").read_bytes()
    ended = landed.exepron("query", "DELETE FROM core.roles")
    assert ended.returncode == 2
    assert (landed.data_dir / "exepron.duckdb").read_bytes() == before


# -- publish ---------------------------------------------------------------------------------------------


def test_publish_writes_snapshot_and_parquet(copied):
    """``publish`` builds the marts and replaces snapshot and Parquet; anybody with DuckDB reads both."""
    snapshot = copied.data_dir / "exepron.duckdb"
    before = snapshot.stat().st_ino
    ended = copied.exepron("publish")
    assert ended.returncode == 0
    assert "marts.project_status" in ended.stdout
    assert snapshot.stat().st_ino != before
    with duckdb.connect(str(snapshot), read_only=True) as connection:
        tasks = connection.sql("SELECT count(*) FROM core.tasks").fetchall()
        status = connection.sql("SELECT count(*) FROM marts.project_status").fetchall()
    files = copied.data_dir / "parquet" / "core" / "tasks" / "*.parquet"
    assert duckdb.sql(f"SELECT count(*) FROM '{files}'").fetchall() == tasks
    assert tasks == [(len(copied.truth("tasks")),)]
    assert status[0][0] > 0


def test_the_data_folder_is_private(landed):
    """The data folder and the writer's file are for their owner only."""
    assert stat.S_IMODE(landed.data_dir.stat().st_mode) == 0o700
    for name in ("warehouse.duckdb", "state/last_runs.json", "state/profile.json"):
        assert stat.S_IMODE((landed.data_dir / name).stat().st_mode) == 0o600
    assert stat.S_IMODE((landed.data_dir / "state").stat().st_mode) == 0o700
