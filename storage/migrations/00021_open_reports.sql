CREATE INDEX reports_open ON reports (id DESC) WHERE resolved_at = 0;
