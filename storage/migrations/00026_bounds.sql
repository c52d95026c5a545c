-- What the owner of a lane's server registered, so that the inboxes of one domain can be
-- counted. Of a lane from before it is taken to be the host.
ALTER TABLE lanes ADD COLUMN domain TEXT NOT NULL DEFAULT '';
UPDATE lanes SET domain = host;
CREATE INDEX lanes_domain ON lanes (domain, inbox);
