-- Large values, stored once under a name that follows from what they hold. Files that were made
-- before there were any get these tables when they are opened.

CREATE TABLE IF NOT EXISTS blob (
    seq INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    chunks INTEGER,         -- NULL until it is complete
    touched REAL NOT NULL   -- when it was stored or asked for last
) STRICT;
CREATE INDEX IF NOT EXISTS blob_by_time ON blob (touched);

CREATE TABLE IF NOT EXISTS chunk (
    blob INTEGER NOT NULL,
    number INTEGER NOT NULL,
    data BLOB NOT NULL,
    UNIQUE (blob, number)
) STRICT;

CREATE TABLE IF NOT EXISTS owner (
    task INTEGER NOT NULL,
    blob INTEGER NOT NULL,
    PRIMARY KEY (task, blob)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS owner_by_blob ON owner (blob);

CREATE TRIGGER IF NOT EXISTS owner_removed AFTER DELETE ON task BEGIN
    DELETE FROM owner WHERE task = old.seq;
END;
