-- Readers sort the few thousand segments that a run has at a time: this index cost each commit a page for every run.
DROP INDEX metric_segment_by_step;
