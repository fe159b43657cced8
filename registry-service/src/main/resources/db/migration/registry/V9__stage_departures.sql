-- Which versions left a stage of their own while nobody has come to it since: newcomers are compared with these too.

ALTER TABLE stage_holding ADD COLUMN departed BOOLEAN DEFAULT FALSE NOT NULL;

UPDATE stage_holding SET departed = TRUE
WHERE since_revision = (
    SELECT MAX(l.since_revision) FROM stage_holding l
    WHERE l.model_id = stage_holding.model_id AND l.stage = stage_holding.stage)
  AND NOT EXISTS (
    SELECT 1 FROM stage_assignment s
    WHERE s.model_id = stage_holding.model_id AND s.stage = stage_holding.stage AND s.version = stage_holding.version);
