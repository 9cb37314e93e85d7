import itertools
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

START = datetime(2026, 1, 5, 12, tzinfo=UTC)
FAR = datetime(9999, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def versions(desk, table="tasks"):
    """Read all versions of a table, with times as offsets that can be compared."""
    sql = (
        "SELECT task_id, _op, epoch_us(_valid_from), epoch_us(_valid_to), epoch_us(_known_from), "
        f"epoch_us(_known_to) FROM history.{table} ORDER BY ALL"
    )
    return desk.rows(sql)


def names_as_of(desk, valid_at, known_at):
    """Read the names that the macro gives, by key."""
    return dict(
        desk.rows(
            "SELECT task_id, task_name FROM history.tasks_as_of($v, $k)", {"v": valid_at, "k": known_at}
        )
    )


def test_a_change_restates_the_former_version(desk, record):
    """What was said stays readable; it is said again with an end, and the new version follows."""
    desk.land([record(1, "a", START)])
    [(first,)] = desk.rows("SELECT epoch_us(_known_from) FROM history.tasks")
    desk.land([record(1, "b", START + HOUR)])
    [(second,)] = desk.rows("SELECT epoch_us(max(_known_from)) FROM history.tasks")
    v0, v1 = (int((START + n * HOUR).timestamp() * 1e6) for n in (0, 1))
    assert versions(desk) == [
        (1, "insert", v0, v1, second, None),
        (1, "insert", v0, None, first, second),
        (1, "update", v1, None, second, None),
    ]


def test_a_correction_without_a_newer_cursor_is_valid_from_the_read(desk, record):
    """A value that moved without its stamp is dated by the start of the read that found it."""
    desk.land([record(1, "a", START)])
    load = desk.load([record(1, "b", START)])
    desk.land_load(load)
    assert names_as_of(desk, load.started_at - HOUR, FAR) == {1: "a"}
    assert names_as_of(desk, load.started_at, FAR) == {1: "b"}


def test_no_date_is_no_beginning(desk, record):
    """A record that changed on the calendar's last day is known from the read on, like one without a stamp."""
    no_date = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    load = desk.load([record(1, "a", no_date), record(2, "b", None)])
    desk.land_load(load)
    assert names_as_of(desk, load.started_at, FAR) == {1: "a", 2: "b"}
    assert names_as_of(desk, load.started_at - HOUR, FAR) == {}


def test_a_version_never_begins_before_the_former_one(desk, record):
    """A clock of the service that ran ahead, and a cursor that fell back, make no overlap."""
    ahead = datetime(2030, 1, 1, tzinfo=UTC)
    desk.land([record(1, "a", ahead)])
    desk.land([record(1, "b", START)])
    open_versions = "SELECT task_name, epoch_us(_valid_from) FROM history.tasks WHERE _known_to IS NULL"
    assert desk.rows(open_versions) == [("b", int(ahead.timestamp() * 1e6))]


def test_a_deletion_is_a_version_and_a_return_ends_it(desk, record):
    """A deleted record is absent as of then; when it comes back it counts as inserted and lives."""
    desk.land([record(1, "a", codes=["x"]), record(2, "b")])
    gone = desk.load([record(2, "b")], mode="reconcile")
    assert desk.land_load(gone).deleted == 1
    assert desk.rows(
        "SELECT task_id, epoch_us(_deleted_at) FROM core.tasks WHERE _deleted_at IS NOT NULL"
    ) == [(1, int(gone.started_at.timestamp() * 1e6))]
    assert desk.rows("SELECT * FROM core.tasks__codes") == []
    assert names_as_of(desk, FAR, FAR) == {2: "b"}
    assert names_as_of(desk, START, FAR) == {1: "a", 2: "b"}
    back = desk.land([record(1, "a", codes=["x"])])
    assert (back.inserted, back.updated, back.live_rows) == (1, 0, 2)
    assert desk.rows("SELECT count(*) FROM core.tasks WHERE _deleted_at IS NOT NULL") == [(0,)]
    assert desk.rows("SELECT code FROM core.tasks__codes") == [("x",)]
    assert names_as_of(desk, FAR, FAR) == {1: "a", 2: "b"}
    assert names_as_of(desk, gone.started_at, FAR) == {2: "b"}


def test_the_macro_takes_texts_and_dates(desk, record):
    """An analyst may write a date or a text where an instant is meant."""
    desk.land([record(1)])
    sql = "SELECT count(*) FROM history.tasks_as_of('2026-01-06', DATE '2027-01-01')"
    assert desk.rows(sql) == [(1,)]
    assert desk.rows("SELECT count(*) FROM history.tasks_as_of('2026-01-04', now())") == [(0,)]


def test_knowledge_moves_forward_even_when_the_clock_does_not(desk, record):
    """With a system clock that was put back, versions still follow one another."""
    from exepron_pipeline.land.landing import land

    with desk.open() as con:
        for name in ("a", "b", "c"):
            land(con, desk.load([record(1, name)]), clock=lambda: START)
    assert [(known < (until or known + 1)) for *_, known, until in versions(desk)] == [True] * len(
        versions(desk)
    )
    assert names_as_of(desk, FAR, FAR) == {1: "c"}


def test_history_of_a_list_follows_its_record(desk, record):
    """The items of a list are those of the record's version at that time."""
    desk.land([record(1, "a", START, codes=["x", "y"])])
    desk.land([record(1, "a", START + HOUR, codes=["z"])])
    as_of = "SELECT _position, code FROM history.tasks__codes_as_of($at, $known) ORDER BY 1"
    assert desk.rows(as_of, {"at": START, "known": FAR}) == [(0, "x"), (1, "y")]
    assert desk.rows(as_of, {"at": START + HOUR, "known": FAR}) == [(0, "z")]


KEYS = st.integers(1, 3)
EDIT = st.tuples(
    st.just("edit"), KEYS, st.sampled_from("abc"), st.sampled_from(["", "x", "xy"]), st.booleans()
)
REMOVE = st.tuples(st.just("remove"), KEYS)
STEP = st.tuples(
    st.lists(EDIT | REMOVE, max_size=4),
    st.sampled_from(["incremental", "full", "reconcile"]),
    st.integers(1, 3),
)


class Service:
    """What Exepron would hold, and what a warehouse should hold after each load of it."""

    def __init__(self):
        """Begin with nothing."""
        self.records = {}
        self.landed = {}
        self.watermark = START

    def edit(self, actions, record, now):
        """Change records; a silent change keeps the cursor."""
        for action, key, *rest in actions:
            if action == "remove":
                self.records.pop(key, None)
                continue
            name, codes, stamped = rest
            former = self.records.get(key)
            cursor = now if stamped or former is None else former["modified_at"]
            self.records[key] = record(key, name, cursor, codes=list(codes))

    def answer(self, mode):
        """Give what a load of this mode reads, and expect what should be landed after it."""
        found = [
            r for r in self.records.values() if mode != "incremental" or r["modified_at"] >= self.watermark
        ]
        if mode == "reconcile":
            self.landed = {}
        self.landed |= {r["task_id"]: (r["task_name"], "".join(r["codes"])) for r in found}
        self.watermark = max([self.watermark, *(r["modified_at"] for r in found)])
        return found


def state(con, at=None):
    """Read records with their lists: of core, or as the macros give them."""
    rows, items, live = "core.tasks", "core.tasks__codes", "WHERE _deleted_at IS NULL"
    if at:
        moments = f"(TIMESTAMPTZ '{at[0].isoformat()}', TIMESTAMPTZ '{at[1].isoformat()}')"
        rows, items, live = f"history.tasks_as_of{moments}", f"history.tasks__codes_as_of{moments}", ""
    lists = {}
    for key, code in con.execute(f"SELECT task_id, code FROM {items} ORDER BY task_id, _position").fetchall():
        lists[key] = lists.get(key, "") + code
    found = con.execute(f"SELECT task_id, task_name FROM {rows} {live}").fetchall()
    assert set(lists) <= {key for key, _ in found}
    return {key: (name, lists.get(key, "")) for key, name in found}


def check_lists_do_not_overlap(con):
    """At each instant of knowledge no place of a list has two items at once."""
    [(overlaps,)] = con.execute(
        "SELECT count(*) FROM history.tasks__codes a JOIN history.tasks__codes b "
        "ON a.task_id = b.task_id AND a._account_id = b._account_id AND a._position = b._position AND a.rowid < b.rowid "
        "AND a._known_from < coalesce(b._known_to, 'infinity') AND b._known_from < coalesce(a._known_to, 'infinity') "
        "AND a._valid_from < coalesce(b._valid_to, 'infinity') AND b._valid_from < coalesce(a._valid_to, 'infinity')"
    ).fetchall()
    assert overlaps == 0


def check_no_gap_or_overlap(con):
    """At each instant of knowledge the versions of a key meet, the last one open."""
    rows = con.execute(
        "SELECT task_id, epoch_us(_valid_from), epoch_us(_valid_to), epoch_us(_known_from), epoch_us(_known_to) "
        "FROM history.tasks"
    ).fetchall()
    for instant in {known for *_, known, _ in rows}:
        said = sorted(r for r in rows if r[3] <= instant and (r[4] is None or instant < r[4]))
        for _, group in itertools.groupby(said, key=lambda r: r[0]):
            ends = [(begin, end) for _, begin, end, *_ in group]
            assert all(end == begin for (_, end), (begin, _) in itertools.pairwise(ends))
            assert all(end is None or begin < end for begin, end in ends)
            assert ends[-1][1] is None


@given(steps=st.lists(STEP, min_size=1, max_size=5), shuffle=st.randoms(use_true_random=False))
def test_any_course_of_loads_lands_the_states_that_were_read(new_desk, record, steps, shuffle):
    """Core is the last state read, and as of each load exactly the states landed by then."""
    from exepron_pipeline.land.landing import land

    desk, service, landed = new_desk(), Service(), []
    with desk.open() as con:
        for number, (actions, mode, page_size) in enumerate(steps):
            now = START + number * HOUR
            service.edit(actions, record, now)
            found = service.answer(mode)
            shuffle.shuffle(found)
            pages = [found[i : i + page_size] for i in range(0, len(found), page_size)] + [found[:1]]
            load = desk.load(*pages, mode=mode, started_at=now)
            land(con, load, clock=lambda now=now: now + timedelta(minutes=1))
            landed.append((now + timedelta(minutes=1), dict(service.landed)))
            assert state(con) == service.landed
        for known, expected in landed:
            assert state(con, (FAR, known)) == expected
            assert state(con, (known, known)) == expected
        check_no_gap_or_overlap(con)
        check_lists_do_not_overlap(con)
