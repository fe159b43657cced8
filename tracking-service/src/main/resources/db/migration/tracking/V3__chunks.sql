-- Chunks: what the compaction makes of segments. A chunk holds 1,000 to 4,000 points of one metric of one run in order of
-- (step, timestamp, value), in the form of a segment; the last chunk of a metric may hold fewer. Chunks of a metric do not
-- overlap in that order. Values are kept as 64-bit numbers of the same order (OrderedDoubles), since not every database
-- keeps -0.0.

CREATE SEQUENCE metric_chunk_number START WITH 1;

CREATE TABLE metric_chunk (
  run_id            UUID    NOT NULL,
  name_id           INTEGER NOT NULL,
  chunk_id          BIGINT  NOT NULL,
  point_count       INTEGER NOT NULL,
  -- Also the least step.
  first_step        BIGINT  NOT NULL,
  -- The last point; its step is also the greatest.
  last_step         BIGINT  NOT NULL,
  last_timestamp_ms BIGINT  NOT NULL,
  last_value        BIGINT  NOT NULL,
  min_time_ms       BIGINT  NOT NULL,
  max_time_ms       BIGINT  NOT NULL,
  -- Without NaN, save where there is nothing else.
  min_value         BIGINT  NOT NULL,
  max_value         BIGINT  NOT NULL,
  packed            BYTEA   NOT NULL,
  PRIMARY KEY (run_id, name_id, chunk_id)
);
-- Everything but the points, so that charts read headers without touching what lies beside the points.
CREATE INDEX metric_chunk_by_last ON metric_chunk (
  run_id, name_id, last_step, last_timestamp_ms, last_value, chunk_id, point_count, first_step, min_time_ms, max_time_ms,
  min_value, max_value);

-- One row per run that was compacted. Whoever compacts a run, or removes it with its points, locks this row first.
CREATE TABLE metric_compaction (
  run_id UUID   NOT NULL PRIMARY KEY,
  -- How often segments of the run were made into chunks.
  passes BIGINT NOT NULL
);
