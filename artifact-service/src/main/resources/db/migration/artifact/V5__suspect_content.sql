-- Bytes that may not be those of their digest: a check has read them and found that they are not, or nobody has read them.
-- Uploads do not rely on them, but store the same content anew, which ends this.
ALTER TABLE blob ADD COLUMN suspect BOOLEAN DEFAULT FALSE NOT NULL;
