-- Webhooks may write and sign as MLflow does, under secrets of any text.

ALTER TABLE webhook ADD COLUMN format VARCHAR(16) DEFAULT 'STANDARD' NOT NULL CHECK (format IN ('STANDARD', 'MLFLOW'));
ALTER TABLE webhook ALTER COLUMN secret SET DATA TYPE VARCHAR(1024);
