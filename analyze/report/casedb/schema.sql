CREATE TABLE captures ( -- capture files by content: the same bytes are one row, whatever their names
  id     INTEGER PRIMARY KEY,
  sha256 TEXT NOT NULL UNIQUE CHECK (length(sha256) = 64), -- of the file as it lies on the disk, compressed or not
  size   INTEGER NOT NULL CHECK (size >= 0),               -- bytes
  name   TEXT NOT NULL                                     -- as first given
) STRICT;

CREATE TABLE analyses ( -- what one run said of one set of captures; a later run over the same set takes its place
  id                  INTEGER PRIMARY KEY,
  set_sha256          TEXT NOT NULL UNIQUE CHECK (length(set_sha256) = 64), -- over the sorted SHA-256 of its captures: tells whether a set is known
  version             TEXT NOT NULL,    -- of ftpscope
  settings            TEXT NOT NULL,    -- flags that change the result, as given; empty: none
  command_line        TEXT NOT NULL CHECK (json_valid(command_line)), -- JSON array
  show_passwords      INTEGER NOT NULL CHECK (show_passwords IN (0, 1)),
  packets             INTEGER NOT NULL,
  bytes               INTEGER NOT NULL, -- on the wire
  first_ns            INTEGER,          -- time of the first packet; all *_ns are nanoseconds since 1970-01-01 UTC
  last_ns             INTEGER,
  sessions            INTEGER NOT NULL,
  attempts            INTEGER NOT NULL, -- those counted; the table keeps the largest
  orphans             INTEGER NOT NULL, -- the same
  missing_bytes       INTEGER NOT NULL, -- of control connections, that the captures do not hold
  undecoded_packets   INTEGER NOT NULL,
  dropped_packets     INTEGER NOT NULL, -- by the capturing machine
  evicted_connections INTEGER NOT NULL, -- forgotten because too many were open
  limits              TEXT NOT NULL CHECK (json_valid(limits)) -- JSON object: limits that were reached, how often
) STRICT;

CREATE TABLE inputs ( -- which captures an analysis read
  analysis_id INTEGER NOT NULL REFERENCES analyses (id) ON DELETE CASCADE,
  n           INTEGER NOT NULL, -- 0, 1, … as the run counted its files; *_input elsewhere
  capture_id  INTEGER NOT NULL REFERENCES captures (id),
  name        TEXT NOT NULL,    -- as given
  truncated   INTEGER NOT NULL CHECK (truncated IN (0, 1)), -- could not be read to its end
  PRIMARY KEY (analysis_id, n)
) STRICT, WITHOUT ROWID;
CREATE INDEX inputs_capture ON inputs (capture_id);

CREATE TABLE sessions ( -- control connections
  id            INTEGER PRIMARY KEY, -- in this database
  analysis_id   INTEGER NOT NULL REFERENCES analyses (id) ON DELETE CASCADE,
  number        INTEGER NOT NULL,    -- 1, 2, … within the analysis: #1 in a table, "id" in JSON
  community_id  TEXT,
  start_ns      INTEGER NOT NULL,
  end_ns        INTEGER NOT NULL,
  client_ip     TEXT,                -- who opened the control connection
  client_port   INTEGER CHECK (client_port BETWEEN 0 AND 65535),
  server_ip     TEXT,
  server_port   INTEGER CHECK (server_port BETWEEN 0 AND 65535),
  user          TEXT,                -- last USER
  anonymous     INTEGER NOT NULL CHECK (anonymous IN (0, 1)),
  password      TEXT,                -- '(hidden)' unless --show-passwords
  login         TEXT CHECK (login IN ('ok', 'failed', 'none')),
  tls           TEXT CHECK (tls IN ('none', 'explicit', 'refused', 'implicit')),
  banner        TEXT,                -- of the 220 greeting
  system        TEXT,                -- of the 215 reply
  mode          TEXT CHECK (mode IN ('active', 'passive', 'mixed', 'none')),
  initiator     TEXT CHECK (initiator IN ('client', 'server', 'third-party', 'mixed', 'none')), -- of its data connections
  closing       TEXT CHECK (closing IN ('quit', 'fin', 'rst', 'cut')),
  command_count INTEGER NOT NULL,
  from_start    INTEGER NOT NULL CHECK (from_start IN (0, 1)), -- what the capture holds of the control connection
  to_end        INTEGER NOT NULL CHECK (to_end IN (0, 1)),
  client_side   INTEGER NOT NULL CHECK (client_side IN (0, 1)),
  server_side   INTEGER NOT NULL CHECK (server_side IN (0, 1)),
  missing_bytes INTEGER NOT NULL,
  UNIQUE (analysis_id, number)
) STRICT;
CREATE INDEX sessions_start ON sessions (start_ns);
CREATE INDEX sessions_client ON sessions (client_ip);
CREATE INDEX sessions_server ON sessions (server_ip);
CREATE INDEX sessions_user ON sessions (user);

