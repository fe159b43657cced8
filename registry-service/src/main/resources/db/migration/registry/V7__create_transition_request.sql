-- Wishes to move a version into a stage, and what people decided on them.

-- is_open is true or null, so that the unique key admits one open request for a version and a stage, and any number of
-- closed ones. created_revision orders requests by age. request_id and fingerprint are those of the call that made it.
CREATE TABLE transition_request (
  transition_request_id VARCHAR(32) NOT NULL PRIMARY KEY,
  model_id BIGINT NOT NULL,
  version BIGINT NOT NULL,
  from_stage VARCHAR(16) NOT NULL,
  to_stage VARCHAR(16) NOT NULL,
  archive_existing BOOLEAN NOT NULL,
  request_comment TEXT NOT NULL,
  state VARCHAR(16) NOT NULL CHECK (state IN ('OPEN', 'EXECUTED', 'REJECTED', 'CANCELLED', 'EXPIRED')),
  is_open BOOLEAN,
  requested_by VARCHAR(128) NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
  closed_at TIMESTAMP WITH TIME ZONE,
  required_approvals INTEGER NOT NULL,
  check_report TEXT,
  created_revision BIGINT NOT NULL UNIQUE,
  revision BIGINT NOT NULL,
  request_id VARCHAR(64) UNIQUE,
  fingerprint VARCHAR(64),
  CHECK ((is_open IS NOT NULL) = (state = 'OPEN')),
  CHECK ((closed_at IS NULL) = (state = 'OPEN')),
  UNIQUE (model_id, version, to_stage, is_open),
  FOREIGN KEY (model_id, version) REFERENCES model_version (model_id, version) ON DELETE CASCADE
);

CREATE INDEX transition_request_by_expiry ON transition_request (is_open, expires_at);
CREATE INDEX transition_request_by_model ON transition_request (model_id, created_revision);
CREATE INDEX transition_request_by_state ON transition_request (state, created_revision);
CREATE INDEX transition_request_by_requester ON transition_request (requested_by, created_revision);

-- The last word of each person on each request; roles are those that the person had when saying it.
CREATE TABLE transition_decision (
  transition_request_id VARCHAR(32) NOT NULL REFERENCES transition_request (transition_request_id) ON DELETE CASCADE,
  actor VARCHAR(128) NOT NULL,
  roles TEXT NOT NULL,
  approved BOOLEAN NOT NULL,
  decision_comment TEXT NOT NULL,
  decided_at TIMESTAMP WITH TIME ZONE NOT NULL,
  revision BIGINT NOT NULL,
  PRIMARY KEY (transition_request_id, actor)
);
