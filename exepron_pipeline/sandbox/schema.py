"""What the simulated service stores and offers: entity sets, their fields, keys and paths on the wire.

Here belongs the shape of the data. Not here: the rows (``portfolio.py``), how they are served
(``app.py``) and what the pipeline makes of them (the sandbox imports nothing of the pipeline, so that
its truth stays independent).

Names are those the vendor's sample clients and documentation show, where they show any; the others are
proposals for what an account must hold. The catalogue of the pipeline says which is which.
"""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["int", "decimal", "float", "text", "bool", "date", "stamp", "list"]


@dataclass(frozen=True)
class Field:
    """One property of an entity set: its wire name, kind, and what may hide it."""

    name: str
    kind: Kind
    financial: bool = False


@dataclass(frozen=True)
class EntitySet:
    """One list that the service offers.

    ``paths`` are below the API's base, with ``{a}`` account (``0``: mine), ``{u}`` user (``0``: me),
    ``{p}`` project (``-1``: all) and ``{t}`` task (``-1``: all).
    """

    name: str
    key: tuple[str, ...]
    fields: tuple[Field, ...]
    paths: tuple[str, ...]
    navigation: tuple[tuple[str, str, str], ...] = ()
    """(property, entity set it leads to, the field here that holds its key)"""
    needs_financial: bool = False

    @property
    def field_names(self) -> tuple[str, ...]:
        """Wire names in the order in which they are served."""
        return tuple(field.name for field in self.fields)


def _fields(**kinds: Kind | tuple[Kind, Literal["financial"]]) -> tuple[Field, ...]:
    return tuple(
        Field(name, kind, financial=False) if isinstance(kind, str) else Field(name, kind[0], financial=True)
        for name, kind in kinds.items()
    )


_USER = _fields(
    userId="int",
    accountId="int",
    roleId="int",
    firstName="text",
    lastName="text",
    userName="text",
    email="text",
    avatarURL="text",
    accountName="text",
    title_Position="text",
    address="text",
    city="text",
    state="text",
    country="text",
    zip="text",
    phone="text",
    isProjectManager="bool",
    isTaskManager="bool",
    isResourceManager="bool",
    resourceTypeId="int",
    lastModifiedOn="stamp",
)

