-- One row per project that was ever observed: the due date it was first seen with, the one it has now, and what
-- happened in between. Only observed days count; what changed twice from one to the next one counts once. Each
-- change with its day is in `marts.project_day`.
--
-- Empty until a project is read.
--
-- reads
--   marts.project_day: _account_id VARCHAR, project_id ID, day DATE, project_name VARCHAR, is_observed BOOLEAN,
--     project_due_date TIMESTAMPTZ
-- gives
--   _account_id: Account that the project belongs to.
--   project_id: Identifies the project within the account.
--   project_name: Name of the project on the last observed day.
--   first_due_date: The due date that was seen first; null when there never was one.
--   first_seen_day: Calendar day on which that was seen.
--   current_due_date: The due date on the last observed day.
--   last_seen_day: The last observed day of the project; later ones are missing when it was deleted.
--   slip_days: Calendar days from the first due date to the current one; negative when it was drawn in.
--   largest_slip_days: Calendar days from the first due date to the latest one that was ever seen.
--   changes: How often the due date was another one than on the observed day before.
--   last_changed_day: Calendar day of the last of these changes.
WITH observed AS (
    SELECT
        *,
        CAST(project_due_date AT TIME ZONE getvariable('calendar_zone') AS DATE) AS due_day,
        lag(project_due_date IGNORE NULLS) OVER (PARTITION BY _account_id, project_id ORDER BY day) AS former
    FROM marts_project_day
    WHERE is_observed
),
slip AS (
    SELECT
        _account_id,
        project_id,
        arg_max(project_name, day) AS project_name,
        arg_min(project_due_date, day) AS first_due_date,
        min(day) FILTER (project_due_date IS NOT NULL) AS first_seen_day,
        arg_min(due_day, day) AS first_due_day,
        arg_max_null(project_due_date, day) AS current_due_date,
        max(day) AS last_seen_day,
        arg_max_null(due_day, day) AS current_due_day,
        max(due_day) AS latest_due_day,
        count(*) FILTER (project_due_date <> former) AS changes,
        max(day) FILTER (project_due_date <> former) AS last_changed_day
    FROM observed
    GROUP BY _account_id, project_id
)
SELECT
    _account_id,
    project_id,
    project_name,
    first_due_date,
    first_seen_day,
    current_due_date,
    last_seen_day,
    date_diff('day', first_due_day, current_due_day) AS slip_days,
    date_diff('day', first_due_day, latest_due_day) AS largest_slip_days,
    changes,
    last_changed_day
FROM slip
ORDER BY _account_id, project_id
