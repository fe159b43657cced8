-- Verdicts that other systems report on versions: the last one of each check. Their history is in registry_event.
CREATE TABLE check_result (
  model_id BIGINT NOT NULL,
  version BIGINT NOT NULL,
  check_name VARCHAR(64) NOT NULL,
  result TEXT NOT NULL,
  reporter_roles TEXT NOT NULL,
  PRIMARY KEY (model_id, version, check_name),
  FOREIGN KEY (model_id, version) REFERENCES model_version (model_id, version) ON DELETE CASCADE
);
