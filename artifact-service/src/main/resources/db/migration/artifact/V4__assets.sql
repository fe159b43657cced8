-- Versioned assets. A version keeps its manifest by its own row, which nobody can release. Names are bytes for the sake
-- of their order, as paths are.

-- Its row is locked by each push: that is what gives simultaneous pushes distinct versions. scheme: 1 major.minor,
-- 2 date. latest: the newest version.
CREATE TABLE asset (
  name BYTEA NOT NULL PRIMARY KEY,
  scheme SMALLINT NOT NULL CHECK (scheme IN (1, 2)),
  description VARCHAR NOT NULL,
  latest_major BIGINT NOT NULL,
  latest_minor BIGINT NOT NULL,
  version_count BIGINT NOT NULL CHECK (version_count > 0),
  create_time TIMESTAMP WITH TIME ZONE NOT NULL,
  update_time TIMESTAMP WITH TIME ZONE NOT NULL
);

-- A date is its second since 1970 as major, with minor 0. text_bytes: size of author, description and metadata, so that
-- a page can be cut before it is read. request_id, request_fingerprint: the call that pushed it, where it had an id.
CREATE TABLE asset_version (
  name BYTEA NOT NULL REFERENCES asset (name),
  major BIGINT NOT NULL,
  minor BIGINT NOT NULL,
  manifest_id BIGINT NOT NULL REFERENCES manifest (manifest_id),
  is_directory BOOLEAN NOT NULL,
  author VARCHAR NOT NULL,
  description VARCHAR NOT NULL,
  text_bytes INTEGER NOT NULL,
  request_id VARCHAR(64) UNIQUE,
  request_fingerprint VARCHAR(64),
  create_time TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (name, major, minor)
);

CREATE INDEX asset_version_manifest ON asset_version (manifest_id);

CREATE TABLE asset_metadata (
  name BYTEA NOT NULL,
  major BIGINT NOT NULL,
  minor BIGINT NOT NULL,
  metadata_key VARCHAR NOT NULL,
  metadata_value VARCHAR NOT NULL,
  PRIMARY KEY (name, major, minor, metadata_key),
  FOREIGN KEY (name, major, minor) REFERENCES asset_version (name, major, minor)
);
