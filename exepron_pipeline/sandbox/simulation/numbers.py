"""The next key of each entity set, over all accounts, as one database would give them."""

_FIRST = {
    "users": 1001,
    "roles": 11,
    "projects": 301,
    "tasks": 50_001,
    "buffers": 7001,
    "resource_types": 201,
    "milestones": 4001,
    "project_groups": 31,
    "cost_groups": 61,
    "task_revenues": 8001,
    "work_hours": 900_001,
    "calendar_days": 1,
    "reason_codes": 91,
    "task_reason_codes": 6001,
}


class Numbers:
    """Counts keys up; a key is never given twice, even after its row was deleted."""

    def __init__(self) -> None:
        self._next = dict(_FIRST)

    def next(self, name: str) -> int:
        """Return the next key of an entity set."""
        return self.take(name, 1)

    def take(self, name: str, count: int) -> int:
        """Reserve that many keys of an entity set and return the first."""
        first = self._next[name]
        self._next[name] = first + count
        return first
