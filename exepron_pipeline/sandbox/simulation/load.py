"""What is left of each resource, day by day, while a plan is made.

Here belongs the booking of resources. Not here: in what order jobs are placed (``plan.py``).
"""

Demand = tuple[tuple[int, int], ...]
"""(resource, quantity in hundredths) pairs."""


class Load:
    """The free quantity of each resource on each day of a horizon, in hundredths."""

    def __init__(self, capacity: dict[int, int], horizon: int) -> None:
        self._free = {resource: [quantity] * horizon for resource, quantity in capacity.items()}

    def clash(self, demand: Demand, start: int, duration: int) -> int | None:
        """Return the last day on which a demand from ``start`` would not be met, or None."""
        last = start - 1
        for resource, quantity in demand:
            free = self._free[resource]
            for day in range(start + duration - 1, last, -1):
                if free[day] < quantity:
                    last = day
                    break
        return None if last < start else last

    def take(self, demand: Demand, start: int, duration: int) -> None:
        """Book a demand for ``duration`` days from ``start``."""
        for resource, quantity in demand:
            free = self._free[resource]
            for day in range(start, start + duration):
                free[day] -= quantity

    def give_back(self, demand: Demand, start: int, duration: int) -> None:
        """Undo a booking."""
        self.take(tuple((resource, -quantity) for resource, quantity in demand), start, duration)
