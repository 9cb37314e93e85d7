-- One row per live project: where it stands, who manages it, and how much work and buffer are left.
--
-- Empty until a live project is read.
--
-- reads
--   core.projects: _account_id VARCHAR, project_id ID, project_name VARCHAR, project_group_id ID,
--     project_manager_id ID, status_code BIGINT, status_name VARCHAR, is_template BOOLEAN,
--     project_due_date TIMESTAMPTZ, buffer_penetration DOUBLE, early_warning DOUBLE, early_warning_status VARCHAR,
--     risk_quotient DOUBLE, last_modified_on TIMESTAMPTZ, _deleted_at TIMESTAMPTZ
--   core.accounts: _account_id VARCHAR, account_name VARCHAR, _deleted_at TIMESTAMPTZ
--   core.users: _account_id VARCHAR, user_id ID, first_name VARCHAR, last_name VARCHAR, user_name VARCHAR
--   core.project_groups: _account_id VARCHAR, project_group_id ID, project_group_name VARCHAR
--   core.tasks: _account_id VARCHAR, project_id ID, remaining_duration BIGINT, _deleted_at TIMESTAMPTZ
--   core.buffers: _account_id VARCHAR, project_id ID, buffer_type VARCHAR, buffer_size DECIMAL(18,4),
--     buffer_remaining DECIMAL(18,4), _deleted_at TIMESTAMPTZ
--   ops.loads: entity_set VARCHAR, account_id VARCHAR, status VARCHAR, started_at TIMESTAMPTZ
-- gives
--   _account_id: Account that the project belongs to.
--   account_name: Name of the account.
--   project_id: Identifies the project within the account.
--   project_name: Name of the project.
--   project_group_name: Name of the group that the project is filed under.
--   project_manager_id: User who manages the project.
--   project_manager_name [personal]: Given and family name of the manager, else the name to sign in with.
--   status_code: Status as a number, as Exepron gives it.
--   status_name: Status in words, such as Planning, Pipeline or Started.
--   is_template: True for a template that other projects are made from.
--   project_due_date: When the project is promised to be finished.
--   buffer_penetration: Share of the project buffer that is used up, on Exepron's own scale; negative when ahead.
--   early_warning: Forecast of the due date as a number, as Exepron gives it.
--   early_warning_status: Forecast of the due date as a colour: green, red or black.
--   risk_quotient: Schedule risk of the project; rising is worse.
--   project_buffer_size_days: Size of the project buffer at scheduling, in working days.
--   project_buffer_remaining_days: What is left of the project buffer, in working days.
--   tasks_total: Live tasks of the project; null when the account's tasks are not known.
--   tasks_open: Tasks with work left.
--   tasks_completed: Tasks with no work left (remaining duration 0).
--   remaining_days: Sum of the remaining durations of the tasks, in working days.
--   last_modified_on: When the project's record last changed in Exepron.
--   days_since_change: Calendar days from that change to the last reading.
--   observed_at: Start of the last successful reading of the account's projects.
WITH observed AS (
    SELECT account_id AS _account_id, max(started_at) AS observed_at
    FROM ops_loads
    WHERE entity_set = 'projects' AND status = 'ok'
    GROUP BY account_id
),
account AS (
    SELECT _account_id, min(account_name) AS account_name
    FROM core_accounts
    WHERE _deleted_at IS NULL
    GROUP BY _account_id
),
manager AS (  -- people who left keep their name
    SELECT
        _account_id,
        user_id,
        coalesce(nullif(trim(concat_ws(' ', first_name, last_name)), ''), user_name) AS project_manager_name
    FROM core_users
),
task AS (
    SELECT
        _account_id,
        project_id,
        count(*) AS tasks_total,
        count(*) FILTER (remaining_duration > 0) AS tasks_open,
        count(*) FILTER (remaining_duration = 0) AS tasks_completed,
        CAST(sum(remaining_duration) AS BIGINT) AS remaining_days
    FROM core_tasks
    WHERE _deleted_at IS NULL AND project_id IS NOT NULL
    GROUP BY _account_id, project_id
),
task_account AS (  -- where tasks were never read, a count of 0 would be a guess
    SELECT DISTINCT account_id AS _account_id, true AS has_tasks
    FROM ops_loads
    WHERE entity_set = 'tasks' AND status = 'ok' AND EXISTS (FROM task)
),
buffer AS (
    SELECT _account_id, project_id, max(buffer_size) AS size_days, max(buffer_remaining) AS remaining_days
    FROM core_buffers
    WHERE _deleted_at IS NULL AND lower(buffer_type) = 'project'
    GROUP BY _account_id, project_id
)
SELECT
    project._account_id,
    account.account_name,
    project.project_id,
    project.project_name,
    core_project_groups.project_group_name,
    project.project_manager_id,
    manager.project_manager_name,
    project.status_code,
    project.status_name,
    project.is_template,
    project.project_due_date,
    project.buffer_penetration,
    project.early_warning,
    project.early_warning_status,
    project.risk_quotient,
    buffer.size_days AS project_buffer_size_days,
    buffer.remaining_days AS project_buffer_remaining_days,
    CASE WHEN has_tasks THEN coalesce(task.tasks_total, 0) END AS tasks_total,
    CASE WHEN has_tasks THEN coalesce(task.tasks_open, 0) END AS tasks_open,
    CASE WHEN has_tasks THEN coalesce(task.tasks_completed, 0) END AS tasks_completed,
    task.remaining_days,
    project.last_modified_on,
    date_diff(
        'day',
        CAST(project.last_modified_on AT TIME ZONE getvariable('calendar_zone') AS DATE),
        CAST(observed.observed_at AT TIME ZONE getvariable('calendar_zone') AS DATE)
    ) AS days_since_change,
    observed.observed_at
FROM core_projects AS project
LEFT JOIN observed USING (_account_id)
LEFT JOIN account USING (_account_id)
LEFT JOIN manager
    ON manager._account_id = project._account_id AND manager.user_id = project.project_manager_id
LEFT JOIN core_project_groups
    ON core_project_groups._account_id = project._account_id
    AND core_project_groups.project_group_id = project.project_group_id
LEFT JOIN task ON task._account_id = project._account_id AND task.project_id = project.project_id
LEFT JOIN task_account ON task_account._account_id = project._account_id
LEFT JOIN buffer ON buffer._account_id = project._account_id AND buffer.project_id = project.project_id
WHERE project._deleted_at IS NULL
ORDER BY project._account_id, project.project_id
