"""Which options a service takes for one entity set, found by asking. Not here: where it is remembered.

A refused question does not say which of its options was wrong. So the options are tried one after the
other on questions for a single record, each on top of those that are known to work: what is found is the
best style, however many options are refused.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal, Self

from exepron_pipeline.extract.plan import ReadPlan
from exepron_pipeline.odata.dialect import Dialect
from exepron_pipeline.odata.literals import literal, stamp_forms, stamp_literal
from exepron_pipeline.odata.query import both, property_path
from exepron_pipeline.odata.question import Question


@dataclass(frozen=True)
class Style:
    """How to ask: which fields, which form of an instant (None: no filter), which options; what a count counts."""

    select: Literal["kept", "sourced", "all"] = "kept"
    stamp: str | None = None
    sized: bool = True
    ordered: bool = True
    counted: bool = True
    keyset: bool = True
    counts_all: bool = False

    @classmethod
    def best(cls, dialect: Dialect) -> Self:
        """What is tried first."""
        return cls(stamp=dialect.stamps[0])

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """Rebuild a style; fields of another version are passed over."""
        known = {item.name for item in fields(cls)}
        return cls(**{name: value for name, value in values.items() if name in known})

    def as_json(self) -> dict[str, Any]:
        """The style as plain values."""
        return asdict(self)


def question(plan: ReadPlan, style: Style, dialect: Dialect, base_url: str, size: int) -> Question:
    """Write a plan down as a question in a style, ``size`` records a page."""
    selects = {"kept": plan.select, "sourced": plan.select_sourced, "all": ()}
    return Question(
        base_url=base_url,
        path=plan.path,
        key=plan.key,
        dialect=dialect,
        query=replace(
            plan.scope,
            select=selects[style.select],
            filter=_filter(plan, style, dialect),
            orderby=() if style.keyset else plan.orderby,  # reading by key needs its own order
        ),
        size=size,
        sized=style.sized,
        ordered=style.ordered,
        counted=style.counted,
        keyset=style.keyset,
        counts_all=style.counts_all,
    )


def learn_style(plan: ReadPlan, dialect: Dialect, works: Callable[[Style], bool]) -> Style | None:
    """Find the best style that a service takes.

    Args:
        plan: What is to be read.
        dialect: How the service speaks.
        works: Asks one small question in a style, and tells whether it was taken.

    Returns:
        None when the service does not even answer the bare path.

    """
    bare = Style(
        select="all" if plan.select else "kept",
        stamp=None if plan.lower else dialect.stamps[0],  # not to be tried now
        ordered=False,
        counted=False,
    )
    style = next((each for each in (bare, replace(bare, sized=False)) if works(each)), None)
    if style is None:
        return None
    for name, options in _options(plan, dialect).items():
        trials = (replace(style, **{name: option}) for option in options)
        style = next((trial for trial in trials if works(trial)), style)
    return style


def _options(plan: ReadPlan, dialect: Dialect) -> dict[str, tuple[Any, ...]]:
    """What may be added to the bare question, the best option of each kind first."""
    wanted: dict[str, tuple[Any, ...]] = {
        "select": ("kept", "sourced") if plan.select else (),
        "stamp": stamp_forms(plan.cursor.type, dialect) if plan.lower and plan.cursor else (),
        "ordered": (True,),
        "counted": (True,) if dialect.count_option else (),
    }
    return {name: options for name, options in wanted.items() if options}


def _filter(plan: ReadPlan, style: Style, dialect: Dialect) -> str | None:
    since, scope = _since(plan, style, dialect), plan.entity_set.filter
    return both(scope, since) if since else scope


def _since(plan: ReadPlan, style: Style, dialect: Dialect) -> str | None:
    if plan.lower is None or plan.cursor is None or style.stamp is None:
        return None
    type_, forms = plan.cursor.type, stamp_forms(plan.cursor.type, dialect)
    form = style.stamp if style.stamp in forms else forms[0]
    is_date = type_ in {"date", "Edm.Date"}
    text = literal(plan.lower.date(), type_, dialect) if is_date else stamp_literal(plan.lower, form)
    return f"{property_path(plan.cursor.wire)} ge {text}"
