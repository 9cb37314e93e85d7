"""What a service offers of a generation: everything, only what a source shows, or something quite different.

Here belongs leaving out. Not here: the generations (``generations.py``) and the invented tenant
(``stranger.py``).

``confirmed`` has the paths and fields that the vendor's sample clients or documentation show; the rest is
404. It lists only "my projects", counts nothing and describes nothing: no source shows that it does.
"""

from dataclasses import replace

from exepron_pipeline.sandbox import envelope
from exepron_pipeline.sandbox.generations import GENERATIONS, WHO_AM_I, Endpoint, Generation
from exepron_pipeline.sandbox.offer import GenerationName, ProfileName
from exepron_pipeline.sandbox.stranger import STRANGER
from exepron_pipeline.sandbox.views import Relation, View

_USER = (
    "userId", "accountId", "roleId", "firstName", "lastName", "userName", "email", "avatarURL", "accountName",
    "title_Position", "address", "city", "state", "country", "zip", "phone",
)  # fmt: skip
_PROJECT = (
    "projectId", "projectName", "accountId", "status", "projectStatusName", "earlyWarning", "earlyWarningStatus",
    "riskQuotient", "bufferPenetration", "projectManagerID", "projectDueDate", "projectSuggestedStartDate",
    "minimalStartDate", "projectObjective", "lastModifiedOn", "lastModifiedByUserID",
)  # fmt: skip
_TASK = ("taskId", "taskNumber", "taskName", "remainingDuration")

_NESTED = {
    WHO_AM_I: (WHO_AM_I, _USER),
    "Accounts/{a}/Users/{u}/Projects": ("Accounts/{a}/Users/{u}/Projects", _PROJECT),
    "Accounts/{a}/Projects/{p}/Tasks/GetAllTasks": ("Accounts/{a}/Projects/-1/Tasks/GetAllTasks", _TASK),
    "Accounts/{a}/Users/{u}/GetUserActiveTasks": ("Accounts/{a}/Users/{u}/GetUserActiveTasks", _TASK),
}
_FLAT = {WHO_AM_I: (WHO_AM_I, _USER), "projects": ("projects", ("id", "name", "status", "startDate"))}


def service(generation: GenerationName, profile: ProfileName) -> Generation:
    """What is served under these two names."""
    if profile == "stranger":
        return STRANGER
    full = GENERATIONS[generation]
    return full if profile == "full" else _confirmed(full)


def _confirmed(full: Generation) -> Generation:
    shown = _FLAT if full.name == "g3" else _NESTED
    return replace(
        full,
        endpoints=tuple(
            replace(endpoint, path=shown[endpoint.path][0], view=_cut(endpoint, shown[endpoint.path][1]))
            for endpoint in full.endpoints
            if endpoint.path in shown
        ),
        envelope=envelope.only_value if full.name == "g3" else full.envelope,
        paging=replace(full.paging, above="refuse", links=False),
        describes="nothing",
        counts=False,
    )


def _cut(endpoint: Endpoint, names: tuple[str, ...]) -> View:
    """The view with these fields, and with what its navigation shows of other sets."""
    view = endpoint.view.showing(*names)
    relations = (replace(each, target=each.target.showing(*_shown(each))) for each in view.relations)
    return replace(view, relations=tuple(relations))


def _shown(relation: Relation) -> tuple[str, ...]:
    """Fields of an expanded set: those of its example, else of the list that shows it, else its key."""
    if relation.name == "manager":
        return ("firstName", "lastName")
    flat = {"taskId": "id", "taskName": "name"}
    lists = {"users": _USER, "tasks": tuple(flat.get(name, name) for name in _TASK)}
    return lists.get(relation.target.name, relation.target.key)
