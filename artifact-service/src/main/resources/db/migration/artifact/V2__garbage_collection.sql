-- Garbage collection in two phases, so that nothing goes that somebody is just about to bind.

-- state: 1 in use, or not yet found to be without reference; 2 condemned: found without reference at condemn_time;
-- 3 revived: bound again after that, which the next collection counts and ends; 4 being removed: nobody can bind it any
-- more, its bytes go first, its row then.
ALTER TABLE blob ADD COLUMN state SMALLINT DEFAULT 1 NOT NULL CHECK (state IN (1, 2, 3, 4));
ALTER TABLE blob ADD COLUMN condemn_time TIMESTAMP WITH TIME ZONE;
CREATE INDEX blob_state ON blob (state, sha256);

-- One row, for which collections wait, and those who bind whole manifests. holder: the collection or check that is at
-- work, until expire_time unless it renews that. removals: raised whenever content goes into state 4.
CREATE TABLE maintenance (
  id SMALLINT NOT NULL PRIMARY KEY CHECK (id = 1),
  holder VARCHAR(36),
  expire_time TIMESTAMP WITH TIME ZONE,
  removals BIGINT NOT NULL
);

INSERT INTO maintenance (id, removals) VALUES (1, 0);
