-- A page of a history reads segments in order of their first step; without this each page sorted all segments of the run.
-- max_step stands at the end so that segments before the page are passed over within the index.
CREATE INDEX metric_segment_by_step ON metric_segment (run_id, min_step, log_id, commit_no, part, max_step);
