-- Searches over many runs end with the page instead of looking at all runs of the experiment: what a filter asks for lies
-- together in an index, and in the order in which lists come. Params have none: they come with every run by the dozen, and
-- an entry of an index for each would cost as much as the param itself.

-- 64 bits of experiment, key and value, since values may be far longer than an index takes.
ALTER TABLE run_tag ADD COLUMN entry_hash BIGINT NOT NULL;
-- The run's own, for the order of lists; changes with it.
ALTER TABLE run_tag ADD COLUMN start_time_ms BIGINT NOT NULL;
CREATE INDEX run_tag_by_entry ON run_tag (entry_hash, start_time_ms DESC, run_id);

-- The run's own too.
ALTER TABLE latest_metric ADD COLUMN experiment_id BIGINT NOT NULL;
ALTER TABLE latest_metric ADD COLUMN start_time_ms BIGINT NOT NULL;
CREATE INDEX latest_metric_by_value ON latest_metric (experiment_id, name_id, metric_value DESC, run_id);
CREATE INDEX latest_metric_by_start
  ON latest_metric (experiment_id, name_id, start_time_ms DESC, run_id, metric_value);
