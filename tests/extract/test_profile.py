from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from exepron_pipeline.errors import WarehouseError
from exepron_pipeline.extract.profile import FILE, LOOKS, Profile
from exepron_pipeline.extract.style import Style


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 11, tzinfo=UTC)

    def __call__(self) -> datetime:
        """Tell its time."""
        return self.now


def test_what_was_learnt_is_known_to_the_next_run(tmp_path: Path) -> None:
    """A saved profile comes back whole, for its own source only; the file is the owner's."""
    profile = Profile(tmp_path / "state", "one")
    profile.generation = "g2"
    profile.keep_working("tasks", "5", "Tasks")
    profile.keep_style("tasks", "5", Style("sourced", None, keyset=False))
    profile.keep_page_limit("tasks", 100)
    profile.save()
    again = Profile(tmp_path / "state", "one")
    assert again.generation == "g2"
    assert again.verdict("tasks", "5", "Tasks") == "works"
    assert again.working_path("tasks", "5") == "Tasks"
    assert again.style("tasks", "5") == Style("sourced", None, keyset=False)
    assert again.page_limit("tasks") == 100
    other = Profile(tmp_path / "state", "two")
    assert (other.generation, other.page_limit("tasks")) == (None, None)
    assert (tmp_path / "state" / FILE).stat().st_mode & 0o777 == 0o600


def test_only_news_are_saved_before_the_end(tmp_path: Path) -> None:
    """What is found as it was known is not written at once, but with whatever is saved next."""
    clock = Clock()
    profile = Profile(tmp_path, "one", clock=clock)
    profile.keep_working("tasks", "5", "Tasks")
    profile.save_news()
    known = (tmp_path / FILE).read_bytes()
    clock.now += timedelta(hours=1)
    profile.keep_working("tasks", "5", "Tasks")
    profile.save_news()
    assert (tmp_path / FILE).read_bytes() == known
    profile.keep_working("users", "5", "Users")
    profile.save_news()
    [tasks, users] = [Profile(tmp_path, "one").answers(name) for name in ("tasks", "users")]
    assert tasks[0].on == users[0].on == clock.now


def test_refusals_are_asked_again_after_a_week() -> None:
    """A refusal holds for seven days; what works keeps working."""
    clock = Clock()
    profile = Profile(clock=clock)
    profile.judge("tasks", "5", "A", "not_offered")
    profile.judge("tasks", "5", "B", "works")
    profile.keep_style("tasks", "5", Style("all"))
    clock.now += timedelta(days=6, hours=23)
    assert profile.verdict("tasks", "5", "A") == "not_offered"
    assert profile.verdict("tasks", "6", "A") is None
    assert profile.style("tasks", "5")
    clock.now += timedelta(hours=1)
    assert profile.verdict("tasks", "5", "A") is None
    assert profile.verdict("tasks", "5", "B") == "works"
    assert profile.style("tasks", "5") is None


def test_a_service_that_is_being_met_is_asked_little(tmp_path: Path) -> None:
    """Runs of one hour share their requests; one that reads ends that, and so does an hour."""
    clock = Clock()

    def run(sent: int) -> Profile:
        return Profile(tmp_path, "one", clock=clock, sent=lambda: sent)

    first = run(LOOKS - 10)
    assert (first.left(LOOKS), first.may_probe) == (LOOKS, True)
    first.count()
    first.save()
    second = run(0)
    second.spend(9)
    assert (second.left(LOOKS), second.may_probe) == (10, True)
    second.spend(1)
    assert not second.may_probe
    clock.now += timedelta(hours=1)
    assert run(0).left(LOOKS) == LOOKS
    clock.now -= timedelta(hours=1)
    second.keep_working("tasks", "5", "Tasks")
    second.save()
    assert run(0).left(LOOKS) is None


def test_two_processes_keep_each_others_findings(tmp_path: Path) -> None:
    """Saving adds what was learnt, and takes nothing away that another process saved meanwhile."""
    one, two = Profile(tmp_path, "x"), Profile(tmp_path, "x")
    one.keep_page_limit("tasks", 100)
    two.keep_page_limit("users", 50)
    one.save()
    two.save()
    assert [Profile(tmp_path, "x").page_limit(name) for name in ("tasks", "users")] == [100, 50]


def test_the_limit_of_another_set_is_the_first_guess() -> None:
    """A set whose limit is unknown begins with the largest known one."""
    profile = Profile()
    assert profile.page_limit("tasks") is None
    profile.keep_page_limit("users", 50)
    profile.keep_page_limit("projects", 2_000)
    assert profile.page_limit("tasks") == 2_000


def test_forgetting_asks_everything_again(tmp_path: Path) -> None:
    """After forgetting, nothing of this source is known, and other sources are untouched."""
    for source in ("one", "two"):
        profile = Profile(tmp_path, source)
        profile.generation = "g2"
        profile.save()
    Profile(tmp_path, "one").forget()
    assert Profile(tmp_path, "one").generation is None
    assert Profile(tmp_path, "two").generation == "g2"


@pytest.mark.parametrize("text", ["", "{", "[]", "\x00", '{"x": {"generation": 1}}'])
def test_a_damaged_file_is_an_empty_one(tmp_path: Path, text: str) -> None:
    """A profile that cannot be read is learnt anew, and can be saved again."""
    (tmp_path / FILE).write_text(text)
    profile = Profile(tmp_path, "x")
    assert profile.generation is None
    profile.generation = "g3"
    profile.save()
    assert Profile(tmp_path, "x").generation == "g3"


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    """Where the state folder is no folder, the error names the file and the cure."""
    (tmp_path / "state").write_text("")
    with pytest.raises(WarehouseError, match="EXEPRON_DATA_DIR"):
        Profile(tmp_path / "state", "x")
