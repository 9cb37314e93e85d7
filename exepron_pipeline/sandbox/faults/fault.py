"""A fault as data: its name, what it means, at which step it strikes, and what it does there.

Here belongs the shape of a fault. Not here: the faults themselves, and when one strikes (``schedule.py``).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

Stage = Literal["request", "question", "page", "response", "visit", "answer", "issue", "landing", "clock"]
"""At the API: before anything is looked up · before rows are read · around the rows · on the way out. At the
identity server: before a program's request is handled · after · before tokens are made · before a browser is
sent back. At both: at a look at the clock."""


def _always(_subject: Any) -> bool:
    return True


@dataclass(frozen=True)
class Fault:
    """One thing that can go wrong.

    ``act`` and ``fits`` get the subject of their stage: an ``Exchange``, a ``Visit``, an ``Issue``, a ``Landing`` or
    a ``Tick``.
    ``fits`` tells where there is something to disturb; ``when`` says which of these occasions are struck if
    nobody says otherwise.
    """

    name: str
    about: str
    stage: Stage
    act: Callable[[Any], None]
    fits: Callable[[Any], bool] = _always
    when: str = "always"