CREATE TABLE transfers ( -- transfer commands, and negotiations that none used
  session_id         INTEGER NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
  n                  INTEGER NOT NULL, -- 1, 2, … within the session
  time_ns            INTEGER,          -- of the command, else of the negotiation, else of the data connection
  command            TEXT,             -- RETR, STOR, …
  argument           TEXT,
  path               TEXT,             -- the argument resolved against the working directory
  direction          TEXT CHECK (direction IN ('download', 'upload')),
  representation     TEXT,             -- TYPE: A, I, …
  restart            INTEGER,          -- REST
  method             TEXT,             -- PORT, EPRT, LPRT, PASV, EPSV, LPSV, default, encrypted
  mode               TEXT CHECK (mode IN ('active', 'passive', 'unknown')),
  announced_ip       TEXT,             -- the endpoint that PORT or 227 named
  announced_port     INTEGER CHECK (announced_port BETWEEN 0 AND 65535),
  expected_initiator TEXT CHECK (expected_initiator IN ('client', 'server')),
  initiator          TEXT CHECK (initiator IN ('client', 'server', 'third-party', 'none')), -- who sent the SYN
  evidence           TEXT CHECK (evidence IN ('syn', 'inferred', 'none')),
  data_src_ip        TEXT,             -- the data connection; src opened it
  data_src_port      INTEGER CHECK (data_src_port BETWEEN 0 AND 65535),
  data_dst_ip        TEXT,
  data_dst_port      INTEGER CHECK (data_dst_port BETWEEN 0 AND 65535),
  data_community_id  TEXT,
  data_start_ns      INTEGER,
  data_end_ns        INTEGER,
  data_state         TEXT CHECK (data_state IN ('established', 'refused', 'unanswered', 'unreachable', 'unknown')),
  data_attempts      INTEGER,          -- SYNs sent
  data_closing       TEXT CHECK (data_closing IN ('fin', 'rst', 'cut')),
  bytes              INTEGER,
  missing_bytes      INTEGER,          -- those of them that the captures do not hold
  sha256             TEXT,             -- of the content
  mime_type          TEXT,
  file               TEXT,             -- where the content was written
  preliminary_code   INTEGER,          -- 1yz
  preliminary_text   TEXT,
  reply_code         INTEGER,          -- final
  reply_text         TEXT,
  outcome            TEXT CHECK (outcome IN ('ok', 'denied', 'no-connection', 'aborted', 'incomplete', 'unused', 'rejected', 'unknown')),
  negotiation_frame  INTEGER,          -- packets as Wireshark numbers them, each in its input
  command_frame      INTEGER,
  syn_frame          INTEGER,
  first_data_frame   INTEGER,
  reply_frame        INTEGER,
  negotiation_input  INTEGER,          -- inputs.n
  command_input      INTEGER,
  syn_input          INTEGER,
  first_data_input   INTEGER,
  reply_input        INTEGER,
  filter             TEXT,             -- Wireshark display filter for its packets
  PRIMARY KEY (session_id, n)
) STRICT, WITHOUT ROWID;
CREATE INDEX transfers_outcome ON transfers (outcome);
CREATE INDEX transfers_data_src ON transfers (data_src_ip);
CREATE INDEX transfers_sha256 ON transfers (sha256) WHERE sha256 IS NOT NULL;

CREATE TABLE commands ( -- what the client sent on the control connection
  session_id INTEGER NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
  n          INTEGER NOT NULL, -- 1, 2, … within the session
  time_ns    INTEGER NOT NULL,
  input      INTEGER,
  frame      INTEGER,
  command    TEXT,             -- NULL: replies to no command (the greeting) or to one not seen
  argument   TEXT,             -- of PASS '(hidden)' unless --show-passwords
  PRIMARY KEY (session_id, n)
) STRICT, WITHOUT ROWID;

