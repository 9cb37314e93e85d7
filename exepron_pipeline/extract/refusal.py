"""What it means that a path refuses, and what of it is remembered. Not here: asking (``reader.py``, ``look.py``)."""

from exepron_pipeline.errors import (
    EntitySetMissingError,
    NotPermittedError,
    PermanentError,
    RequestRejectedError,
    ResponseError,
)
from exepron_pipeline.extract.plan import ReadPlan
from exepron_pipeline.extract.profile import ASK_AGAIN, PROBES, Profile, Verdict

REFUSALS = (EntitySetMissingError, NotPermittedError, RequestRejectedError, ResponseError)
"""What a path may answer that has nothing for us."""


def may_go_on(error: PermanentError, here: ReadPlan) -> bool:
    """True when a refusal leads to the next place; where a source shows the path, only some do."""
    return here.source.is_inferred or isinstance(error, EntitySetMissingError | NotPermittedError)


def remember(error: PermanentError, here: ReadPlan, profile: Profile) -> None:
    """Remember a refusal; that a sourced path is missing is worth asking again each time."""
    forbidden = isinstance(error, NotPermittedError)
    if here.source.is_inferred or forbidden:
        verdict: Verdict = "not_permitted" if forbidden else "not_offered"
        profile.judge(here.entity_set.name, here.account_id, here.source.path, verdict)


def remembered(here: ReadPlan, profile: Profile) -> PermanentError | None:
    """What stands against asking a place now: its last refusal, or too many questions at paths that no source shows."""
    name, path = here.entity_set.name, here.source.path
    verdict = profile.verdict(name, here.account_id, path)
    if verdict == "works":
        return None
    if verdict is None:
        return None if profile.may_probe or not here.source.is_inferred else _not_yet(name, path)
    kind = NotPermittedError if verdict == "not_permitted" else EntitySetMissingError
    words = "permitted" if verdict == "not_permitted" else "offered"
    return kind(
        f"{name}: {path} was not {words} when it was last asked.",
        hint=f"It is asked again {ASK_AGAIN.days} days after that, or by `exepron doctor --ask-again`.",
    )


def is_probe(here: ReadPlan, profile: Profile) -> bool:
    """True when a place is only our proposal, and nothing is known of it yet."""
    verdict = profile.verdict(here.entity_set.name, here.account_id, here.source.path)
    return here.source.is_inferred and verdict is None


def _not_yet(name: str, path: str) -> EntitySetMissingError:
    text = f"{name}: {path} was not asked yet: the {PROBES} questions of a day at paths that no source shows are used up."
    return EntitySetMissingError(text, hint="Go on tomorrow, or tell the path in a catalogue of your own.")
