"""When faults strike, and how often they did.

Here belong the words for occasions, and the counters. Not here: the faults (``catalogue.py``).

``NAME[:WHEN][@SET]``: ``always``, ``3`` (the third occasion only), ``2-4``, ``5-`` (from the fifth on),
``%10`` (every tenth), several with ``+``; ``@tasks`` strikes at one entity set only.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from exepron_pipeline.sandbox.errors import SandboxError
from exepron_pipeline.sandbox.exchange import Exchange
from exepron_pipeline.sandbox.faults.catalogue import FAULTS
from exepron_pipeline.sandbox.faults.fault import Fault, Stage

_FORM = re.compile(r"(?P<name>[a-z0-9-]+)(?::(?P<when>[^@]+))?(?:@(?P<only>\w+))?")
_PART = re.compile(r"(?P<first>[1-9]\d*)(?P<open>-(?P<last>[1-9]\d*)?)?|%(?P<every>[1-9]\d*)|always")


@dataclass
class ActiveFault:
    """A fault that is switched on: which occasions it strikes, and how often it did."""

    fault: Fault
    when: str
    only: str | None = None
    occasions: int = 0
    hits: int = 0

    def __post_init__(self) -> None:
        self._strikes = [_occasions(part) for part in self.when.split("+")]

    def strike(self, subject: Any) -> None:
        """Let an occasion pass, or act on it."""
        if self.only and isinstance(subject, Exchange) and subject.endpoint.view.name != self.only:
            return
        if not self.fault.fits(subject):
            return
        self.occasions += 1
        if any(strikes(self.occasions) for strikes in self._strikes):
            self.hits += 1
            self.fault.act(subject)


@dataclass
class Faults:
    """All faults that are switched on in one server."""

    active: list[ActiveFault] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def strike(self, stage: Stage, subject: Any) -> None:
        """Give every fault of this stage its occasion, in the order in which they were named."""
        with self._lock:
            for each in self.active:
                if each.fault.stage == stage:
                    each.strike(subject)

    def hits(self) -> dict[str, int]:
        """How often each fault struck, by name."""
        counts: dict[str, int] = {}
        for each in self.active:
            counts[each.fault.name] = counts.get(each.fault.name, 0) + each.hits
        return counts


def faults_of(texts: Iterable[str]) -> Faults:
    """The faults that texts like ``unavailable:2-4@tasks`` switch on.

    Raises:
        SandboxError: there is no such fault, or its occasions cannot be read.
    """
    return Faults([_active(text) for text in texts])


def _active(text: str) -> ActiveFault:
    form = _FORM.fullmatch(text)
    if form is None or form["name"] not in FAULTS:
        raise SandboxError(f"There is no fault '{text}'.", "'exepron sandbox --fault list' shows them all.")
    fault = FAULTS[form["name"]]
    try:
        return ActiveFault(fault, form["when"] or fault.when, form["only"])
    except ValueError as error:
        raise SandboxError(
            f"'{form['when']}' does not say when {fault.name} strikes.",
            "Give occasions like always, 3, 2-4, 5-, %10 or 1+4.",
        ) from error


def _occasions(part: str) -> Callable[[int], bool]:
    found = _PART.fullmatch(part)
    if found is None:
        raise ValueError(part)
    if found["every"]:
        every = int(found["every"])
        return lambda occasion: occasion % every == 0
    if not found["first"]:
        return lambda _: True
    first = int(found["first"])
    last = int(found["last"]) if found["last"] else None
    if not found["open"]:
        last = first
    return lambda occasion: occasion >= first and (last is None or occasion <= last)
