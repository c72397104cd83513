-- Rights of BI tools on a ClickHouse server; run by an administrator, once, after `answerback init`.
--
-- The server must allow settings of one's own with the prefix SQL_:
--   <custom_settings_prefixes>SQL_</custom_settings_prefixes>
-- Views run with the rights of who asks, so that the row policies below apply to him.

-- readonly = 2: drivers send settings with their queries, and none of them may change anything.
CREATE SETTINGS PROFILE OR REPLACE bi_reader SETTINGS
    readonly = 2,
    max_execution_time = 60 MAX 300,
    max_memory_usage = 4000000000 MAX 8000000000,
    max_result_rows = 1000000 MAX 10000000,
    result_overflow_mode = 'throw',
    join_use_nulls = 0;

CREATE ROLE OR REPLACE bi_reader SETTINGS PROFILE 'bi_reader';

CREATE QUOTA OR REPLACE bi_reader KEYED BY user_name
    FOR INTERVAL 1 hour MAX queries = 20000, execution_time = 7200
    TO bi_reader;

GRANT SELECT ON bi.* TO bi_reader;
-- Of the journal no column with contents: what was sealed stays sealed, and so does all else in it.
GRANT SELECT(workspace, event_id, occurred_at, recorded_at, campaign_id, stated_campaign_id,
    activity_id, message_id, link_id, person, channel, type, country, utm, value, currency,
    duration_s, producer, log_topic, test) ON answerback.journal TO bi_reader;
GRANT SELECT ON answerback.judgement TO bi_reader;
GRANT SELECT ON answerback.message_row TO bi_reader;
GRANT SELECT ON answerback.activity_copy TO bi_reader;
GRANT SELECT ON answerback.campaign_copy TO bi_reader;
GRANT SELECT ON answerback.response_copy TO bi_reader;
GRANT SELECT ON answerback.pointer TO bi_reader;

CREATE ROW POLICY OR REPLACE bi_workspace ON
    answerback.journal, answerback.judgement, answerback.message_row, answerback.activity_copy,
    answerback.campaign_copy, answerback.response_copy
    FOR SELECT USING workspace = getSetting('SQL_workspace') TO bi_reader;
-- Where a table has policies, Answerback's own user and administrators need one too.
CREATE ROW POLICY OR REPLACE bi_others ON
    answerback.journal, answerback.judgement, answerback.message_row, answerback.activity_copy,
    answerback.campaign_copy, answerback.response_copy
    FOR SELECT USING 1 TO ALL EXCEPT bi_reader;

-- A user for each tool and workspace; CONST: no query can ask for another workspace.
--   CREATE USER acme_superset IDENTIFIED BY '...' DEFAULT ROLE bi_reader
--       SETTINGS SQL_workspace = 'acme' CONST;
--   GRANT bi_reader TO acme_superset;
