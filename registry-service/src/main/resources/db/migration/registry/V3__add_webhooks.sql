-- Webhooks begin: who is told of which events, and the deliveries, queued in the transaction of the event.

-- created_revision is the revision that created the webhook, by which a retry with a request_id finds it.
CREATE TABLE webhook (
  webhook_id VARCHAR(32) NOT NULL PRIMARY KEY,
  created_revision BIGINT NOT NULL UNIQUE,
  name VARCHAR(512) NOT NULL UNIQUE,
  description TEXT NOT NULL,
  url TEXT NOT NULL,
  secret VARCHAR(128) NOT NULL,
  state VARCHAR(16) NOT NULL CHECK (state IN ('ACTIVE', 'DISABLED')),
  timeout_millis BIGINT NOT NULL CHECK (timeout_millis > 0),
  max_attempts INTEGER NOT NULL CHECK (max_attempts > 0),
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  created_by VARCHAR(128) NOT NULL,
  updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
  updated_by VARCHAR(128) NOT NULL,
  revision BIGINT NOT NULL
);

-- An empty action is every action of the entity.
CREATE TABLE webhook_event (
  webhook_id VARCHAR(32) NOT NULL REFERENCES webhook (webhook_id) ON DELETE CASCADE,
  place SMALLINT NOT NULL,
  entity VARCHAR(32) NOT NULL,
  action VARCHAR(16) NOT NULL,
  PRIMARY KEY (webhook_id, place)
);

-- No row: events of all models. By name, so that a webhook can wait for a model; a rename changes the rows.
CREATE TABLE webhook_model (
  webhook_id VARCHAR(32) NOT NULL REFERENCES webhook (webhook_id) ON DELETE CASCADE,
  model_name VARCHAR(512) NOT NULL,
  PRIMARY KEY (webhook_id, model_name)
);

CREATE INDEX webhook_model_by_name ON webhook_model (model_name);

-- Who sends for a webhook at present: one sender of one replica, until its lease ends. Apart from the webhook's own
-- row, which commands read, so that sending never waits for a command nor a command for sending.
CREATE TABLE webhook_turn (
  webhook_id VARCHAR(32) NOT NULL PRIMARY KEY,
  lease VARCHAR(32) NOT NULL,
  leased_until TIMESTAMP WITH TIME ZONE NOT NULL,
  last_turn_at TIMESTAMP WITH TIME ZONE NOT NULL,
  failing BOOLEAN NOT NULL
);

-- The sending of one event to one webhook; the body is made from the event. next_attempt_at is set while PENDING,
-- closed_at otherwise.
CREATE TABLE webhook_delivery (
  webhook_id VARCHAR(32) NOT NULL REFERENCES webhook (webhook_id) ON DELETE CASCADE,
  revision BIGINT NOT NULL,
  entity VARCHAR(32) NOT NULL,
  action VARCHAR(16) NOT NULL,
  state VARCHAR(16) NOT NULL CHECK (state IN ('PENDING', 'DELIVERED', 'DEAD')),
  tries INTEGER NOT NULL,
  attempts TEXT NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  next_attempt_at TIMESTAMP WITH TIME ZONE,
  closed_at TIMESTAMP WITH TIME ZONE,
  PRIMARY KEY (webhook_id, revision),
  CHECK ((state = 'PENDING') = (next_attempt_at IS NOT NULL)),
  CHECK ((state = 'PENDING') = (closed_at IS NULL))
);

CREATE INDEX webhook_delivery_due ON webhook_delivery (webhook_id, state, next_attempt_at);
CREATE INDEX webhook_delivery_by_state ON webhook_delivery (webhook_id, state, revision);
CREATE INDEX webhook_delivery_by_close ON webhook_delivery (state, closed_at);
