-- PostgreSQL tries to compress what is long. Packed points hardly shrink, and trying took as long as all the rest of a
-- commit. A database that speaks the protocol without knowing this setting does without.
DO $$
BEGIN
  ALTER TABLE metric_segment ALTER COLUMN packed SET STORAGE EXTERNAL;
  ALTER TABLE metric_chunk ALTER COLUMN packed SET STORAGE EXTERNAL;
EXCEPTION
  WHEN feature_not_supported OR syntax_error THEN NULL;
END
$$;
