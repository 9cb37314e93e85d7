"""What the documents promise exists, and what exists is documented."""

import re
from pathlib import Path

import pytest
from typer.main import get_command

from exepron_pipeline import errors
from exepron_pipeline.catalogue import load_catalogue
from exepron_pipeline.cli.main import app
from exepron_pipeline.settings import Settings

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
LATER = {"bench"}
"""Verbs and targets of later versions: no document may show them as commands yet."""


def verbs() -> set[str]:
    """List the program's verbs."""
    return set(get_command(app).commands)


def test_every_verb_is_in_the_readme():
    """A command nobody can find does not exist."""
    assert {verb for verb in verbs() if f"`exepron {verb}" not in README} == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_documented_command_exists(document):
    """No document names a verb that the program does not have."""
    named = set(
        re.findall(r"(?:`|^|bin/|-- )exepron ([a-z]+)\b", document.read_text(encoding="utf-8"), re.MULTILINE)
    )
    assert named - verbs() == set()


def test_every_make_target_is_in_the_readme_or_the_help():
    """`make help` lists each target that a person may call."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = set(re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)[1].split())
    described = set(re.findall(r"^([a-z]+):.*## ", makefile, re.MULTILINE))
    assert phony == described


def test_settings_and_readme_name_the_same_settings():
    """Each setting is in the README's table, and each name there is a setting."""
    known = {f"EXEPRON_{name.upper()}" for name in Settings.model_fields}
    named = set(re.findall(r"`(EXEPRON_[A-Z_]+)`", README))
    assert named == known


def test_the_example_file_names_settings_only():
    """Each line of .env.example is a setting."""
    named = set(re.findall(r"EXEPRON_[A-Z_]+", (ROOT / ".env.example").read_text(encoding="utf-8")))
    assert named <= {f"EXEPRON_{name.upper()}" for name in Settings.model_fields}


def test_every_error_class_is_in_the_errors_page():
    """docs/errors.md tells of each class what to do."""
    page = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    names = {name for name in vars(errors) if name.endswith("Error")}
    assert {name for name in names if f"`{name}`" not in page} == set()


def test_every_table_is_in_the_tables_page():
    """docs/tables.md describes each entity set."""
    page = (ROOT / "docs" / "tables.md").read_text(encoding="utf-8")
    assert {
        name for name in load_catalogue().entity_sets if f"core.{name}" not in page and name not in page
    } == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document):
    """Each relative link of a document leads to a file that exists."""
    targets = re.findall(r"\]\((?!https?://|#)([^)#]+)", document.read_text(encoding="utf-8"))
    assert [target for target in targets if not (document.parent / target).exists()] == []
