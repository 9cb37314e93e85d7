"""A service that nobody would guess, found by what people can copy; everything that is named is synced, and is true."""

import base64
import json
import os
import re
import shlex
from pathlib import Path
from tempfile import gettempdir
from urllib.parse import quote

import pytest

from exepron_pipeline.catalogue import load_catalogue
from exepron_pipeline.sandbox import process
from exepron_pipeline.sandbox.offer import Offer

TEN = [
    "members",
    "engagements",
    "activities",
    "sequences",
    "needs",
    "handovers",
    "earnings",
    "timesheets",
    "trends",
    "incidents",
]
LISTS = "rights"  # holds a list too


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    """The sandbox under the profile ``stranger``."""
    folder = tmp_path_factory.mktemp("stranger") / "data"
    with process.start(folder, offer=Offer(profile="stranger")) as running:
        yield running


@pytest.fixture
def stranger(sandbox, helper, tmp_path):
    """The same with an empty data folder."""
    return helper("discover", "stranger").Stranger(sandbox, tmp_path)


def synced(stranger, place, names):
    """Sync with a catalogue as it was saved; every set that it names must be landed, and be the truth."""
    catalogue = load_catalogue(place)
    assert {each.name for each in catalogue.offered} == set(names)
    ended = stranger.exepron("sync", "--json", CATALOGUE=str(place))
    reports = json.loads(ended.stdout)["entity_sets"]
    assert {name: report["status"] for name, report in reports.items()} == dict.fromkeys(names, "ok")
    for name in names:
        assert stranger.landed(place, name) == stranger.truth(name), name


def test_ten_addresses(stranger, tmp_path):
    """Ten addresses as people paste them, of another host, with options and tokens, are ten sets equal to the truth."""
    place = tmp_path / "catalogue.yaml"
    pasted = [
        f"https://me:hush-{name}@app.example/api/v1/portfolio/{name}/?$top=10&access_token=told-{name}#row-77"
        for name in TEN
    ]
    words = [word for url in pasted for word in ("--url", url)]
    ended = stranger.exepron("discover", *words, "--out", str(place), "--yes")
    assert ended.exit_code == 0, ended.output
    assert "+ members: at portfolio/members" in ended.stdout
    told = ended.output + place.read_text()
    assert not re.search(r"hush-|told-|row-77|app\.example", told)
    assert load_catalogue(place).entity_sets["trends"].key == ("engagement_ref", "observed_day")
    synced(stranger, place, TEN)
    again = stranger.exepron("discover", *words, "--out", str(place), "--json", CATALOGUE=str(place))
    assert json.loads(again.stdout)["changes"] == []
    assert json.loads(again.stdout)["requests"] < 140
    assert "says all that was found" in again.stderr


@pytest.mark.full
def test_the_whole_service(stranger, tmp_path):
    """All that it describes is found within the questions of a first contact, and equal to the truth."""
    place = tmp_path / "catalogue.yaml"
    ended = stranger.exepron("discover", "--out", str(place), "--json")
    found = json.loads(ended.stdout)
    assert found["requests"] <= 140
    assert {name: each["problem"] for name, each in found["entity_sets"].items() if each["problem"]} == {}


def test_nothing_is_saved_without_consent(stranger, tmp_path):
    """Where nobody is there to confirm, and no --yes, the proposal is shown, nothing is saved, and both code and text say so."""
    place = tmp_path / "catalogue.yaml"
    ended = stranger.exepron("discover", "--url", "portfolio/ledgers", "--out", str(place))
    assert ended.exit_code == 2
    assert "+ ledgers: at portfolio/ledgers" in ended.stdout
    assert "Nothing was saved" in ended.stdout
    assert not place.exists()


def test_the_page_shows_what_is_printed(stranger, own_place):
    """docs/first-contact.md quotes a discovery and a bundle line by line."""
    page = (Path(__file__).parents[2] / "docs" / "first-contact.md").read_text(encoding="utf-8")
    blocks = [
        block.strip().splitlines()
        for block in re.findall(r"```console\n\$ exepron (.*?)```", page, re.DOTALL)
    ]
    verbs = {lines[0].split()[0]: lines for lines in blocks}
    command, *quoted = verbs["discover"]
    printed = stranger.exepron(*shlex.split(command)).stdout
    assert [line.rstrip() for line in printed.splitlines()] == [line.rstrip() for line in quoted]
    stranger.exepron("sync", CATALOGUE="catalogue.yaml")
    command, *quoted = verbs["bundle"]
    assert stranger.exepron(*shlex.split(command), CATALOGUE="catalogue.yaml").stdout.splitlines() == quoted


# -- a recording of the documentation page ---------------------------------------------------------------


@pytest.fixture(scope="module")
def browser_kit(helper):
    """Node, its packages and Chromium; without, the test is skipped by name."""
    kit = helper("identity", "children")
    kit.prepare(Path(gettempdir()) / f"node-packages-of-tests-{os.getuid()}.lock")
    return kit


def test_a_recording(stranger, browser_kit, tmp_path):
    """Calls that a person makes in the documentation page, recorded by the browser, are a catalogue equal to the truth."""
    har, picture, place = tmp_path / "calls.har", tmp_path / "page.png", tmp_path / "catalogue.yaml"
    given = stranger.sandbox.environment
    names = [*TEN, LISTS] if os.environ.get("EXEPRON_TESTS") == "full" else ["members", "handovers", LISTS]
    calls = [
        {"name": f"portfolio/{name}", "values": {"$top": "5"} if name == "members" else {}} for name in names
    ]
    with browser_kit.Child(
        "record.mjs", browser_kit.needed(*browser_kit.BROWSERS), lambda line: pytest.fail(f"unasked: {line}")
    ) as chromium:
        chromium.answer()
        done = chromium.answer(
            {
                "url": f"{stranger.sandbox.url}/docs/",
                "secret": given["EXEPRON_CLIENT_SECRET"],
                "user": given["EXEPRON_USERNAME"],
                "password": given["EXEPRON_PASSWORD"],
                "calls": calls,
                "har": str(har),
                "picture": str(picture),
            }
        )
    assert done.get("statuses") == [200] * len(calls), done
    recorded = har.read_text()
    tokens = set(re.findall(r"Bearer (eyJ[\w.-]+)", recorded))
    assert tokens  # the recording holds what must not go further
    assert json.dumps(quote(given["EXEPRON_CLIENT_SECRET"], safe=""))[1:9] in recorded
    ended = stranger.exepron("discover", "--har", str(har), "--out", str(place), "--yes")
    assert ended.exit_code == 0, ended.output
    state = b"".join(
        each.read_bytes()
        for each in (stranger.folder / "data" / "state").rglob("*.json")
        if "tokens" not in each.parts
    )
    seen = ended.output.encode() + place.read_bytes() + state
    for secret in tokens | stranger.secrets():
        for spelling in (secret, quote(secret, safe=""), base64.b64encode(secret.encode()).decode()):
            assert spelling.encode() not in seen
    synced(stranger, place, names)
