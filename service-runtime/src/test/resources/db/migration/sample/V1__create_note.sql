-- A table for the tests of the database.
CREATE TABLE note (
  id BIGINT PRIMARY KEY,
  text TEXT NOT NULL
);