ENTITY_SETS: tuple[EntitySet, ...] = (
    EntitySet(
        "users",
        ("userId",),
        _USER,
        ("Accounts/{a}/Users",),
    ),
    EntitySet(
        "roles",
        ("roleId",),
        _fields(roleId="int", roleName="text", isCustom="bool", permissions="list"),
        ("Accounts/{a}/Roles",),
    ),
    EntitySet(
        "projects",
        ("projectId",),
        _fields(
            projectId="int",
            projectName="text",
            accountId="int",
            status="int",
            projectStatusName="text",
            earlyWarning="float",
            earlyWarningStatus="text",
            riskQuotient="float",
            bufferPenetration="float",
            projectManagerID="int",
            projectDueDate="stamp",
            projectSuggestedStartDate="stamp",
            minimalStartDate="stamp",
            projectObjective="text",
            actualStartDate="stamp",
            projectGroupId="int",
            isTemplate="bool",
            lastModifiedOn="stamp",
            lastModifiedByUserID="int",
        ),
        ("Accounts/{a}/Projects", "Accounts/{a}/Users/{u}/Projects"),
        navigation=(("projectManager", "users", "projectManagerID"),),
    ),
    EntitySet(
        "tasks",
        ("taskId",),
        _fields(
            taskId="int",
            taskNumber="text",
            taskName="text",
            projectId="int",
            duration="int",
            remainingDuration="int",
            status="int",
            taskManagerId="int",
            isMilestone="bool",
            isCriticalChain="bool",
            lastModifiedOn="stamp",
            lastModifiedByUserID="int",
        ),
        ("Accounts/{a}/Projects/{p}/Tasks/GetAllTasks", "Accounts/{a}/Users/{u}/GetUserActiveTasks"),
    ),
    EntitySet(
        "task_links",
        ("predecessorTaskId", "successorTaskId"),
        _fields(predecessorTaskId="int", successorTaskId="int", projectId="int"),
        ("Accounts/{a}/Projects/{p}/TaskLinks",),
    ),
    EntitySet(
        "buffers",
        ("bufferId",),
        _fields(
            bufferId="int",
            projectId="int",
            bufferType="text",
            bufferSize="decimal",
            bufferRemaining="decimal",
            bufferPenetration="float",
        ),
        ("Accounts/{a}/Projects/{p}/Buffers",),
    ),
    EntitySet(
        "resource_types",
        ("resourceTypeId",),
        _fields(
            resourceTypeId="int",
            resourceTypeName="text",
            quantity="decimal",
            resourceManagerId="int",
            costGroupId="int",
            hourlyCost=("decimal", "financial"),
        ),
        ("Accounts/{a}/ResourceTypes",),
    ),
    EntitySet(
        "task_resource_assignments",
        ("taskId", "resourceTypeId"),
        _fields(taskId="int", resourceTypeId="int", quantity="decimal"),
        ("Accounts/{a}/Projects/{p}/Tasks/{t}/Resources",),
    ),
    EntitySet(
        "milestones",
        ("milestoneId",),
        _fields(milestoneId="int", taskId="int", projectId="int", milestoneDate="stamp"),
        ("Accounts/{a}/Projects/{p}/Milestones",),
    ),
    EntitySet(
        "linked_projects",
        ("originTaskId", "destinationTaskId"),
        _fields(
            originProjectId="int", originTaskId="int", destinationProjectId="int", destinationTaskId="int"
        ),
        ("Accounts/{a}/LinkedProjects",),
    ),
    EntitySet(
        "project_groups",
        ("projectGroupId",),
        _fields(projectGroupId="int", projectGroupName="text"),
        ("Accounts/{a}/ProjectGroups",),
    ),
    EntitySet(
        "cost_groups",
        ("costGroupId",),
        _fields(costGroupId="int", costGroupName="text"),
        ("Accounts/{a}/CostGroups",),
    ),
    EntitySet(
        "task_revenues",
        ("taskRevenueId",),
        _fields(
            taskRevenueId="int",
            taskId="int",
            revenueType="text",
            revenueDate="date",
            amount="decimal",
            description="text",
        ),
        ("Accounts/{a}/Projects/{p}/Tasks/{t}/Revenues",),
        needs_financial=True,
    ),
    EntitySet(
        "work_hours",
        ("workHourId",),
        _fields(
            workHourId="int",
            taskId="int",
            userId="int",
            resourceTypeId="int",
            workDate="date",
            hours="decimal",
            cost=("decimal", "financial"),
            lastModifiedOn="stamp",
        ),
        ("Accounts/{a}/WorkHours",),
    ),
    EntitySet(
        "calendar_days",
        ("calendarDayId",),
        _fields(calendarDayId="int", date="date", description="text", isWorkingDay="bool"),
        ("Accounts/{a}/Calendar",),
    ),
    EntitySet(
        "reason_codes",
        ("reasonCodeId",),
        _fields(reasonCodeId="int", reasonCodeName="text", color="text"),
        ("Accounts/{a}/ReasonCodes",),
    ),
    EntitySet(
        "task_reason_codes",
        ("taskReasonCodeId",),
        _fields(
            taskReasonCodeId="int",
            taskId="int",
            primaryReasonCodeId="int",
            secondaryReasonCodeId="int",
            note="text",
            status="text",
            statusDate="date",
            lastModifiedOn="stamp",
        ),
        ("Accounts/{a}/Projects/{p}/Tasks/{t}/ReasonCodes",),
    ),
    EntitySet(
        "early_warning_history",
        ("projectId", "pointDate"),
        _fields(
            projectId="int",
            pointDate="date",
            earlyWarning="float",
            bufferPenetration="float",
            criticalChainCompletion="float",
        ),
        ("Accounts/{a}/Projects/{p}/EarlyWarning",),
    ),
)

BY_NAME = {entity_set.name: entity_set for entity_set in ENTITY_SETS}

PROJECT_STATUS = {0: "Planning", 1: "Accepted", 2: "Pipeline", 3: "Started", 4: "Frozen", 5: "Completed"}
"""Labels are the product's words; the numbers and ``Completed`` are inventions of the sandbox."""

TASK_STATUS = {0: "Not started", 1: "In progress", 2: "Completed"}
"""Inventions of the sandbox."""
