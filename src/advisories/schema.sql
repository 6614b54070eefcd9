-- The advisory store, schema 2. Ranges hold sort keys (advisories/version): a look-up is one indexed query, and no
-- version of an advisory is parsed at scan time. `detail` is the part that only findings need: a store can do without.
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE source (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    format TEXT NOT NULL,
    url TEXT,
    licence TEXT,
    republish INTEGER NOT NULL DEFAULT 0,
    etag TEXT,                          -- of the response that was imported: the next update asks with it
    last_modified TEXT,
    newest TEXT,                        -- the latest `modified` of its records: how old the data are, without a clock
    advisories INTEGER NOT NULL,
    digest BLOB NOT NULL,               -- SHA-256 over its advisories' contents in order of their ids
    since INTEGER NOT NULL,             -- seconds since 1970: when it first came in
    checked INTEGER NOT NULL            -- when it was last imported, or found unchanged
) STRICT;

CREATE TABLE ecosystem (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;

CREATE TABLE package (
    id INTEGER PRIMARY KEY,
    ecosystem INTEGER NOT NULL,
    name TEXT NOT NULL,
    UNIQUE (ecosystem, name)
) STRICT;

-- A record that changes is a new row, and the old one keeps the time until which it stood: the store can answer as of
-- then.
CREATE TABLE advisory (
    id INTEGER PRIMARY KEY,
    source INTEGER NOT NULL,
    external_id TEXT NOT NULL,
    kind INTEGER NOT NULL,
    withdrawn TEXT,                     -- when it was taken back: kept so that a delta can say so; never matched
    severity INTEGER,
    severity_by TEXT,
    since INTEGER NOT NULL,             -- seconds since 1970: when this state of it came in
    until INTEGER,                      -- when another took its place; NULL: it stands
    UNIQUE (source, external_id, since)
) STRICT;

CREATE TABLE detail (
    advisory INTEGER PRIMARY KEY,
    digest BLOB NOT NULL,               -- SHA-256 of the normalised record
    content BLOB NOT NULL,              -- JSON, zstd: summary, CVSS, references, dates
    text BLOB NOT NULL                  -- zstd: the long description
) STRICT;

CREATE TABLE alias (
    advisory INTEGER NOT NULL,
    name TEXT NOT NULL,
    kind INTEGER NOT NULL,              -- 0 alias: the same vulnerability; 1 upstream: the record passes it on
    PRIMARY KEY (advisory, name, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE range (
    package INTEGER NOT NULL,
    low BLOB NOT NULL,                  -- empty: before everything
    advisory INTEGER NOT NULL,
    high BLOB NOT NULL,                 -- ff: never closed
    inclusive INTEGER NOT NULL,         -- whether high itself is inside
    status INTEGER NOT NULL,
    severity INTEGER,
    introduced TEXT,                    -- the bounds as the feed writes them
    fixed TEXT,
    last_affected TEXT,
    module TEXT NOT NULL,               -- the module stream that it is about; empty: none, or the feed does not say
    PRIMARY KEY (package, low, advisory, high, inclusive, status, module)
) STRICT, WITHOUT ROWID;

-- Enumerated versions without a key; those with one are ranges of a single version.
CREATE TABLE exact (
    package INTEGER NOT NULL,
    version TEXT NOT NULL,
    advisory INTEGER NOT NULL,
    PRIMARY KEY (package, version, advisory)
) STRICT, WITHOUT ROWID;

-- Ranges without a key: a package that one of them names becomes a gap, never silence.
CREATE TABLE unordered (
    package INTEGER NOT NULL,
    advisory INTEGER NOT NULL,
    events TEXT NOT NULL,
    PRIMARY KEY (package, advisory, events)
) STRICT, WITHOUT ROWID;

-- Data beside advisories: they say nothing of versions, and make no finding.

-- Vulnerabilities that are known to be exploited.
CREATE TABLE exploited (
    cve TEXT NOT NULL,
    source INTEGER NOT NULL,
    added TEXT NOT NULL,                -- since when it is known
    due TEXT,                           -- until when those who follow the catalogue have to act
    ransomware INTEGER NOT NULL,
    PRIMARY KEY (cve, source)
) STRICT, WITHOUT ROWID;

-- How likely it is that a vulnerability is exploited in the next 30 days.
CREATE TABLE likelihood (
    cve TEXT NOT NULL,
    source INTEGER NOT NULL,
    score INTEGER NOT NULL,             -- in 1/100000
    percentile INTEGER NOT NULL,        -- in 1/100000
    date INTEGER NOT NULL,              -- of the score: 20260131
    PRIMARY KEY (cve, source)
) STRICT, WITHOUT ROWID;

-- How long the releases of distributions are looked after.
CREATE TABLE lifecycle (
    distribution TEXT NOT NULL,         -- as os-release names it
    release TEXT NOT NULL,
    source INTEGER NOT NULL,
    ends TEXT,                          -- the last day of standard support; none: no day is set
    extended TEXT,                      -- the last day of what comes after it: LTS, ESM, ELS, LTSS
    PRIMARY KEY (distribution, release, source)
) STRICT, WITHOUT ROWID;
