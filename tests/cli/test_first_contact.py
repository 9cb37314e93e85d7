"""The first hour with a service of which only the confirmed paths exist: ``init``, ``doctor``, the first sync."""

import json
import re
import urllib.request
from pathlib import Path

import duckdb
import pytest

from exepron_pipeline.catalogue import load_catalogue
from exepron_pipeline.sandbox import process
from exepron_pipeline.sandbox.offer import Offer

CONFIRMED = {"logged_in_user", "accounts", "users", "projects", "tasks"}
"""With the managers of projects, who come by ``$expand``."""
MOST, MOST_PROBES, MOST_A_SECOND = 150, 100, 5
OFFERED = [entity_set.name for entity_set in load_catalogue(None).offered]
VARIABLE = re.compile(r"\{\w+\}")


@pytest.fixture(scope="module")
def confirmed(tmp_path_factory):
    """A sandbox with the confirmed paths only."""
    folder = tmp_path_factory.mktemp("confirmed") / "data"
    with process.start(folder, offer=Offer(profile="confirmed")) as running:
        yield running


@pytest.fixture(scope="module")
def met(confirmed, tmp_path_factory, helper):
    """The lab after ``doctor``, ``discover``, ``plan`` and ``sync``, what they said, and all that the API was asked."""
    with helper("flow", "proxy").proxy_for(confirmed.api_url) as proxy:
        lab = helper("flow", "lab").Lab(
            confirmed, tmp_path_factory.mktemp("met") / "data", {"EXEPRON_API_URL": proxy.api_url}
        )
        looked = lab.exepron("doctor", "--json")
        looking = list(proxy.asked)
        assert lab.exepron("discover").returncode == 0
        assert lab.exepron("plan").returncode == 0
        synced = lab.exepron("sync", "--json")
        yield lab, (looked, synced), looking, proxy


def of_identity(sandbox):
    """Requests that the identity server has answered so far."""
    with urllib.request.urlopen(f"{sandbox.identity_url}/connect/counts") as answer:
        counted = json.load(answer)["requests"]
    return sum(sum(outcomes.values()) for outcomes in counted.values())


def guesses(generation):
    """Paths that no source shows, those below each project as often as they may be asked before they are given up."""
    inferred = [
        source
        for entity_set in load_catalogue(None).offered
        for source in entity_set.sources_for(generation)
        if source.is_inferred
    ]
    return sum(3 if "projectId" in source.variables else 1 for source in inferred)


@pytest.mark.parametrize("generation", ["g1", "g2", "g3"])
def test_the_catalogue_proposes_at_most_a_hundred_questions(generation):
    """All proposals of the catalogue together cost a service of any generation at most a hundred questions."""
    assert guesses(generation) <= MOST_PROBES


def test_doctor_tells_the_truth_line_by_line(met):
    """What the doctor says of each set is what the profile serves, and what is unknown is counted."""
    lab, (looked, _), looking, _ = met
    assert looked.returncode == 0, looked.stdout
    rungs = {rung["name"]: rung for rung in json.loads(looked.stdout)["rungs"]}
    assert {name for name in OFFERED if rungs[name]["state"] == "ok"} == CONFIRMED
    for name in set(OFFERED) - CONFIRMED:
        asked, proposed = re.match(
            r"not offered at (\d+) of (\d+) proposed paths", rungs[name]["found"]
        ).groups()
        paths = [s.path for s in load_catalogue(None).entity_sets[name].sources_for("g2")]
        tried = [p for p in paths if "{projectId}" not in p]
        assert (int(asked), int(proposed)) == (len(tried), len(paths))
        for path in tried:
            there = path.replace("{accountId}", str(lab.account_id))
            assert sum(address.startswith(f"/api/v1/{there}?") for address in looking) == 1
    assert rungs["unknown"]["found"].startswith("15 of 20 entity sets are still unknown")
    assert set(rungs["unknown"]["found"].rpartition(": ")[2].split(", ")) == set(OFFERED) - CONFIRMED
    assert f"in {len(looking)} requests" in rungs["limits"]["found"]
    assert "name no zone, such as 20" in rungs["stamps"]["found"]


@pytest.mark.parametrize("page", ["first-contact.md", "connecting.md"])
def test_the_pages_show_what_is_printed(met, page):
    """Every line of the doctor that a page quotes is printed today, but for ports, days and times."""
    _, (looked, _), *_ = met
    marks = {"ok": "ok  ", "note": "note", "bad": "bad "}
    rungs = json.loads(looked.stdout)["rungs"]
    printed = [same(f"{marks[rung['state']]} {rung['name']}: {rung['found']}") for rung in rungs]
    text = (Path(__file__).parents[2] / "docs" / page).read_text(encoding="utf-8")
    quoted = re.findall(r"^(?:ok  |note|bad ) .*$", text, re.MULTILINE)
    assert len(quoted) > 5
    for line in map(same, quoted):
        assert [each for each in printed if each.startswith(line.removesuffix("..."))], line


