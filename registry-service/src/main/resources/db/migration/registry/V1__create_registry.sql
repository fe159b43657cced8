-- The registry begins: models, versions, stages, aliases, and the event table that is both audit and change feed.

-- One row. Every command locks it first, so that revisions are gapless and become visible in order.
CREATE TABLE registry_revision (
  id SMALLINT NOT NULL PRIMARY KEY CHECK (id = 1),
  revision BIGINT NOT NULL CHECK (revision >= 0)
);

INSERT INTO registry_revision (id, revision) VALUES (1, 0);

-- model_id is the revision that created the model: unique, and never given out again after a delete.
CREATE TABLE registered_model (
  model_id BIGINT NOT NULL PRIMARY KEY,
  name VARCHAR(512) NOT NULL UNIQUE,
  description TEXT NOT NULL,
  deployment_job_id TEXT NOT NULL,
  last_version BIGINT NOT NULL CHECK (last_version >= 0),
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  created_by VARCHAR(128) NOT NULL,
  updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
  updated_by VARCHAR(128) NOT NULL,
  revision BIGINT NOT NULL
);

CREATE INDEX registered_model_by_update ON registered_model (updated_at, name);

CREATE TABLE registered_model_tag (
  model_id BIGINT NOT NULL REFERENCES registered_model (model_id) ON DELETE CASCADE,
  tag_key VARCHAR(512) NOT NULL,
  tag_value TEXT NOT NULL,
  PRIMARY KEY (model_id, tag_key)
);

-- The stage is not a column here: Staging and Production are rows of stage_assignment, the rest is `archived` or not.
CREATE TABLE model_version (
  model_id BIGINT NOT NULL REFERENCES registered_model (model_id) ON DELETE CASCADE,
  version BIGINT NOT NULL CHECK (version > 0),
  state VARCHAR(16) NOT NULL CHECK (state IN ('PENDING', 'READY', 'FAILED')),
  state_reason TEXT NOT NULL,
  archived BOOLEAN NOT NULL,
  stage_since TIMESTAMP WITH TIME ZONE NOT NULL,
  description TEXT NOT NULL,
  source TEXT NOT NULL,
  artifact_path TEXT NOT NULL,
  run_id VARCHAR(64) NOT NULL,
  run_link TEXT NOT NULL,
  logged_model_id TEXT NOT NULL,
  allow_missing_model_file BOOLEAN NOT NULL,
  holder VARCHAR(128),
  package_digest VARCHAR(64),
  package_size_bytes BIGINT NOT NULL CHECK (package_size_bytes >= 0),
  signature_inputs TEXT,
  signature_outputs TEXT,
  signature_params TEXT,
  flavors TEXT NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  created_by VARCHAR(128) NOT NULL,
  updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
  updated_by VARCHAR(128) NOT NULL,
  revision BIGINT NOT NULL,
  PRIMARY KEY (model_id, version),
  CHECK (holder IS NULL OR package_digest IS NOT NULL)
);

CREATE INDEX model_version_by_update ON model_version (updated_at, model_id, version);
CREATE INDEX model_version_by_run ON model_version (run_id);

CREATE TABLE model_version_tag (
  model_id BIGINT NOT NULL,
  version BIGINT NOT NULL,
  tag_key VARCHAR(512) NOT NULL,
  tag_value TEXT NOT NULL,
  PRIMARY KEY (model_id, version, tag_key),
  FOREIGN KEY (model_id, version) REFERENCES model_version (model_id, version) ON DELETE CASCADE
);

-- The primary key is why two versions can never hold one place in a stage; the unique key is why a version has one
-- stage. Production has one place, always; Staging has more where a policy gives it more.
CREATE TABLE stage_assignment (
  model_id BIGINT NOT NULL,
  stage VARCHAR(16) NOT NULL CHECK (stage IN ('STAGING', 'PRODUCTION')),
  slot SMALLINT DEFAULT 0 NOT NULL CHECK (slot >= 0),
  version BIGINT NOT NULL,
  CHECK (stage = 'STAGING' OR slot = 0),
  PRIMARY KEY (model_id, stage, slot),
  UNIQUE (model_id, version),
  FOREIGN KEY (model_id, version) REFERENCES model_version (model_id, version) ON DELETE CASCADE
);

-- Every entry into an exclusive stage, so that a rollback knows who held it before.
CREATE TABLE stage_holding (
  model_id BIGINT NOT NULL,
  stage VARCHAR(16) NOT NULL CHECK (stage IN ('STAGING', 'PRODUCTION')),
  since_revision BIGINT NOT NULL,
  version BIGINT NOT NULL,
  PRIMARY KEY (model_id, stage, since_revision),
  FOREIGN KEY (model_id, version) REFERENCES model_version (model_id, version) ON DELETE CASCADE
);

CREATE TABLE model_alias (
  model_id BIGINT NOT NULL,
  alias VARCHAR(512) NOT NULL,
  version BIGINT NOT NULL,
  protected_by_role VARCHAR(64) NOT NULL,
  PRIMARY KEY (model_id, alias),
  FOREIGN KEY (model_id, version) REFERENCES model_version (model_id, version) ON DELETE CASCADE
);

-- No foreign key: the audit outlives what it tells of.
CREATE TABLE registry_event (
  revision BIGINT NOT NULL PRIMARY KEY,
  event_time TIMESTAMP WITH TIME ZONE NOT NULL,
  actor VARCHAR(128) NOT NULL,
  event_type VARCHAR(64) NOT NULL,
  model_id BIGINT,
  name VARCHAR(512) NOT NULL,
  version BIGINT NOT NULL,
  before_state TEXT,
  after_state TEXT,
  also_changed TEXT NOT NULL,
  event_comment TEXT NOT NULL,
  forced BOOLEAN NOT NULL
);

CREATE INDEX registry_event_by_model ON registry_event (model_id, revision);
CREATE INDEX registry_event_by_name ON registry_event (name, revision);

-- Snapshots in the artifact service that no version owns: taken by a registration under way (REGISTERING), or of a
-- version that is gone (RELEASING). Swept, so that a crash leaves no bytes behind for ever.
CREATE TABLE package_hold (
  holder VARCHAR(128) NOT NULL PRIMARY KEY,
  state VARCHAR(16) NOT NULL CHECK (state IN ('REGISTERING', 'RELEASING')),
  since TIMESTAMP WITH TIME ZONE NOT NULL
);

CREATE INDEX package_hold_by_age ON package_hold (state, since);

-- What earlier calls with a request_id made, so that a retry finds it.
CREATE TABLE create_request (
  method VARCHAR(64) NOT NULL,
  request_id VARCHAR(64) NOT NULL,
  fingerprint VARCHAR(64) NOT NULL,
  model_id BIGINT NOT NULL,
  version BIGINT NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (method, request_id)
);

CREATE INDEX create_request_by_age ON create_request (created_at);
