-- Format 1. Times are seconds since 1970. A task is known inside the store by its seq, a queue's
-- lane and limit by their line, so that indexes stay small. What a status is called: see states.py.

CREATE TABLE store (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    id TEXT NOT NULL,
    seq INTEGER NOT NULL,      -- the last push
    version INTEGER NOT NULL,  -- the last change; each changed task takes the next one
    floor INTEGER NOT NULL     -- a cursor below it has missed a removal
) STRICT;

CREATE TABLE line (
    id INTEGER PRIMARY KEY,
    queue TEXT NOT NULL,
    lane TEXT NOT NULL,
    "limit" TEXT NOT NULL,  -- "" for none
    limit_name TEXT,
    UNIQUE (queue, lane, "limit")
) STRICT;
CREATE INDEX by_limit ON line (limit_name) WHERE limit_name IS NOT NULL;

CREATE TABLE paused (queue TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;

CREATE TABLE task (
    id TEXT NOT NULL UNIQUE,
    queue TEXT NOT NULL,
    status INTEGER NOT NULL CHECK (status BETWEEN 0 AND 7),
    lane TEXT NOT NULL,
    seq INTEGER PRIMARY KEY,
    rank INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    origin TEXT NOT NULL,
    parent TEXT,
    session TEXT,
    "group" TEXT,
    name TEXT,
    label TEXT NOT NULL,
    call_key TEXT,
    created REAL NOT NULL,
    due REAL,
    expires REAL,
    keep REAL,
    started REAL,
    finished REAL,
    held INTEGER NOT NULL,
    open_deps INTEGER NOT NULL,
    retries INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    losses INTEGER NOT NULL,
    alone INTEGER NOT NULL,
    begun INTEGER NOT NULL,
    on_lost TEXT,
    claim TEXT,
    settled TEXT,
    worker TEXT,
    cancel_at REAL,
    cancel_by TEXT,
    cancel_step TEXT,
    reason TEXT,
    error TEXT,
    progress TEXT,
    metrics TEXT,
    peak_memory INTEGER,
    checkpoint TEXT,
    "limit" TEXT,
    needs TEXT,
    version INTEGER NOT NULL,
    tags TEXT NOT NULL,
    depends_on TEXT NOT NULL,
    refs TEXT NOT NULL,
    line INTEGER NOT NULL,       -- of (queue, lane, limit)
    origin_seq INTEGER NOT NULL  -- whose envelope serves it
) STRICT;

CREATE INDEX ready ON task (line, rank, alone, expires) WHERE status = 0;
CREATE INDEX alarm ON task (due) WHERE status BETWEEN 3 AND 4;
CREATE INDEX expiring ON task (expires) WHERE expires IS NOT NULL AND finished IS NULL;
CREATE INDEX by_status ON task (status, line);
CREATE INDEX by_version ON task (version);
CREATE INDEX by_end ON task (finished) WHERE finished IS NOT NULL;
CREATE INDEX by_worker ON task (worker) WHERE worker IS NOT NULL;
CREATE INDEX by_group ON task ("group") WHERE "group" IS NOT NULL;
CREATE INDEX by_name ON task (name) WHERE name IS NOT NULL;
CREATE INDEX by_call ON task (call_key) WHERE call_key IS NOT NULL;
CREATE INDEX retries ON task (origin, origin_seq) WHERE origin_seq <> seq;

CREATE TABLE envelope (seq INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
CREATE TABLE outcome (seq INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
CREATE TABLE checkpoint (seq INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;

CREATE TABLE log (
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,  -- bytes of output before this piece
    data BLOB NOT NULL,
    PRIMARY KEY (seq, at)
) STRICT, WITHOUT ROWID;

CREATE TABLE tag (
    tag TEXT NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (tag, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE dependency (
    parent INTEGER NOT NULL,
    child INTEGER NOT NULL,
    PRIMARY KEY (parent, child)
) STRICT, WITHOUT ROWID;
CREATE INDEX by_child ON dependency (child);

CREATE TABLE presence (
    id TEXT PRIMARY KEY,
    started REAL NOT NULL,
    renewed REAL NOT NULL,
    lease REAL NOT NULL,
    kernel INTEGER NOT NULL,
    gone INTEGER NOT NULL,  -- unregistered, and kept until a reap has taken what it holds
    data TEXT NOT NULL
) STRICT;

-- Eight rows a line, by status: how many tasks stand there.
CREATE TABLE counter (
    id INTEGER PRIMARY KEY,  -- line * 8 + status
    n INTEGER NOT NULL CHECK (n >= 0)
) STRICT;

CREATE TRIGGER line_made AFTER INSERT ON line BEGIN
    INSERT INTO counter (id, n)
    SELECT new.id * 8 + value, 0 FROM json_each('[0, 1, 2, 3, 4, 5, 6, 7]');
END;

CREATE TRIGGER task_stored AFTER INSERT ON task BEGIN
    UPDATE counter SET n = n + 1 WHERE id = new.line * 8 + new.status;
END;

CREATE TRIGGER task_tagged AFTER INSERT ON task WHEN new.tags <> '[]' BEGIN
    INSERT OR IGNORE INTO tag (tag, seq) SELECT value, new.seq FROM json_each(new.tags);
END;

CREATE TRIGGER task_moved AFTER UPDATE OF status ON task WHEN old.status <> new.status BEGIN
    UPDATE counter SET n = n - 1 WHERE id = old.line * 8 + old.status;
    UPDATE counter SET n = n + 1 WHERE id = new.line * 8 + new.status;
END;

CREATE TRIGGER task_removed AFTER DELETE ON task BEGIN
    UPDATE counter SET n = n - 1 WHERE id = old.line * 8 + old.status;
    DELETE FROM outcome WHERE seq = old.seq;
    DELETE FROM checkpoint WHERE seq = old.seq;
    DELETE FROM log WHERE seq = old.seq;
    DELETE FROM tag WHERE seq = old.seq AND tag IN (SELECT value FROM json_each(old.tags));
    DELETE FROM dependency WHERE parent = old.seq;
    DELETE FROM dependency WHERE child = old.seq;
    DELETE FROM envelope WHERE seq = old.origin_seq
        AND NOT EXISTS (SELECT 1 FROM task WHERE task.seq = old.origin_seq)
        AND NOT EXISTS (
            SELECT 1 FROM task
            WHERE origin = old.origin AND origin_seq = old.origin_seq AND origin_seq <> seq
        );
END;

INSERT INTO store (one, id, seq, version, floor) VALUES (
    1, lower(hex(randomblob(8))), 0,
    -- Microseconds since 1970, so that a cursor of a store that was here before is below the floor.
    CAST(unixepoch('subsec') * 1000000 AS INTEGER), CAST(unixepoch('subsec') * 1000000 AS INTEGER)
);
