-- So that searches say the same on every database; PostgreSQL puts the operator in its place when it plans.
CREATE OR REPLACE FUNCTION text_like(text, text) RETURNS boolean LANGUAGE sql IMMUTABLE AS
$$ SELECT $1 LIKE $2 ESCAPE '' $$;
