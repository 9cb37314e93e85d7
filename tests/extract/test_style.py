from datetime import UTC, datetime
from itertools import product

import pytest

from exepron_pipeline.catalogue.model import EntitySet
from exepron_pipeline.extract.plan import ReadPlan, plan_read
from exepron_pipeline.extract.style import Style, learn_style, question
from exepron_pipeline.odata.dialect import DIALECTS, V3_STAMP, V4_STAMP

G2, G3 = DIALECTS["g2"], DIALECTS["g3"]
NOON = datetime(2026, 3, 11, 12, 0, tzinfo=UTC)


@pytest.fixture
def plan(people: EntitySet) -> ReadPlan:
    """An incremental read of a set with contact data."""
    return plan_read(people, account_id="5", user_id=None, generation="g3", since=NOON)


def test_a_question_is_written_in_its_style(plan: ReadPlan) -> None:
    """Fields and the form of the instant follow the style."""
    best = question(plan, Style.best(G3), G3, "http://x", 9).page(9)
    assert best.filter == "lastModifiedOn ge 2026-03-11T12:00:00Z"
    assert best.select == plan.select
    other = question(plan, Style("sourced", V3_STAMP), G3, "http://x", 9).page(9)
    assert other.filter == "lastModifiedOn ge datetime'2026-03-11T12:00:00'"
    assert other.select == plan.select_sourced
    assert question(plan, Style("all", None), G3, "http://x", 9).page(9).filter is None


def test_a_cursor_of_dates_is_compared_with_a_date(people: EntitySet) -> None:
    """A date takes the literal of a date, not that of an instant."""
    columns = tuple(
        column.model_copy(update={"type": "date"}) if column.name == people.cursor else column
        for column in people.columns
    )
    dated = people.model_copy(update={"columns": columns})
    plan = plan_read(dated, account_id="5", user_id=None, generation="g2", since=NOON)
    assert question(plan, Style.best(G2), G2, "http://x", 9).query.filter == "lastModifiedOn ge 2026-03-11"


@pytest.mark.parametrize("taken", list(product([True, False], repeat=4)))
def test_the_best_style_is_found_whatever_is_refused(
    plan: ReadPlan, taken: tuple[bool, bool, bool, bool]
) -> None:
    """Each option is kept if and only if the service takes it, whatever the others do; in few questions."""
    kept, z_stamp, ordered, counted = taken
    asked: list[Style] = []

    def works(style: Style) -> bool:
        asked.append(style)
        return (
            (kept or style.select != "kept")
            and (z_stamp or style.stamp in {None, V3_STAMP})
            and (ordered or not style.ordered)
            and (counted or not style.counted)
        )

    style = learn_style(plan, G3, works)
    expected = Style(
        "kept" if kept else "sourced", V4_STAMP if z_stamp else V3_STAMP, ordered=ordered, counted=counted
    )
    assert style == expected
    assert len(asked) <= 9


def test_a_path_that_answers_nothing_has_no_style(plan: ReadPlan) -> None:
    """When even the bare path is refused there is no style; without $top it is tried once."""
    asked: list[Style] = []
    assert learn_style(plan, G3, lambda style: asked.append(style) is not None) is None
    assert [style.sized for style in asked] == [True, False]


def test_what_was_not_tried_stays_as_it_is(people: EntitySet) -> None:
    """A full read, which sends no filter, learns nothing of filters."""
    plan = plan_read(people, account_id="5", user_id=None, generation="g2", personal="keep")
    style = learn_style(plan, G2, lambda style: not style.ordered)
    assert style is not None
    assert (style.stamp, style.select, style.ordered) == (V4_STAMP, "kept", False)


def test_styles_survive_other_versions() -> None:
    """A stored style comes back; fields of another version are passed over."""
    style = Style("all", None, keyset=False)
    assert Style.from_json(style.as_json() | {"later": 1}) == style
