"""All faults, by name.

Here belongs their list. Not here: what they do; a fault that is missing here cannot be switched on.
"""

from exepron_pipeline.sandbox.faults import (
    answers,
    changes,
    discovery,
    identity,
    pages,
    questions,
    refusals,
    sign_in,
    transmission,
    values,
)
from exepron_pipeline.sandbox.faults.fault import Fault

_GROUPS = (
    *(answers, refusals, transmission, questions, pages, values, changes),
    *(discovery, identity, sign_in),
)

FAULTS: dict[str, Fault] = {fault.name: fault for group in _GROUPS for fault in group.FAULTS}
"""In the order of ``exepron sandbox --fault list``."""
