"""Checking what is derived against the records it is derived from."""

import apsw

from .sql import run, sql

_MAX_FAULTS = 100

_CHECKS = {
    "task {} has no envelope": """
        SELECT id FROM task
        WHERE NOT EXISTS (SELECT 1 FROM envelope WHERE envelope.seq = task.origin_seq)""",
    "task {} has status {}, and there is no such": """
        SELECT id, status FROM task WHERE status NOT BETWEEN 0 AND 7""",
    "task {} is {} and has no claim or worker": """
        SELECT id, 'running' FROM task
        WHERE status = $RUNNING AND (claim IS NULL OR worker IS NULL)""",
    "task {} has ended and its time is missing, or has not ended and has one": """
        SELECT id FROM task WHERE (status IN $TERMINAL) <> (finished IS NOT NULL)""",
    "task {} is held or waits for others and is not blocked, or is blocked by nothing": """
        SELECT id FROM task WHERE status NOT IN $TERMINAL
        AND (status = $BLOCKED) <> (held <> 0 OR open_deps > 0)""",
    "task {} counts {} open dependencies, and there are {}": """
        SELECT id, open_deps, open FROM (
            SELECT task.id, task.open_deps, (
                SELECT count(*) FROM dependency
                JOIN task AS parent ON parent.seq = dependency.parent
                WHERE dependency.child = task.seq AND parent.status <> $SUCCESS
            ) AS open FROM task WHERE task.status NOT IN $TERMINAL
        ) WHERE open_deps <> open""",
    "task {} is in the line of another queue, lane or limit": """
        SELECT task.id FROM task LEFT JOIN line ON line.id = task.line
        WHERE (line.queue, line.lane, line."limit")
            IS NOT (task.queue, task.lane, coalesce(task."limit", ''))""",
    "limit {} is not of the name {}": """
        SELECT "limit", limit_name FROM line
        WHERE limit_name IS NOT nullif(substr("limit", instr("limit", ':') + 1), '')""",
    "task {} has tags that the index of tags does not have": """
        SELECT DISTINCT task.id
        FROM task, json_each(CASE WHEN json_valid(tags) THEN tags ELSE '[0]' END)
        WHERE NOT EXISTS (SELECT 1 FROM tag WHERE tag.tag = value AND tag.seq = task.seq)""",
    "tag {} stands for task number {}, which does not have it": """
        SELECT tag.tag, tag.seq FROM tag LEFT JOIN task USING (seq)
        WHERE task.seq IS NULL OR NOT json_valid(task.tags)
        OR tag.tag NOT IN (SELECT value FROM json_each(task.tags))""",
    "queue {} lane {} counts {} tasks with status {}, and there are {}": """
        SELECT line.queue, line.lane, n, counter.id & 7, there FROM (
            SELECT counter.id, n, (
                SELECT count(*) FROM task
                WHERE task.status = counter.id & 7 AND task.line = counter.id >> 3
            ) AS there FROM counter
        ) AS counter LEFT JOIN line ON line.id = counter.id >> 3 WHERE n <> there""",
    "task {} has a number or version that the store has not given out": """
        SELECT task.id FROM task, store
        WHERE task.seq > store.seq OR task.version > store.version""",
    "an outcome is there for task number {}, which is not": """
        SELECT seq FROM outcome WHERE seq NOT IN (SELECT seq FROM task)""",
    "a checkpoint is there for task number {}, which is not": """
        SELECT seq FROM checkpoint WHERE seq NOT IN (SELECT seq FROM task)""",
    "output is there for task number {}, which is not": """
        SELECT DISTINCT seq FROM log WHERE seq NOT IN (SELECT seq FROM task)""",
    "an envelope is there for task number {}, which no task needs": """
        SELECT seq FROM envelope WHERE seq NOT IN (SELECT origin_seq FROM task)""",
    "task {} needs the large value {}, which is not there or not its own": """
        SELECT task.id, value
        FROM task, json_each(CASE WHEN json_valid(refs) THEN refs ELSE '[0]' END)
        WHERE refs <> '[]' AND NOT EXISTS (
            SELECT 1 FROM blob JOIN owner ON owner.blob = blob.seq
            WHERE blob.name = value AND chunks IS NOT NULL AND owner.task = task.seq)""",
    "task number {} owns large value number {}, and one of them is not there": """
        SELECT owner.task, owner.blob FROM owner
        WHERE task NOT IN (SELECT seq FROM task) OR blob NOT IN (SELECT seq FROM blob)""",
    "large value {} has {} chunks, and {} are there": """
        SELECT name, chunks, there FROM (
            SELECT name, chunks, (SELECT count(*) FROM chunk WHERE blob = blob.seq) AS there
            FROM blob WHERE chunks IS NOT NULL
        ) WHERE chunks <> there""",
    "chunks are there of large value number {}, which is not": """
        SELECT DISTINCT blob FROM chunk WHERE blob NOT IN (SELECT seq FROM blob)""",
}
"""A sentence for each fault, and the query that finds its instances."""


def verify(db: apsw.Connection) -> list[str]:
    db.execute("BEGIN")
    faults = [
        f"SQLite: {text}"
        for (text,) in run(db, f"PRAGMA integrity_check({_MAX_FAULTS})")
        if text != "ok"
    ]
    for sentence, query in _CHECKS.items():
        found = run(db, sql(f"{query} LIMIT {_MAX_FAULTS + 1}"))
        faults += [sentence.format(*values) for values in found[:_MAX_FAULTS]]
        if len(found) > _MAX_FAULTS:
            faults.append(f"and more than {_MAX_FAULTS} faults of that kind")
    return faults
