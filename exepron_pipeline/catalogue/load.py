"""Loading the catalogue: the built-in ``exepron.yaml``, and a user's file laid over it.

Here: the order of the steps. Not here: reading YAML (``yamlfile.py``), merging (``overlay.py``), wording
of mistakes (``mistakes.py``).
"""

import copy
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from exepron_pipeline.catalogue.mistakes import Mistake, as_error, mistakes_in, nearest
from exepron_pipeline.catalogue.model import Catalogue
from exepron_pipeline.catalogue.overlay import as_model, lay_over, without_dangling
from exepron_pipeline.catalogue.yamlfile import YamlFile, read_yaml

BUILT_IN = Path(__file__).with_name("exepron.yaml")
_TOP_LEVEL = ("entity_sets", "replace")


def load_catalogue(path: Path | None = None) -> Catalogue:
    """Give the catalogue that a run uses.

    Args:
        path: A user's file, which adds to, changes or (``replace: true``) replaces the built-in one;
            None for the built-in one alone.

    Raises:
        ConfigurationError: The file cannot be used; the message names file, line, entry and cure.

    """
    if path is None:
        return _built_in_catalogue()
    user = read_yaml(path)
    try:
        _check_top_level(user.data)
        built_in = {} if user.data.get("replace") else copy.deepcopy(_built_in().data["entity_sets"])
        merged = without_dangling(lay_over(built_in, user.data["entity_sets"]), set(user.lines))
    except Mistake as mistake:
        raise as_error(user, [mistake]) from None
    return _validated(user, merged)


@cache
def _built_in() -> YamlFile:
    return read_yaml(BUILT_IN)


@cache
def _built_in_catalogue() -> Catalogue:
    return _validated(_built_in(), _built_in().data["entity_sets"])


def _validated(file: YamlFile, merged: dict[str, Any]) -> Catalogue:
    try:
        return Catalogue.model_validate({"entity_sets": as_model(merged)})
    except ValidationError as error:
        raise as_error(file, mistakes_in(error, {"entity_sets": merged})) from None


def _check_top_level(data: dict[str, Any]) -> None:
    for name in data:
        if name not in _TOP_LEVEL:
            raise Mistake(
                (name,), "no such field", nearest(name, _TOP_LEVEL) or "The top level is entity_sets."
            )
    if not isinstance(data.get("replace", False), bool):
        raise Mistake(("replace",), "must be true or false")
    if not isinstance(data.get("entity_sets"), dict) or not data["entity_sets"]:
        raise Mistake(("entity_sets",), "must be a mapping of entity sets by name")
