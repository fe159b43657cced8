-- Matches as LIKE does, without an escape character. H2's own goes back for every % and takes minutes for some patterns.
CREATE ALIAS IF NOT EXISTS text_like DETERMINISTIC FOR 'dev.slipway.runtime.search.sql.TextPattern.matches';
