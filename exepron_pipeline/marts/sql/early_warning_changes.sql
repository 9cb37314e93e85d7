-- One row per change of a project's early warning, colour or number, from one observed day to the next one: when
-- the forecast of which due date turned. Where days were not observed in between, the change happened on one of
-- the days after `former_day`, up to `day`. What a project was first seen with is no change.
--
-- Empty until an early warning changes between two observed days.
--
-- reads
--   marts.project_day: _account_id VARCHAR, project_id ID, day DATE, project_name VARCHAR, is_observed BOOLEAN,
--     early_warning DOUBLE, early_warning_status VARCHAR
-- gives
--   _account_id: Account that the project belongs to.
--   project_id: Identifies the project within the account.
--   day: Calendar day on which it was first seen changed, in the calendar zone.
--   project_name: Name of the project on that day.
--   former_day: The observed day before.
--   is_colour_change: True when the colour changed, false when the number alone did.
--   from_status: Colour on the former day; null when there was none.
--   to_status: Colour since: green, red or black.
--   from_value: Number on the former day, as Exepron gives it.
--   to_value: Number since.
WITH observed AS (
    SELECT
        *,
        lag(day) OVER project AS former_day,
        lag(early_warning_status) OVER project AS from_status,
        lag(early_warning) OVER project AS from_value
    FROM marts_project_day
    WHERE is_observed
    WINDOW project AS (PARTITION BY _account_id, project_id ORDER BY day)
)
SELECT
    _account_id,
    project_id,
    day,
    project_name,
    former_day,
    early_warning_status IS DISTINCT FROM from_status AS is_colour_change,
    from_status,
    early_warning_status AS to_status,
    from_value,
    early_warning AS to_value
FROM observed
WHERE
    former_day IS NOT NULL
    AND (early_warning_status IS DISTINCT FROM from_status OR early_warning IS DISTINCT FROM from_value)
ORDER BY _account_id, project_id, day
