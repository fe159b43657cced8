-- As V8 does for segments.
DO $$
BEGIN
  ALTER TABLE metric_chunk ALTER COLUMN packed SET STORAGE EXTERNAL;
EXCEPTION
  WHEN feature_not_supported OR syntax_error THEN NULL;
END
$$;
