-- One row per project and calendar day, from the first day on which it was known to the last day on which the
-- account's projects were read: the state at the end of that day, as it is known now. On a day without a
-- successful reading the measures are null: they are never carried over. A deleted project has no rows from the
-- day of its deletion on.
--
-- Empty until a project is read.
--
-- reads
--   history.projects: _account_id VARCHAR, project_id ID, project_name VARCHAR, status_code BIGINT,
--     status_name VARCHAR, early_warning DOUBLE, early_warning_status VARCHAR, buffer_penetration DOUBLE,
--     risk_quotient DOUBLE, project_due_date TIMESTAMPTZ, _op VARCHAR, _valid_from TIMESTAMPTZ,
--     _valid_to TIMESTAMPTZ, _known_from TIMESTAMPTZ, _known_to TIMESTAMPTZ
--   history.tasks: _account_id VARCHAR, project_id ID, remaining_duration BIGINT, _op VARCHAR,
--     _valid_from TIMESTAMPTZ, _valid_to TIMESTAMPTZ, _known_to TIMESTAMPTZ
--   ops.loads: entity_set VARCHAR, account_id VARCHAR, status VARCHAR, finished_at TIMESTAMPTZ
-- gives
--   _account_id: Account that the project belongs to.
--   project_id: Identifies the project within the account.
--   day: Calendar day in the calendar zone.
--   project_name: Name of the project at the end of the day.
--   is_observed: True when the account's projects were read successfully on that day.
--   status_code: Status as a number, as Exepron gives it.
--   status_name: Status in words.
--   early_warning: Forecast of the due date as a number, as Exepron gives it.
--   early_warning_status: Forecast of the due date as a colour: green, red or black.
--   buffer_penetration: Share of the project buffer that is used up, on Exepron's own scale; negative when ahead.
--   risk_quotient: Schedule risk of the project; rising is worse.
--   project_due_date: When the project was promised to be finished.
--   remaining_days: Sum of the remaining durations of its tasks, in working days; null when tasks were not read that day.
--   tasks_completed: Tasks with no work left (remaining duration 0); null when tasks were not read that day.
WITH reading AS (  -- the days on which each entity set was read
    SELECT DISTINCT
        entity_set,
        account_id AS _account_id,
        CAST(finished_at AT TIME ZONE getvariable('calendar_zone') AS DATE) AS day
    FROM ops_loads
    WHERE status = 'ok' AND entity_set IN ('projects', 'tasks')
),
project_version AS (  -- in force at the end of each day from first_day up to, not including, end_day
    SELECT
        *,
        CAST(_valid_from AT TIME ZONE getvariable('calendar_zone') AS DATE) AS first_day,
        coalesce(CAST(_valid_to AT TIME ZONE getvariable('calendar_zone') AS DATE), DATE 'infinity') AS end_day
    FROM history_projects
    WHERE _known_to IS NULL AND _op <> 'delete'
),
task_version AS (
    SELECT
        _account_id,
        project_id,
        remaining_duration,
        CAST(_valid_from AT TIME ZONE getvariable('calendar_zone') AS DATE) AS first_day,
        coalesce(CAST(_valid_to AT TIME ZONE getvariable('calendar_zone') AS DATE), DATE 'infinity') AS end_day
    FROM history_tasks
    WHERE _known_to IS NULL AND _op <> 'delete' AND project_id IS NOT NULL
),
span AS (
    SELECT
        first_known._account_id,
        first_known.project_id,
        first_known.first_day,
        last_read.last_day
    FROM (
        SELECT
            _account_id,
            project_id,
            min(CAST(_known_from AT TIME ZONE getvariable('calendar_zone') AS DATE)) AS first_day
        FROM history_projects
        GROUP BY _account_id, project_id
    ) AS first_known
    INNER JOIN (
        SELECT _account_id, max(day) AS last_day FROM reading WHERE entity_set = 'projects' GROUP BY _account_id
    ) AS last_read USING (_account_id)
),
project_day AS (
    SELECT
        _account_id,
        project_id,
        CAST(unnest(generate_series(first_day, last_day, INTERVAL 1 DAY)) AS DATE) AS day
    FROM span
),
task_change AS (  -- what the tasks that begin and cease to be in force on a day change in the project's sums
    SELECT _account_id, project_id, first_day AS day, remaining_duration AS days, 1 AS sign
    FROM task_version
    WHERE first_day < end_day
    UNION ALL
    SELECT _account_id, project_id, end_day, remaining_duration, -1
    FROM task_version
    WHERE first_day < end_day AND end_day < DATE 'infinity'
),
task_sum AS (
    SELECT
        _account_id,
        project_id,
        day,
        sum(coalesce(sum(sign * days), 0)) OVER until_then AS remaining_days,
        sum(coalesce(sum(sign) FILTER (days = 0), 0)) OVER until_then AS tasks_completed
    FROM task_change
    GROUP BY _account_id, project_id, day
    WINDOW until_then AS (PARTITION BY _account_id, project_id ORDER BY day)
),
task_day AS (
    SELECT
        project_day._account_id,
        project_day.project_id,
        project_day.day,
        CAST(coalesce(task_sum.remaining_days, 0) AS BIGINT) AS remaining_days,
        CAST(coalesce(task_sum.tasks_completed, 0) AS BIGINT) AS tasks_completed
    FROM project_day
    INNER JOIN reading
        ON reading.entity_set = 'tasks'
        AND reading._account_id = project_day._account_id
        AND reading.day = project_day.day
    ASOF LEFT JOIN task_sum
        ON task_sum._account_id = project_day._account_id
        AND task_sum.project_id = project_day.project_id
        AND task_sum.day <= project_day.day
    WHERE EXISTS (FROM task_version)
)
SELECT
    project_day._account_id,
    project_day.project_id,
    project_day.day,
    version.project_name,
    reading.day IS NOT NULL AS is_observed,
    CASE WHEN is_observed THEN version.status_code END AS status_code,
    CASE WHEN is_observed THEN version.status_name END AS status_name,
    CASE WHEN is_observed THEN version.early_warning END AS early_warning,
    CASE WHEN is_observed THEN version.early_warning_status END AS early_warning_status,
    CASE WHEN is_observed THEN version.buffer_penetration END AS buffer_penetration,
    CASE WHEN is_observed THEN version.risk_quotient END AS risk_quotient,
    CASE WHEN is_observed THEN version.project_due_date END AS project_due_date,
    CASE WHEN is_observed THEN task_day.remaining_days END AS remaining_days,
    CASE WHEN is_observed THEN task_day.tasks_completed END AS tasks_completed
FROM project_day
INNER JOIN project_version AS version
    ON version._account_id = project_day._account_id
    AND version.project_id = project_day.project_id
    AND version.first_day <= project_day.day
    AND version.end_day > project_day.day
LEFT JOIN reading
    ON reading.entity_set = 'projects'
    AND reading._account_id = project_day._account_id
    AND reading.day = project_day.day
LEFT JOIN task_day
    ON task_day._account_id = project_day._account_id
    AND task_day.project_id = project_day.project_id
    AND task_day.day = project_day.day
ORDER BY project_day._account_id, project_day.project_id, project_day.day
