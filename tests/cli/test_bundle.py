"""A bundle tells how things are, and nothing of anybody's data, user or secret: the sandbox's values are looked for in it."""

import base64
import json
import re
import stat
from urllib.parse import quote, quote_plus

import pytest

from exepron_pipeline.catalogue import load_catalogue
from exepron_pipeline.masked import _WORDS, masked, masked_names
from exepron_pipeline.sandbox.schema import ENTITY_SETS

WORDS = {"quality", "completed", "settings"}
"""Values of the sandbox that are words of ours too: of marts and of the bundle itself."""


@pytest.fixture(scope="module")
def lab_of(sandbox, helper):
    """Makes a lab of the sandbox with a data folder."""
    return lambda folder, **settings: helper("flow", "lab").Lab(sandbox, folder, settings)


@pytest.fixture(scope="module")
def broken(lab_of, proxy_kit, tmp_path_factory):
    """A filled folder, of which two sets failed, with answers that quote records and users."""
    folder = tmp_path_factory.mktemp("bundle") / "data"
    truth = lab_of(folder)
    project, person = truth.served("projects")[0], truth.served("users")[0]
    said = (
        f"Project '{project['projectName']}' with id {project['projectId']} of {person['firstName']} {person['lastName']} "
        f"<{person['email']}> is not permitted; the limit of '100' for Top query has been exceeded."
    )
    with proxy_kit.proxy_for(truth.sandbox.api_url) as proxy:
        lab = lab_of(folder, EXEPRON_API_URL=proxy.api_url)
        proxy.instead["/Roles"] = proxy_kit.Instead(400, json.dumps({"error": {"message": said}}).encode())
        proxy.instead["/CostGroups"] = proxy_kit.Instead(422, said.encode())
        lab.sync()
        lab.publish()
        yield lab


def made(lab, folder):
    """What the verb said, and the file that it wrote."""
    place = folder / "bundle.json"
    ended = lab.exepron("bundle", "--out", str(place))
    assert ended.returncode == 0, ended.stderr
    return ended.stdout, place


def spellings(value):
    """A text as it may be written."""
    raw = value.encode()
    inner = [base64.b64encode(b"\0" * n + raw).decode()[4:-4] for n in range(3)]
    whole = [quote(value, safe=""), quote_plus(value), json.dumps(value)[1:-1], value.lower(), raw.hex()]
    return {value, *whole, *(text for text in inner if len(text) > 8)}


def test_no_secret_and_no_value_is_in_it(broken, tmp_path):
    """Every text of four letters or more, every key and every mail of the portfolio is looked for, in each spelling."""
    lab = broken
    _, place = made(lab, tmp_path)
    text = place.read_text()
    assert json.loads(text)
    columns = {word for each in load_catalogue().entity_sets.values() for word in _words(each)}
    names = {word.lower() for word in columns} | _WORDS | WORDS
    texts, keys = set(), set()
    for each in ENTITY_SETS:
        for row in lab.portfolio.truth(each.name, lab.account_id):
            values = [
                item for value in row.values() for item in (value if isinstance(value, list) else [value])
            ]
            texts |= {value for value in values if isinstance(value, str) and len(value) >= 4}
            keys |= {row[name] for name in each.key if isinstance(row[name], int)}
    texts = {value for value in texts if not set(re.findall(r"\w+", value.lower())) <= names}
    assert len(texts) > 500
    lower = text.lower()
    assert {value for value in texts if value.lower() in lower} == set()
    for value in [*lab.secrets(), lab.environment["EXEPRON_USERNAME"], *sorted(texts)[:200]]:
        assert not {each for each in spellings(value) if each in text}, value
    measures = r'"(requests|pages|seconds|concurrency|rate|timeout|lookback_hours|connection|\w+)": [\d.]+|localhost:\d+'
    rest = re.sub(
        rf'{measures}|with \d{{3}}|127\.0\.0\.1:\d+|"\d[\d.]*\w*"|\(\d+(,\d+)?\)|\d{{4}}-\d\d-\d\d|-\d{{8}}-\d{{4}}',
        "",
        text,
    )
    assert {
        number for number in map(int, re.findall(r"(?<![\d.])\d{3,}(?![\d.])", rest)) if number in keys
    } == set()


def _words(each):
    """Words that name things of an entity set."""
    listed = [each.name, each.description, each.note or "", *(source.path for source in each.sources)]
    for column in each.columns:
        listed += [column.name, *re.findall(r"\w+", str(column.wire))]
    return re.findall(r"[A-Za-z]+", " ".join(listed))


def test_it_tells_what_helps(broken, tmp_path):
    """How each set stood, what its paths answered, names and types of all columns, errors in their outline, versions."""
    lab = broken
    told, place = made(lab, tmp_path)
    found = json.loads(place.read_text())
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert str(place) in told
    assert "2 with an error" in told, found["entity_sets"]
    assert found["entity_sets"]["tasks"]["status"] == "ok"
    assert found["entity_sets"]["tasks"]["fetched"] == "thousands"
    error = found["entity_sets"]["roles"]["error"]
    assert "400" in error
    assert "the limit of" in error
    assert "for Top query has been exceeded" in error
    [service] = found["services"]
    assert service["generation"] == "g2"
    assert {"path": "Accounts/{accountId}/Projects", "answer": "works"}.items() <= service["answers"][
        "projects"
    ][0].items()
    assert found["schema"]["tables"]["core.tasks"]["task_id"].startswith("BIGINT")
    assert "password" in found["settings"]["set"]
    assert found["settings"]["generation"] == "auto"


def test_it_is_made_where_nothing_is(tmp_path, lab_of):
    """Before anything was set up or read there is a bundle too: it says so."""
    lab = lab_of(tmp_path / "data")
    _, place = made(lab, tmp_path)
    found = json.loads(place.read_text())
    assert (found["entity_sets"], found["schema"]) == ({}, {"problem": "nothing was published yet"})
    refused = lab.exepron("bundle", "--out", str(tmp_path / "no folder" / "x"))
    assert refused.returncode == 2
    assert "--out" in refused.stderr


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("GET Accounts/17/Roles was answered with 400 Bad Request: no", "GET Accounts/…/Roles was answered with 400 Bad Request: no"),
        ("Project 'Umbau Halle 7' not found", "Project '…' not found"),
        ("The limit of '100' for Top query", "The limit of '…' for Top query"),
        ("user anna.berg@example.com may not", "user … may not"),
        ("id 0f8fad5b-d9cb-469f-a165-70867728950e is invalid", "id … is invalid"),
    ],
)  # fmt: skip
def test_messages_keep_their_plain_words(text, expected):
    """What is no word of messages or of the catalogue is masked, numbers but for statuses with it."""
    assert masked(text, load_catalogue()) == expected


def test_paths_keep_their_words():
    """Numbers, GUIDs and tokens in paths are masked; wildcards and variables stay."""
    assert masked_names("Accounts/{accountId}/Projects/-1/Tasks") == "Accounts/{accountId}/Projects/-1/Tasks"
    assert masked_names("t/4711/x/0f8fad5b-d9cb-469f-a165-70867728950e") == "t/…/x/…"