CREATE TABLE replies ( -- what the server answered
  session_id INTEGER NOT NULL,
  command_n  INTEGER NOT NULL, -- commands.n
  n          INTEGER NOT NULL, -- 1, 2, … to that command
  time_ns    INTEGER NOT NULL,
  input      INTEGER,
  frame      INTEGER,
  code       INTEGER,
  text       TEXT NOT NULL,    -- the lines of a multi-line reply are joined by newlines
  PRIMARY KEY (session_id, command_n, n),
  FOREIGN KEY (session_id, command_n) REFERENCES commands (session_id, n) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE findings ( -- what failed and why, and what is unsafe
  session_id INTEGER NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
  n          INTEGER NOT NULL, -- 1, 2, … within the session
  rule       TEXT NOT NULL,    -- ftpscope findings lists them
  severity   TEXT NOT NULL CHECK (severity IN ('info', 'low', 'medium', 'high', 'critical')),
  transfer_n INTEGER,          -- transfers.n; NULL: the whole session
  message    TEXT NOT NULL,
  advice     TEXT,
  frames     TEXT NOT NULL CHECK (json_valid(frames)), -- JSON array of packet numbers
  inputs     TEXT NOT NULL CHECK (json_valid(inputs)), -- JSON array of the input of each
  PRIMARY KEY (session_id, n)
) STRICT, WITHOUT ROWID;
CREATE INDEX findings_rule ON findings (rule);
CREATE INDEX findings_severity ON findings (severity);

CREATE TABLE attempts ( -- control connections that never came to be
  analysis_id INTEGER NOT NULL REFERENCES analyses (id) ON DELETE CASCADE,
  n           INTEGER NOT NULL,
  client_ip   TEXT,
  server_ip   TEXT,
  server_port INTEGER CHECK (server_port BETWEEN 0 AND 65535),
  count       INTEGER NOT NULL, -- SYNs
  state       TEXT CHECK (state IN ('established', 'refused', 'unanswered', 'unreachable', 'unknown')),
  first_ns    INTEGER NOT NULL,
  last_ns     INTEGER NOT NULL,
  icmp_from   TEXT,             -- who sent the ICMP error
  icmp_type   INTEGER,
  icmp_code   INTEGER,
  PRIMARY KEY (analysis_id, n)
) STRICT, WITHOUT ROWID;
CREATE INDEX attempts_client ON attempts (client_ip);

CREATE TABLE orphans ( -- data connections whose control connection is in no capture
  analysis_id       INTEGER NOT NULL REFERENCES analyses (id) ON DELETE CASCADE,
  n                 INTEGER NOT NULL,
  mode              TEXT,
  evidence          TEXT,
  initiator         TEXT,
  data_src_ip       TEXT,
  data_src_port     INTEGER CHECK (data_src_port BETWEEN 0 AND 65535),
  data_dst_ip       TEXT,
  data_dst_port     INTEGER CHECK (data_dst_port BETWEEN 0 AND 65535),
  data_community_id TEXT,
  data_start_ns     INTEGER,
  data_end_ns       INTEGER,
  data_state        TEXT,
  data_attempts     INTEGER,
  data_closing      TEXT,
  bytes             INTEGER,
  PRIMARY KEY (analysis_id, n)
) STRICT, WITHOUT ROWID;

CREATE VIEW v_sessions AS -- sessions, times as ISO 8601 in UTC, with the names of their captures
  SELECT s.id, s.number, ISO(s.start_ns) AS start_time, ISO(s.end_ns) AS end_time, s.client_ip, s.client_port, s.server_ip, s.server_port,
    s.user, s.login, s.tls, s.mode, s.initiator, s.closing, s.command_count,
    (SELECT count(*) FROM transfers t WHERE t.session_id = s.id) AS transfers,
    (SELECT count(*) FROM findings f WHERE f.session_id = s.id) AS findings,
    (SELECT group_concat(i.name, ', ') FROM inputs i WHERE i.analysis_id = s.analysis_id) AS captures
  FROM sessions s;

CREATE VIEW v_failed_transfers AS -- transfers that did not succeed, and why: the most severe finding on each, else the reply
  SELECT ISO(t.time_ns) AS time, s.client_ip, s.server_ip, s.user, t.command, t.path, t.method, t.mode, t.announced_ip, t.announced_port,
    t.expected_initiator, t.initiator, t.data_state, t.data_attempts, t.outcome, t.reply_code, t.reply_text,
    coalesce((SELECT f.message FROM findings f WHERE f.session_id = t.session_id AND f.transfer_n = t.n
      ORDER BY CASE f.severity WHEN 'critical' THEN 0 WHEN 'high' THEN 1 WHEN 'medium' THEN 2 WHEN 'low' THEN 3 ELSE 4 END, f.n LIMIT 1),
      t.reply_code || ' ' || t.reply_text) AS why,
    t.filter, t.session_id, t.n AS transfer_n
  FROM transfers t JOIN sessions s ON s.id = t.session_id
  WHERE t.outcome IN ('denied', 'no-connection', 'aborted', 'incomplete', 'rejected');

CREATE VIEW v_initiators AS -- who opened data connections to whom, and whether that worked
  SELECT t.data_src_ip AS opened_by, t.data_dst_ip AS opened_to, t.initiator, t.mode, s.client_ip, s.server_ip, count(*) AS connections,
    sum(t.data_state = 'established') AS established, sum(t.data_state IN ('refused', 'unanswered', 'unreachable')) AS failed,
    sum(t.bytes) AS bytes, ISO(min(t.data_start_ns)) AS first_time, ISO(max(t.data_start_ns)) AS last_time
  FROM transfers t JOIN sessions s ON s.id = t.session_id
  WHERE t.data_src_ip IS NOT NULL
  GROUP BY t.data_src_ip, t.data_dst_ip, t.initiator, t.mode, s.client_ip, s.server_ip;

CREATE VIEW v_logins AS -- logins, tried and done; password is '(hidden)' unless --show-passwords
  SELECT ISO(s.start_ns) AS time, s.client_ip, s.server_ip, s.server_port, s.user, s.password, s.login, s.tls, s.anonymous, s.id AS session_id
  FROM sessions s WHERE s.user IS NOT NULL OR s.login IN ('ok', 'failed');

CREATE VIEW v_findings AS -- findings with where and between whom
  SELECT f.severity, f.rule, f.message, f.advice, ISO(coalesce(t.time_ns, s.start_ns)) AS time, s.client_ip, s.server_ip, s.user, f.frames,
    (SELECT group_concat(i.name, ', ') FROM inputs i WHERE i.analysis_id = s.analysis_id) AS captures, f.session_id, f.transfer_n
  FROM findings f JOIN sessions s ON s.id = f.session_id LEFT JOIN transfers t ON t.session_id = f.session_id AND t.n = f.transfer_n;

CREATE VIEW v_timeline AS -- everything that happened, over all captures; read it ORDER BY time
  SELECT ISO(start_ns) AS time, 'session' AS event, client_ip AS from_ip, server_ip AS to_ip, user AS detail, login AS result, id AS session_id FROM sessions
  UNION ALL SELECT ISO(end_ns), 'session-end', client_ip, server_ip, user, closing, id FROM sessions
  UNION ALL SELECT ISO(t.time_ns), 'transfer', s.client_ip, s.server_ip, coalesce(t.command || ' ' || coalesce(t.path, t.argument, ''), t.method), t.outcome, s.id
    FROM transfers t JOIN sessions s ON s.id = t.session_id
  UNION ALL SELECT ISO(data_start_ns), 'data-connection', data_src_ip, data_dst_ip, mode, data_state, session_id FROM transfers WHERE data_start_ns IS NOT NULL
  UNION ALL SELECT ISO(data_start_ns), 'orphan', data_src_ip, data_dst_ip, mode, data_state, NULL FROM orphans
  UNION ALL SELECT ISO(first_ns), 'attempt', client_ip, server_ip, count || ' SYNs', state, NULL FROM attempts;

CREATE VIEW v_overlaps AS -- captures that several analyses read: what those found counts more than once
  SELECT c.name, c.sha256, count(*) AS analyses, json_group_array(i.analysis_id) AS analysis_ids
  FROM captures c JOIN (SELECT DISTINCT capture_id, analysis_id FROM inputs) i ON i.capture_id = c.id GROUP BY c.id HAVING count(*) > 1;
