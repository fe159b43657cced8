-- Uploads whose bytes go straight to the object store. The row is there before anything is begun in the store and after
-- everything there is gone, so that nothing abandoned is ever forgotten. content_sha256 is set once the bytes have been
-- read and verified: from then on the upload refers to that content.

CREATE TABLE presigned_upload (
  upload_id VARCHAR(64) NOT NULL PRIMARY KEY,
  path BYTEA NOT NULL,
  size_bytes BIGINT,
  declared_sha256 VARCHAR(64),
  content_type VARCHAR(255),
  create_only BOOLEAN NOT NULL,
  part_size_bytes BIGINT NOT NULL,
  part_count INTEGER NOT NULL CHECK (part_count BETWEEN 1 AND 10000),
  store_upload_id VARCHAR(1024),
  content_sha256 VARCHAR(64),
  expire_time TIMESTAMP WITH TIME ZONE NOT NULL
);

CREATE INDEX presigned_upload_expire_time ON presigned_upload (expire_time, upload_id);
CREATE INDEX presigned_upload_content_sha256 ON presigned_upload (content_sha256);
