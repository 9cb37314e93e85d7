-- One row per column of each entity set and of each mart, and account: how far it is filled, whether with estimates, and
-- if it is not, why. Entity sets of the catalogue that this service does not offer, or does not show to this user, have
-- their rows too: so it can be seen what a report would have to do without.
--
-- Empty until a mart is built.
--
-- reads
--   temp.column_facts: table_name VARCHAR, column_name VARCHAR, _account_id VARCHAR, rows BIGINT, filled BIGINT,
--     estimated BIGINT, asked VARCHAR, asked_at TIMESTAMPTZ, is_stored BOOLEAN, is_financial BOOLEAN, needs BOOLEAN, lacking VARCHAR
--   marts.project_status: _account_id VARCHAR
--   marts.project_day: _account_id VARCHAR
--   marts.task_day: _account_id VARCHAR
--   marts.fever_chart: _account_id VARCHAR
--   marts.due_date_slip: _account_id VARCHAR
--   marts.early_warning_changes: _account_id VARCHAR
-- gives
--   table_name: The table with its schema, such as core.tasks or marts.fever_chart.
--   column_name: The column.
--   _account_id: Account; null while none is known.
--   rows: Live rows of the table; deleted records do not count.
--   filled: Rows in which the column has a value.
--   filled_share: The same as a share, 0 to 1; null where there are no rows.
--   state: filled, partly (some rows have no value), estimated (some values are estimates of ours) or absent.
--   why: Why it is absent, in one word: not_offered, not_permitted, failed (the last attempt), never_asked or switched_off,
--     for the whole entity set; empty when it was read and has no records; left_out by EXEPRON_PERSONAL; without_input
--     when a mart lacks what the column is named after; no_value when every record leaves it open. Null where it is
--     not absent.
--   note: The same in a sentence; of a column of a mart, all that its table had to do without.
--   asked_at: When the entity set was last asked for; null for marts, and for what was never asked.
WITH judged AS (
    SELECT
        *,
        CASE
            WHEN filled > 0 THEN NULL
            WHEN rows > 0 AND NOT is_stored THEN 'left_out'
            WHEN rows > 0 AND needs THEN 'without_input'
            WHEN rows > 0 THEN 'no_value'
            WHEN asked IN ('ok', 'built') THEN 'empty'
            ELSE asked
        END AS why
    FROM temp_column_facts
)
SELECT
    table_name,
    column_name,
    _account_id,
    rows,
    filled,
    CASE WHEN rows > 0 THEN filled / rows END AS filled_share,
    CASE
        WHEN why IS NOT NULL THEN 'absent'
        WHEN estimated > 0 THEN 'estimated'
        WHEN filled < rows THEN 'partly'
        ELSE 'filled'
    END AS state,
    why,
    CASE
        WHEN why = 'not_offered' THEN 'This service does not offer the entity set, as far as its paths are known.'
        WHEN why = 'not_permitted' THEN 'This user may not see the entity set.'
        WHEN why = 'failed' THEN 'The last attempt to read the entity set failed.'
        WHEN why = 'never_asked' THEN 'The entity set was never asked for.'
        WHEN why = 'switched_off' THEN 'The catalogue switches the entity set off, or knows no path of it.'
        WHEN why = 'left_out' THEN 'Left out by EXEPRON_PERSONAL.'
        WHEN why = 'empty' AND asked = 'built' THEN concat('There are no rows: empty ', lacking, '.')
        WHEN why = 'empty' THEN 'There are no records.'
        WHEN why = 'no_value' AND is_financial
            THEN 'No record has a value: this user may lack the permission to see financial data.'
        WHEN asked = 'built' AND why IS NOT NULL
            THEN concat('No row has a value', ' yet; missing here: ' || lacking, '.')
        WHEN why = 'no_value' THEN 'No record has a value: the service does not send it, or nobody fills it in.'
        WHEN estimated > 0 THEN concat(estimated, ' of ', filled, ' values are estimates.')
        WHEN filled < rows THEN concat(rows - filled, ' of ', rows, ' rows have no value.')
    END AS note,
    asked_at
FROM judged
ORDER BY ALL
