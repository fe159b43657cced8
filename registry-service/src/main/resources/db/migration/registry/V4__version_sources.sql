-- Which versions a version was made from: the steps of a pipeline, and the version whose package it copies. Kept so that
-- lineage can be followed from a version to what uses it.
CREATE TABLE version_source (
  model_id BIGINT NOT NULL,
  version BIGINT NOT NULL,
  relation VARCHAR(16) NOT NULL CHECK (relation IN ('PIPELINE_STEP', 'COPY')),
  role VARCHAR(64) NOT NULL,
  source_model_id BIGINT NOT NULL,
  source_version BIGINT NOT NULL,
  PRIMARY KEY (model_id, version, relation, role),
  FOREIGN KEY (model_id, version) REFERENCES model_version (model_id, version) ON DELETE CASCADE,
  FOREIGN KEY (source_model_id, source_version) REFERENCES model_version (model_id, version) ON DELETE CASCADE
);

CREATE INDEX version_source_by_source ON version_source (source_model_id, source_version);