def same(line):
    """A line without what differs from run to run."""
    return re.sub(r"127\.0\.0\.1:\d+|\d+ ms|20\d\d-\d\d-\d\d|clock: \d+ s", "…", line)


def test_first_contact_is_short(met, confirmed):
    """All verbs up to the first sync, and signing in, make at most 150 requests; no refused path is asked twice."""
    _, (_, synced), looking, proxy = met
    assert synced.returncode == 0, synced.stderr
    found = json.loads(synced.stdout)["entity_sets"]
    assert {name for name, report in found.items() if report["status"] == "ok"} == CONFIRMED
    assert {found[name]["status"] for name in set(OFFERED) - CONFIRMED} == {"not_offered"}
    assert len(proxy.asked) + of_identity(confirmed) <= MOST
    refused = [
        address.partition("?")[0]
        for address in looking
        if "top=1" in address and "GetAllTasks" not in address
    ]
    again = [address.partition("?")[0] for address in proxy.asked[len(looking) :]]
    served = ("/Projects", "/GetLoggedinUser")
    assert not [path for path in again if path in refused and not path.endswith(served)]


def test_managers_come_within_their_projects(met):
    """Where no list of users is offered, those who manage projects are read by $expand; nothing private is asked for."""
    lab, _, looking, _ = met
    managers = {row["projectManagerID"] for row in lab.portfolio.truth("projects", lab.account_id)}
    found = lab.query("SELECT user_id, last_name, _deleted_at FROM core.users")
    assert {row["user_id"] for row in found} == managers
    assert all(row["last_name"] and row["_deleted_at"] is None for row in found)
    [asked] = [address for address in looking if "$expand=projectManager" in address]
    assert "userId" in asked
    assert "phone" not in asked


def test_status_counts_what_is_unknown(met):
    """After the first sync, status tells without any request which sets nobody has found, and how many paths were tried."""
    lab, *_, proxy = met
    before = len(proxy.asked)
    known = json.loads(lab.exepron("status", "--json").stdout)["unknown"]["default"]
    assert set(known) == set(OFFERED) - CONFIRMED
    assert len(proxy.asked) == before


@pytest.mark.full
def test_the_plan_is_what_is_sent(met):
    """Once every proposed path was asked, the next sync sends as many requests as the plan says; refused sets cost none."""
    lab, *_, proxy = met
    assert lab.exepron("sync").returncode == 0
    assert lab.exepron("publish").returncode == 0
    planned = lab.exepron("plan").stdout
    before = len(proxy.asked)
    assert lab.exepron("sync").returncode == 0
    now = int(re.search(r"^(\d+) requests now", planned, re.MULTILINE)[1])
    assert len(proxy.asked) - before == now
    assert "roles: nothing is asked" in planned
    assert "About 1,072 requests a day under the schedules, 864 of them the change sensor's." in planned


@pytest.mark.full
def test_a_refused_path_is_asked_again_on_demand(met):
    """The next doctor asks no refused path; with --ask-again it asks them all."""
    lab, _, looking, proxy = met
    lab.exepron("doctor")
    before = len(proxy.asked)
    assert not [path for path in proxy.asked[-12:] if "/Roles" in path]
    lab.exepron("doctor", "--ask-again")
    assert len(proxy.asked) - before == len(looking)
    [line] = [text for text in lab.exepron("status").stdout.splitlines() if text.startswith("unknown ")]
    assert "15 of 20 entity sets are still unknown" in line


@pytest.mark.full
def test_first_contact_is_slow_and_ends_in_a_snapshot(confirmed, helper, tmp_path):
    """From init to the snapshot, whatever is asked again: at most 150 requests, all of them GET, and five in no second."""
    with helper("flow", "proxy").proxy_for(confirmed.api_url) as proxy:
        lab = helper("flow", "lab").Lab(
            confirmed, tmp_path / "data", {"EXEPRON_API_URL": proxy.api_url, "EXEPRON_RATE": ""}
        )
        before = of_identity(confirmed)
        for verb in ("init --yes", "doctor", "doctor --ask-again", "discover", "plan", "sync", "publish"):
            assert lab.exepron(*verb.split()).returncode == 0
        assert len(proxy.asked) + of_identity(confirmed) - before <= MOST
        starts = proxy.moments
        assert all(later - first >= 1 for first, later in zip(starts, starts[MOST_A_SECOND:], strict=False))
    with duckdb.connect(str(tmp_path / "data" / "exepron.duckdb"), read_only=True) as connection:
        assert connection.sql("SELECT count(*) FROM core.tasks").fetchall()[0][0] > 0
