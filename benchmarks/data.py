"""The records that are read: made once for each size, kept as files that can be sent as they are.

36 fields in about 1.26 KB, with one nested object and one nested list. All records of a file stand one behind the
other in the order of their keys, so any page by key or by place is one piece of it. Not here: answering
(``server.py``).
"""

import json
import random
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

STEP = 3
"""From one key to the next: nothing may rely on keys without gaps."""
START = datetime(2026, 1, 1, tzinfo=UTC)
SPAN = 300 * 86_400  # seconds over which the stamps are spread
CHANGED_AT = START + timedelta(seconds=SPAN, days=2)
"""Stamp of changed records: later than all others by more than the lookback."""
CHANGED_EACH = 100
"""One record in so many changes."""

ENDINGS = 20_000
SITES = ("Foundations", "Steel frame, level 3", "O'Brien's façade", "Commissioning, west wing", "Handover")
PEOPLE = ("A. Lindqvist", "Zoë Ó Briain", "Team North", "R. Müller", "Crane 4")
TEXTS, NUMBERS, AMOUNTS, STAMPS, FLAGS = 7, 8, 5, 6, 4


def _ending(chance: random.Random) -> bytes:
    """All fields of a record that are not its own, as the end of a JSON object."""
    fields: dict[str, object] = {}
    fields |= {f"text{i}": f"{chance.choice(SITES)} {chance.randint(1, 9999)}" for i in range(TEXTS)}
    fields |= {f"number{i}": chance.randint(0, 10**6) for i in range(NUMBERS)}
    fields |= {f"amount{i}": chance.randint(0, 10**7) / 100 for i in range(AMOUNTS)}
    fields |= {
        f"stamp{i}": f"2026-{chance.randint(1, 12):02}-1{i}T{chance.randint(0, 23):02}:30:00Z"
        for i in range(STAMPS)
    }
    fields |= {f"flag{i}": chance.random() < 0.5 for i in range(FLAGS)}  # noqa: PLR2004 # even odds
    fields["status"] = {"code": chance.randint(0, 4), "name": chance.choice(("Open", "Started", "Finished"))}
    people = chance.sample(PEOPLE, chance.randint(0, 3))
    fields["resources"] = [{"resourceId": PEOPLE.index(name), "name": name, "load": 0.5} for name in people]
    fields["note"] = "As agreed with the site manager. " * chance.randint(3, 8)
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()[1:]


@dataclass(frozen=True)
class Data:
    """Records of one size, as files in a folder.

    Args:
        folder: Where they are kept.
        rows: How many.
        changed: One record in `CHANGED_EACH` has another stamp, name and number.

    """

    folder: Path
    rows: int
    changed: bool = False

    @property
    def path(self) -> Path:
        """All records, joined by commas."""
        return self.folder / f"{self.rows}{'-changed' if self.changed else ''}.json"

    @property
    def keys(self) -> range:
        """The keys, in order."""
        return range(STEP, (self.rows + 1) * STEP, STEP)

    @cached_property
    def ends(self) -> "array[int]":
        """Where each record ends in the file."""
        found = array("Q")
        found.frombytes(self.path.with_suffix(".ends").read_bytes())
        return found

    def stamp(self, place: int) -> datetime:
        """When the record at a place was changed last."""
        return START + timedelta(seconds=self.seconds[place])

    @cached_property
    def seconds(self) -> "array[int]":
        """When each record was changed last, in seconds since `START`."""
        found = array("q", (place * 7_919_993 % SPAN for place in range(self.rows)))
        if self.changed:
            for place in range(CHANGED_EACH // 3, self.rows, CHANGED_EACH):
                found[place] = int((CHANGED_AT - START).total_seconds())
        return found

    def make(self) -> "Data":
        """Write the files where they are not there yet."""
        ends_path = self.path.with_suffix(".ends")
        if ends_path.exists():
            return self
        self.folder.mkdir(parents=True, exist_ok=True)
        ends, place = array("Q"), 0
        with self.path.open("wb") as file:
            for number, record in enumerate(self._records()):
                text = b"," + record if number else record
                place += len(text)
                ends.append(place)
                file.write(text)
        ends_path.write_bytes(ends.tobytes())
        return self

    def _records(self) -> Iterator[bytes]:
        chance = random.Random(1)  # noqa: S311 # the same records every time
        endings = [_ending(chance) for _ in range(min(ENDINGS, self.rows))]
        for place, key in enumerate(self.keys):
            stamp = self.stamp(place)
            word = "Recast" if stamp == CHANGED_AT else "Cast"
            yield b'{"taskId":%d,"projectId":%d,"name":"%b %d","modifiedAt":"%b",%b' % (
                key,
                place // 50,
                word.encode(),
                place,
                stamp.strftime("%Y-%m-%dT%H:%M:%SZ").encode(),
                endings[place % len(endings)],
            )


def catalogue(sets: int = 1) -> str:
    """The product's catalogue of these records, under as many names as are wanted."""
    types = {"task_id": "int", "project_id": "int", "name": "text", "modified_at": "timestamp"}
    types |= {f"text{i}": "text" for i in range(TEXTS)} | {f"number{i}": "int" for i in range(NUMBERS)}
    types |= {f"amount{i}": '"decimal(12,2)"' for i in range(AMOUNTS)}
    types |= {f"stamp{i}": "timestamp" for i in range(STAMPS)} | {f"flag{i}": "bool" for i in range(FLAGS)}
    types |= {
        "status_code": "{type: int, wire: status.code}",
        "status_name": "{type: text, wire: status.name}",
    }
    types |= {"note": "text"}
    columns = "\n".join(f"      {name}: {kind}" for name, kind in types.items())
    children = "{resources: {columns: {resource_id: int, name: text, load: float}}}"
    names = ["tasks", *(f"tasks_{number}" for number in range(1, sets))]
    entries = (
        f"  {name}:\n    key: task_id\n    path: {name}\n    cursor: modified_at\n"
        f"    children: {children}\n    columns:\n{columns}\n"
        for name in names
    )
    return "replace: true\nentity_sets:\n" + "".join(entries)
