-- Who may move versions into a stage, and what must be true before: one policy per model and stage, and one for all.

-- scope is the model's id, and 0 for all models; the rest of a policy is looked at as a whole, never searched.
CREATE TABLE stage_policy (
  scope BIGINT NOT NULL,
  stage VARCHAR(16) NOT NULL CHECK (stage IN ('NONE', 'STAGING', 'PRODUCTION', 'ARCHIVED')),
  model_id BIGINT REFERENCES registered_model (model_id) ON DELETE CASCADE,
  rules TEXT NOT NULL,
  updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
  updated_by VARCHAR(128) NOT NULL,
  revision BIGINT NOT NULL,
  PRIMARY KEY (scope, stage),
  CHECK (scope = COALESCE(model_id, 0))
);
