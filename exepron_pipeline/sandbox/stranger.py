"""A tenant that is plausible and that nobody would guess: other paths, other names, another envelope.

Here belongs the vocabulary that turns Exepron's words into those of an invented system house. Not here:
what a service leaves out (``profiles.py``). Only discovery helps a client here: ``swagger/v1/swagger.json``
below the base (an OpenAPI document) tells paths, fields and types.

The rule, the same at every start: each name is split into words, the words are translated by
``_PHRASES`` and ``_WORDS``, and joined with underscores; a path is the translated name of its entity set in
the plural below ``portfolio/``. OData options work; rows stand under ``data.records``, the number of all rows
under ``meta.matched``, and the address of the next page under ``meta.more``.
"""

import json
import re

from exepron_pipeline.sandbox import wire
from exepron_pipeline.sandbox.envelope import Page
from exepron_pipeline.sandbox.generations import Endpoint, Generation
from exepron_pipeline.sandbox.paging import Paging
from exepron_pipeline.sandbox.schema import ENTITY_SETS, EntitySet
from exepron_pipeline.sandbox.views import View, stored

_PATHS = {
    "users": "members",
    "roles": "rights",
    "projects": "engagements",
    "tasks": "activities",
    "task_links": "sequences",
    "buffers": "reserves",
    "resource_types": "skills",
    "task_resource_assignments": "needs",
    "milestones": "gates",
    "linked_projects": "handovers",
    "project_groups": "programmes",
    "cost_groups": "ledgers",
    "task_revenues": "earnings",
    "work_hours": "timesheets",
    "calendar_days": "closures",
    "reason_codes": "causes",
    "task_reason_codes": "incidents",
    "early_warning_history": "trends",
}

_PHRASES = {
    "last_modified_on": "row_changed_at",
    "last_modified_by_user_id": "row_changed_by",
    "resource_type": "skill",
    "resource_manager": "skill_owner",
    "project_manager": "engagement_lead",
    "task_manager": "activity_owner",
    "project_group": "programme",
    "cost_group": "ledger",
    "reason_code": "cause",
    "work_hour": "timesheet",
    "work_date": "worked_day",
    "calendar_day": "closure",
    "critical_chain": "main_path",
    "early_warning": "outlook",
    "risk_quotient": "hazard",
    "remaining_duration": "days_left",
    "title_position": "job",
    "is_working_day": "open_for_business",
    "avatar_url": "portrait",
}
_WORDS = {
    "id": "ref", "user": "member", "role": "right", "project": "engagement", "task": "activity",
    "account": "tenant", "name": "title", "status": "phase", "date": "day", "due": "promised",
    "duration": "days_planned", "number": "code", "buffer": "reserve", "milestone": "gate", "quantity": "amount_needed",
    "predecessor": "before", "successor": "after", "origin": "giving", "destination": "taking",
    "revenue": "earning", "amount": "value", "description": "remark", "hours": "time_spent", "cost": "charge",
    "note": "comment", "color": "shade", "point": "observed", "completion": "done", "penetration": "used",
    "email": "mail", "phone": "telephone", "zip": "postcode", "address": "street", "city": "town", "state": "province",
    "country": "nation", "first": "given", "last": "family", "permissions": "grants", "objective": "purpose", "custom": "bespoke",
    "template": "blueprint", "minimal": "earliest", "actual": "real", "suggested": "proposed",
}  # fmt: skip


def translated(name: str) -> str:
    """A field's name in this tenant's words."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", name).lower().replace(" ", "_")
    for phrase, other in _PHRASES.items():
        words = re.sub(rf"(?<![a-z]){phrase}(?![a-z])", other.replace("_", "."), words)
    return "_".join(_WORDS.get(word, word) for word in words.split("_")).replace(".", "_")


def _view(entity_set: EntitySet) -> View:
    return stored(entity_set).renamed({name: translated(name) for name in entity_set.field_names})


def _envelope(page: Page) -> str:
    meta = {"matched": page.count, "more": page.next_link}
    return f'{{"meta":{json.dumps(meta)},"data":{{"records":[{",".join(page.rows)}]}}}}'


STRANGER = Generation(
    name="stranger",
    endpoints=(
        Endpoint("session/whoami", _view(ENTITY_SETS[0]), "caller"),
        *(Endpoint(f"portfolio/{_PATHS[each.name]}", _view(each)) for each in ENTITY_SETS),
    ),
    options=frozenset({"$select", "$filter", "$orderby", "$top", "$skip", "$count", "$skiptoken"}),
    paging=Paging(500, "split", links=True),
    envelope=_envelope,
    writers=wire.version4,
    describes="openapi",
)
