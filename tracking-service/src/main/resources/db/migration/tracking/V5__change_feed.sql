-- What changed after what: watchers of runs and experiments ask for what came after a revision. Every transaction that changes
-- an experiment, or one of its runs other than by metric points, takes the experiment's next revision and stamps with it what
-- it changed. It holds the row until it commits, so revisions become visible in order and without a gap.

CREATE TABLE experiment_revision (
  experiment_id          BIGINT NOT NULL PRIMARY KEY,
  revision               BIGINT NOT NULL,
  -- When the experiment's own columns and tags last changed.
  own_revision           BIGINT NOT NULL,
  -- When runs were last purged, and the greatest listed_revision that a purged run had; 0 when none was.
  purged_revision        BIGINT NOT NULL,
  purged_listed_revision BIGINT NOT NULL
);
INSERT INTO experiment_revision (experiment_id, revision, own_revision, purged_revision, purged_listed_revision)
SELECT experiment_id, 1, 1, 0, 0 FROM experiment;

-- Apart from run, whose row then stays where it is when only a param comes. Without foreign keys, like metric_segment.
CREATE TABLE run_revision (
  run_id             UUID   NOT NULL PRIMARY KEY,
  experiment_id      BIGINT NOT NULL,
  -- When anything last changed; the greatest of all below and of those of params and tags.
  revision           BIGINT NOT NULL,
  created_revision   BIGINT NOT NULL,
  -- When the run last came into a list, left one or moved in it: created, deleted, restored, start time changed.
  listed_revision    BIGINT NOT NULL,
  info_revision      BIGINT NOT NULL,
  inputs_revision    BIGINT NOT NULL,
  outputs_revision   BIGINT NOT NULL,
  -- When segments were last taken out of the metric log, so that appended points can no longer be told from older ones.
  compacted_revision BIGINT NOT NULL
);
CREATE INDEX run_revision_by_experiment ON run_revision (experiment_id, revision);
INSERT INTO run_revision (run_id, experiment_id, revision, created_revision, listed_revision, info_revision, inputs_revision,
                          outputs_revision, compacted_revision)
SELECT run_id, experiment_id, 1, 1, 1, 1, 1, 1, 1 FROM run;

-- 0: before there were revisions.
ALTER TABLE run_param ADD COLUMN revision BIGINT DEFAULT 0 NOT NULL;
ALTER TABLE run_tag ADD COLUMN revision BIGINT DEFAULT 0 NOT NULL;

-- Tags that were removed, so that watchers hear of it. A row tells nothing once the run has the tag again.
CREATE TABLE run_tag_removed (
  run_id   UUID    NOT NULL,
  tag_key  VARCHAR NOT NULL,
  revision BIGINT  NOT NULL,
  PRIMARY KEY (run_id, tag_key)
);
