-- One row per project and day: how much of the critical chain is done, how much of the project buffer is used up,
-- and which plan that is measured against. Every day of `marts.project_day` has its row, and days before the
-- project was first known have one where Exepron's own trend covers them. A measure that is not known is null,
-- with the reason: nothing is carried over from other days. Join points into a line only within one
-- `plan_number`, and better only those of one `completion_source`.
--
-- Percentages that Exepron gives are its own numbers, on its own scale: if it gives shares (0 to 1), they are
-- shares here, and `zone_textbook` is wrong.
--
-- Empty until a project is read.
--
-- reads
--   marts.project_day: _account_id VARCHAR, project_id ID, day DATE, project_name VARCHAR, is_observed BOOLEAN,
--     buffer_penetration DOUBLE
--   core.early_warning_history: _account_id VARCHAR, project_id ID, point_date DATE,
--     buffer_penetration DOUBLE, critical_chain_completion DOUBLE
--   history.tasks: _account_id VARCHAR, task_id ID, project_id ID, duration BIGINT, remaining_duration BIGINT,
--     is_critical_chain BOOLEAN, _op VARCHAR, _valid_from TIMESTAMPTZ, _valid_to TIMESTAMPTZ,
--     _known_from TIMESTAMPTZ, _known_to TIMESTAMPTZ
--   history.buffers: _account_id VARCHAR, buffer_id ID, project_id ID, buffer_type VARCHAR,
--     buffer_size DECIMAL(18,4), _op VARCHAR, _valid_from TIMESTAMPTZ, _known_from TIMESTAMPTZ,
--     _known_to TIMESTAMPTZ
--   ops.loads: entity_set VARCHAR, account_id VARCHAR, status VARCHAR, finished_at TIMESTAMPTZ
-- gives
--   _account_id: Account that the project belongs to.
--   project_id: Identifies the project within the account.
--   day: Calendar day in the calendar zone.
--   project_name: Name of the project at the end of the day.
--   is_observed: True when the account's projects were read successfully on that day.
--   plan_number: Counts the plans of the project from 1. A new one begins when a task joins the critical chain
--     for the first time, when an unfinished task of it is deleted, and when the project buffer has another id or
--     size; changes on days that follow one another are one re-plan. Null before the first plan. Days before the
--     first plan was seen count to it where Exepron's trend covers them.
--   chain_completion_pct: Progress along the critical chain: what Exepron's trend says for this day, else the
--     estimate 100 x (planned - remaining) / planned, not below 0, from the durations of the tasks on the chain.
--   completion_source: exepron when its trend has a point for this day; estimated when it is ours, against the
--     chain as it was first seen read after the plan began; null when there is neither.
--   buffer_penetration_pct: Share of the project buffer that is used up; negative when ahead.
--   penetration_source: projects when it is what the project said at the end of this day; trend when it is the
--     point of Exepron's trend; null when there is neither.
--   zone_textbook: green, yellow or red by sloped lines: yellow from 15 % of the buffer at 0 % of the chain to
--     70 % at 100 %, red from 35 % to 90 %. From the literature of critical chain, not Exepron's own zones.
--   reason: Why completion or penetration is null; null when both are known.
WITH reading AS (
    SELECT DISTINCT
        account_id AS _account_id,
        CAST(finished_at AT TIME ZONE getvariable('calendar_zone') AS DATE) AS day
    FROM ops_loads
    WHERE status = 'ok' AND entity_set = 'tasks'
),
offered AS (  -- accounts whose tasks were ever read
    SELECT
        reading._account_id,
        coalesce(bool_or(task.is_critical_chain IS NOT NULL), false) AS tells_chain
    FROM (SELECT DISTINCT _account_id FROM reading) AS reading
    LEFT JOIN history_tasks AS task ON task._account_id = reading._account_id
    GROUP BY reading._account_id
),
point AS (  -- points that Exepron has dropped since are kept
    SELECT _account_id, project_id, point_date AS day, buffer_penetration, critical_chain_completion
    FROM core_early_warning_history
),
known_task AS (
    SELECT
        _account_id,
        task_id,
        CAST(min(_known_from) AT TIME ZONE getvariable('calendar_zone') AS DATE) AS first_day
    FROM history_tasks
    GROUP BY _account_id, task_id
),
link AS (  -- tasks on the chain: versions in force at the end of each day from first_day to before end_day
    SELECT
        task._account_id,
        task.project_id,
        task.task_id,
        coalesce(task.duration, task.remaining_duration) AS planned_days,
        coalesce(task.remaining_duration, task.duration) AS remaining_days,
        greatest(
            CAST(task._valid_from AT TIME ZONE getvariable('calendar_zone') AS DATE), known_task.first_day
        ) AS first_day,
        coalesce(CAST(task._valid_to AT TIME ZONE getvariable('calendar_zone') AS DATE), DATE 'infinity') AS end_day
    FROM history_tasks AS task
    INNER JOIN known_task USING (_account_id, task_id)
    WHERE task._known_to IS NULL AND task._op <> 'delete' AND task.is_critical_chain AND first_day < end_day
),
tombstone AS (
    SELECT _account_id, task_id, CAST(_valid_from AT TIME ZONE getvariable('calendar_zone') AS DATE) AS day
    FROM history_tasks
    WHERE _known_to IS NULL AND _op = 'delete' AND is_critical_chain AND remaining_duration IS DISTINCT FROM 0
),
change AS (
    SELECT _account_id, project_id, min(first_day) AS day FROM link GROUP BY _account_id, project_id, task_id
    UNION
    SELECT link._account_id, link.project_id, link.end_day
    FROM link
    INNER JOIN tombstone
        ON tombstone._account_id = link._account_id
        AND tombstone.task_id = link.task_id
        AND tombstone.day = link.end_day
    UNION
    SELECT
        _account_id,
        project_id,
        greatest(
            CAST(min(_valid_from) AT TIME ZONE getvariable('calendar_zone') AS DATE),
            CAST(min(_known_from) AT TIME ZONE getvariable('calendar_zone') AS DATE)
        )
    FROM history_buffers
    WHERE _op <> 'delete' AND lower(buffer_type) = 'project'
    GROUP BY _account_id, project_id, buffer_id, buffer_size
),
numbered AS (
    SELECT
        _account_id,
        project_id,
        day,
        count(*) FILTER (is_first) OVER (PARTITION BY _account_id, project_id ORDER BY day) AS plan_number
    FROM (
        SELECT
            *,
            coalesce(day - lag(day) OVER (PARTITION BY _account_id, project_id ORDER BY day) > 1, true) AS is_first
        FROM change
    )
),
plan AS (
    SELECT
        _account_id,
        project_id,
        plan_number,
        min(day) AS first_day,
        max(day) AS settled_day,
        coalesce(
            lead(min(day)) OVER (PARTITION BY _account_id, project_id ORDER BY plan_number), DATE 'infinity'
        ) AS end_day
    FROM numbered
    GROUP BY _account_id, project_id, plan_number
),
baseline AS (  -- the chain as it was when it was first seen after the changes that made the plan
    SELECT first_seen.*, count(link.task_id) AS tasks, sum(link.planned_days) AS planned_days
    FROM (
        SELECT plan._account_id, plan.project_id, plan.plan_number, min(reading.day) AS day
        FROM plan
        INNER JOIN reading
            ON reading._account_id = plan._account_id
            AND reading.day >= plan.settled_day
            AND reading.day < plan.end_day
        GROUP BY ALL
    ) AS first_seen
    LEFT JOIN link
        ON link._account_id = first_seen._account_id
        AND link.project_id = first_seen.project_id
        AND link.first_day <= first_seen.day
        AND link.end_day > first_seen.day
    GROUP BY ALL
),
project_day AS (
    SELECT
        _account_id,
        project_id,
        day,
        known.project_name,
        coalesce(known.is_observed, false) AS is_observed,
        known.buffer_penetration,
        point.buffer_penetration AS trend_penetration,
        point.critical_chain_completion AS trend_completion,
        point.day IS NOT NULL AS is_in_trend
    FROM marts_project_day AS known
    FULL JOIN point USING (_account_id, project_id, day)
),
chain_day AS (
    SELECT
        project_day._account_id,
        project_day.project_id,
        project_day.day,
        sum(link.remaining_days) AS remaining_days
    FROM project_day
    INNER JOIN reading USING (_account_id, day)
    INNER JOIN link
        ON link._account_id = project_day._account_id
        AND link.project_id = project_day.project_id
        AND link.first_day <= project_day.day
        AND link.end_day > project_day.day
    GROUP BY ALL
),
measured AS (
    SELECT
        project_day.*,
        coalesce(plan.plan_number, CASE WHEN is_in_trend THEN 1 END) AS plan_number,
        CASE
            WHEN trend_completion IS NOT NULL THEN NULL
            WHEN offered.tells_chain IS NULL THEN 'tasks are not offered'
            WHEN reading.day IS NULL THEN 'tasks were not read on this day'
            WHEN NOT offered.tells_chain THEN 'tasks do not tell the critical chain'
            WHEN plan.plan_number IS NULL OR baseline.tasks = 0 THEN 'no critical chain yet'
            WHEN baseline.day IS NULL THEN 'the plan is being made anew'
            WHEN baseline.planned_days > 0 IS NOT TRUE THEN 'durations are not known'
        END AS no_completion,
        CASE
            WHEN no_completion IS NULL AND trend_completion IS NULL
                THEN greatest(round(100 * (1 - coalesce(chain_day.remaining_days, 0) / baseline.planned_days), 2), 0)
        END AS estimate,
        CASE
            WHEN coalesce(project_day.buffer_penetration, trend_penetration) IS NOT NULL THEN NULL
            WHEN is_observed THEN 'the project has no buffer penetration'
            ELSE 'projects were not read on this day'
        END AS no_penetration
    FROM project_day
    LEFT JOIN offered ON offered._account_id = project_day._account_id
    LEFT JOIN reading ON reading._account_id = project_day._account_id AND reading.day = project_day.day
    LEFT JOIN plan
        ON plan._account_id = project_day._account_id
        AND plan.project_id = project_day.project_id
        AND plan.first_day <= project_day.day
        AND plan.end_day > project_day.day
    LEFT JOIN baseline
        ON baseline._account_id = plan._account_id
        AND baseline.project_id = plan.project_id
        AND baseline.plan_number = plan.plan_number
        AND baseline.day <= project_day.day
    LEFT JOIN chain_day
        ON chain_day._account_id = project_day._account_id
        AND chain_day.project_id = project_day.project_id
        AND chain_day.day = project_day.day
)
SELECT
    _account_id,
    project_id,
    day,
    project_name,
    is_observed,
    plan_number,
    coalesce(trend_completion, estimate) AS chain_completion_pct,
    CASE
        WHEN trend_completion IS NOT NULL THEN 'exepron'
        WHEN estimate IS NOT NULL THEN 'estimated'
    END AS completion_source,
    coalesce(buffer_penetration, trend_penetration) AS buffer_penetration_pct,
    CASE
        WHEN buffer_penetration IS NOT NULL THEN 'projects'
        WHEN trend_penetration IS NOT NULL THEN 'trend'
    END AS penetration_source,
    CASE
        WHEN buffer_penetration_pct >= 35 + 0.55 * chain_completion_pct THEN 'red'
        WHEN buffer_penetration_pct >= 15 + 0.55 * chain_completion_pct THEN 'yellow'
        WHEN buffer_penetration_pct < 15 + 0.55 * chain_completion_pct THEN 'green'
    END AS zone_textbook,
    nullif(concat_ws('; ', no_completion, no_penetration), '') AS reason
FROM measured
ORDER BY _account_id, project_id, day
