CREATE TABLE host_batches (
    host  TEXT NOT NULL PRIMARY KEY,
    inbox TEXT NOT NULL
);
