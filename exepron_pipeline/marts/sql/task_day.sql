-- One row per task and observed day while its project is live: the state at the end of that day, as it is known
-- now. A day is observed when the account's tasks were read successfully; other days have no rows. A project is
-- live as long as it exists, is no template, and has work left: its rows end with the first observed day on which
-- all of its tasks are completed. A task has rows from the first day on which it was known until it is deleted.
--
-- Empty until a task of a live project is read.
--
-- reads
--   history.tasks: _account_id VARCHAR, task_id ID, project_id ID, duration BIGINT, remaining_duration BIGINT,
--     status_code BIGINT, status_name VARCHAR, is_critical_chain BOOLEAN, _op VARCHAR, _valid_from TIMESTAMPTZ,
--     _valid_to TIMESTAMPTZ, _known_from TIMESTAMPTZ, _known_to TIMESTAMPTZ
--   history.projects: _account_id VARCHAR, project_id ID, is_template BOOLEAN, _op VARCHAR,
--     _valid_from TIMESTAMPTZ, _valid_to TIMESTAMPTZ, _known_to TIMESTAMPTZ
--   core.calendar_days: _account_id VARCHAR, date DATE, is_working_day BOOLEAN, _deleted_at TIMESTAMPTZ
--   ops.loads: entity_set VARCHAR, account_id VARCHAR, status VARCHAR, finished_at TIMESTAMPTZ
-- gives
--   _account_id: Account that the task belongs to.
--   project_id: Identifies the project within the account; null when tasks do not tell theirs.
--   task_id: Identifies the task within the account.
--   day: Calendar day in the calendar zone.
--   status_code: Status as a number, as Exepron gives it.
--   status_name: Status in words, where the service gives them.
--   is_critical_chain: True when the task lies on the critical chain.
--   duration_days: Planned duration, in working days.
--   remaining_days: Work that is left, in working days; may rise.
--   change_days: Remaining days minus those of the observed day before; null on the first one.
--   is_completed: True when no work is left (remaining duration 0).
--   overrun_days: Elapsed plus remaining minus planned duration, in working days, once work was seen to have
--     begun; positive amounts eat the buffer. Elapsed counts from the first observed day on which less than the
--     planned duration was left, by the account's calendar where it is offered, else Monday to Friday. Null when
--     work had begun before tasks were first read.
WITH reading AS (
    SELECT DISTINCT
        account_id AS _account_id,
        CAST(finished_at AT TIME ZONE getvariable('calendar_zone') AS DATE) AS day
    FROM ops_loads
    WHERE status = 'ok' AND entity_set = 'tasks'
),
span AS (
    SELECT _account_id, min(day) AS first_day, max(day) AS last_day FROM reading GROUP BY _account_id
),
exception AS (
    SELECT _account_id, date AS day, bool_and(is_working_day) AS is_working_day
    FROM core_calendar_days
    WHERE _deleted_at IS NULL
    GROUP BY _account_id, date
),
calendar AS (  -- each day up to the one after the last reading: readings before it, working days up to it
    SELECT
        date._account_id,
        date.day,
        reading.day IS NOT NULL AS is_read,
        count(reading.day) OVER before_it AS readings_before,
        count(reading.day) OVER (PARTITION BY date._account_id) AS readings,
        count(*) FILTER (coalesce(exception.is_working_day, isodow(date.day) < 6)) OVER up_to_it AS workdays
    FROM (
        SELECT span._account_id, span.first_day + CAST(later.range AS INTEGER) AS day
        FROM span
        CROSS JOIN range(36525) AS later  -- days of a century: a table whose size the optimizer knows
        WHERE span.first_day + CAST(later.range AS INTEGER) <= span.last_day + 1
    ) AS date
    LEFT JOIN reading USING (_account_id, day)
    LEFT JOIN exception USING (_account_id, day)
    WINDOW
        up_to_it AS (PARTITION BY date._account_id ORDER BY date.day ROWS UNBOUNDED PRECEDING),
        before_it AS (
            PARTITION BY date._account_id ORDER BY date.day ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        )
),
observed AS (  -- the readings of an account, numbered from 1
    SELECT _account_id, readings_before + 1 AS reading, day, workdays FROM calendar WHERE is_read
),
known AS (
    SELECT
        _account_id,
        task_id,
        CAST(min(_known_from) AT TIME ZONE getvariable('calendar_zone') AS DATE) AS first_day
    FROM history_tasks
    WHERE hash(_account_id, task_id) % getvariable('parts') = getvariable('part')  -- build.py asks for one after the other
    GROUP BY _account_id, task_id
),
dated AS (  -- in force at the end of each day from first_day up to, not including, end_day
    SELECT
        task.*,
        greatest(
            CAST(task._valid_from AT TIME ZONE getvariable('calendar_zone') AS DATE), known.first_day
        ) AS first_day,
        CAST(task._valid_to AT TIME ZONE getvariable('calendar_zone') AS DATE) AS end_day
    FROM history_tasks AS task
    INNER JOIN known USING (_account_id, task_id)
    WHERE task._known_to IS NULL AND task._op <> 'delete'
        AND hash(task._account_id, task.task_id) % getvariable('parts') = getvariable('part')
),
version AS (  -- in force at the readings from first_reading to last_reading; null: to the last one
    SELECT
        dated._account_id,
        dated.project_id,
        dated.task_id,
        dated.status_code,
        dated.status_name,
        dated.is_critical_chain,
        dated.duration,
        dated.remaining_duration,
        since.readings_before + 1 AS first_reading,
        until.readings_before AS last_reading
    FROM dated
    LEFT JOIN calendar AS since ON since._account_id = dated._account_id AND since.day = dated.first_day
    LEFT JOIN calendar AS until ON until._account_id = dated._account_id AND until.day = dated.end_day
    WHERE dated.first_day < coalesce(dated.end_day, DATE 'infinity')
        AND since.readings_before < coalesce(until.readings_before, since.readings + 1)
),
state AS (
    SELECT
        *,
        lag(remaining_duration) OVER task AS former_remaining,
        min(first_reading) FILTER (remaining_duration < duration) OVER whole_task AS begun,
        max(coalesce(last_reading, 36525)) FILTER (remaining_duration IS DISTINCT FROM 0) OVER whole_task + 1 AS done
    FROM version
    WINDOW
        task AS (PARTITION BY _account_id, task_id ORDER BY first_reading),
        whole_task AS (
            PARTITION BY _account_id, task_id ORDER BY first_reading
            ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
        )
),
live AS (  -- the reading up to which a project is live
    SELECT
        project._account_id,
        project.project_id,
        least(coalesce(until.readings_before, total.readings) + 1, total.readings) AS last_reading
    FROM (
        SELECT
            _account_id,
            project_id,
            max(coalesce(CAST(_valid_to AT TIME ZONE getvariable('calendar_zone') AS DATE), DATE 'infinity')) AS end_day
        FROM history_tasks
        WHERE _known_to IS NULL AND _op <> 'delete' AND remaining_duration IS DISTINCT FROM 0
        GROUP BY _account_id, project_id
    ) AS project
    INNER JOIN (SELECT _account_id, count(*) AS readings FROM reading GROUP BY _account_id) AS total USING (_account_id)
    LEFT JOIN calendar AS until ON until._account_id = project._account_id AND until.day = project.end_day
),
absent AS (  -- days on which a project did not exist, or was a template
    SELECT
        project._account_id,
        project.project_id,
        CAST(
            unnest(
                generate_series(
                    greatest(
                        CAST(project._valid_from AT TIME ZONE getvariable('calendar_zone') AS DATE), span.first_day
                    ),
                    coalesce(
                        CAST(project._valid_to AT TIME ZONE getvariable('calendar_zone') AS DATE), span.last_day + 1
                    ) - 1,
                    INTERVAL 1 DAY
                )
            ) AS DATE
        ) AS day
    FROM history_projects AS project
    INNER JOIN span USING (_account_id)
    WHERE project._known_to IS NULL AND (project._op = 'delete' OR project.is_template)
),
expanded AS (
    SELECT
        state.*,
        begun.workdays AS workdays_begun,
        done.workdays AS workdays_done,
        unnest(generate_series(first_reading, least(state.last_reading, live.last_reading))) AS reading
    FROM state
    INNER JOIN live
        ON live._account_id = state._account_id AND live.project_id IS NOT DISTINCT FROM state.project_id
    LEFT JOIN observed AS begun
        ON begun._account_id = state._account_id AND begun.reading = state.begun AND begun.reading > 1
    LEFT JOIN observed AS done
        ON done._account_id = state._account_id AND done.reading = greatest(state.done, state.begun)
)
SELECT
    expanded._account_id,
    expanded.project_id,
    expanded.task_id,
    observed.day,
    expanded.status_code,
    expanded.status_name,
    expanded.is_critical_chain,
    expanded.duration AS duration_days,
    expanded.remaining_duration AS remaining_days,
    CASE
        WHEN expanded.reading = expanded.first_reading THEN expanded.remaining_duration - expanded.former_remaining
        WHEN expanded.remaining_duration IS NOT NULL THEN 0
    END AS change_days,
    expanded.remaining_duration = 0 AS is_completed,
    CASE
        WHEN expanded.reading >= expanded.begun
            THEN least(observed.workdays, expanded.workdays_done) - expanded.workdays_begun + 1
                + expanded.remaining_duration - expanded.duration
    END AS overrun_days
FROM expanded
INNER JOIN observed ON observed._account_id = expanded._account_id AND observed.reading = expanded.reading
ANTI JOIN absent
    ON absent._account_id = expanded._account_id
    AND absent.project_id = expanded.project_id
    AND absent.day = observed.day
