CREATE INDEX sessions_cause ON sessions (cause);
CREATE INDEX transfers_cause ON transfers (cause);

DROP VIEW v_sessions;
CREATE VIEW v_sessions AS -- sessions, times as ISO 8601 in UTC, with their verdicts and the names of their captures
  SELECT s.id, s.number, ISO(s.start_ns) AS start_time, ISO(s.end_ns) AS end_time, s.client_ip, s.client_port, s.server_ip, s.server_port,
    s.user, s.login, s.tls, s.mode, s.initiator, s.closing, s.command_count,
    (SELECT count(*) FROM transfers t WHERE t.session_id = s.id) AS transfers,
    (SELECT count(*) FROM findings f WHERE f.session_id = s.id) AS findings,
    (SELECT group_concat(i.name, ', ') FROM inputs i WHERE i.analysis_id = s.analysis_id) AS captures,
    s.cause, s.at, s.certainty, s.verdict
  FROM sessions s;

DROP VIEW v_failed_transfers;
CREATE VIEW v_failed_transfers AS -- transfers that did not succeed, and why: the verdict, else the most severe finding on each, else the reply
  SELECT ISO(t.time_ns) AS time, s.client_ip, s.server_ip, s.user, t.command, t.path, t.method, t.mode, t.announced_ip, t.announced_port,
    t.expected_initiator, t.initiator, t.data_state, t.data_attempts, t.outcome, t.reply_code, t.reply_text,
    coalesce(t.verdict, (SELECT f.message FROM findings f WHERE f.session_id = t.session_id AND f.transfer_n = t.n
      ORDER BY CASE f.severity WHEN 'critical' THEN 0 WHEN 'high' THEN 1 WHEN 'medium' THEN 2 WHEN 'low' THEN 3 ELSE 4 END, f.n LIMIT 1),
      t.reply_code || ' ' || t.reply_text) AS why,
    t.filter, t.session_id, t.n AS transfer_n, t.cause, t.at, t.certainty
  FROM transfers t JOIN sessions s ON s.id = t.session_id
  WHERE t.outcome IN ('denied', 'no-connection', 'aborted', 'incomplete', 'rejected');

CREATE VIEW v_verdicts AS -- what went wrong, where to look, what to do: sessions in which all went well are left out
  SELECT ISO(s.start_ns) AS time, s.client_ip, s.server_ip, s.user, s.cause, s.at, s.certainty, s.verdict, n.key + 1 AS step, n.value AS next,
    s.id AS session_id, s.verdict_transfer AS transfer_n
  FROM sessions s LEFT JOIN json_each(s.next) n WHERE s.cause <> 'none'
  UNION ALL SELECT ISO(a.first_ns), a.client_ip, a.server_ip, NULL, a.cause, a.at, a.certainty, a.verdict, n.key + 1, n.value, NULL, NULL
    FROM attempts a LEFT JOIN json_each(a.next) n WHERE a.cause <> 'none';
