-- A purge forgets which request created what it removes; without this it looked at all requests for each object.
CREATE INDEX created_by_request_by_resource ON created_by_request (resource_id);
