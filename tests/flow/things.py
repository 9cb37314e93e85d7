"""Things that name other things in ``number``, of a service that changes while it is read. Not here: expectations."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

OTHERS = """
  others:
    description: "What is read last."
    evidence: confirmed
    key: other_id
    sources:
      - {path: Others, generation: odata4}
    columns:
      other_id: {type: int, wire: id, nullable: false, description: "Identifies it."}
"""


@dataclass(frozen=True)
class Things:
    """The service with sixty things and nothing else, who changes them, and the settings that lead there."""

    service: Any
    life: Any
    environment: dict[str, str]


@contextmanager
def things_served(helper: Callable[[str, str], ModuleType], folder: Path) -> Iterator[Things]:
    """Serve them for the time of the block; the catalogue is written into the folder."""
    kit = helper("flow", "living_service")
    named = "wire: number, references: things.thing_id"
    catalogue = kit.CATALOGUE.format(generation="odata4", key_type="int").replace("wire: number", named)
    (folder / "catalogue.yaml").write_text(catalogue.rstrip() + OTHERS)
    life = kit.Life({}, lambda number: number)
    service = kit.living(helper("odata", "fake_service"), "value", before=life, counts=True)
    service.records = [life.born(number) | {"number": 0} for number in range(60)]
    service.answers = {"Others": {"value": []}}
    with kit.stage() as stage:
        service.base_url, stage.service = stage.url, service
        environment = {
            "EXEPRON_API_URL": stage.url,
            "EXEPRON_TOKEN": "a-token-that-nobody-looks-at",
            "EXEPRON_ACCOUNTS": "1",
            "EXEPRON_GENERATION": "odata4",
            "EXEPRON_CATALOGUE": str(folder / "catalogue.yaml"),
        }
        yield Things(service, life, environment)
