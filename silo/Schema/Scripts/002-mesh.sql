-- The mesh's own state. write_id is drawn by the writer for each write: after a connection was lost in the middle of a
-- commit it tells, without any doubt, whether that very write is there.

-- Versions come from one sequence, so a row that was deleted and made again never bears a version somebody still holds.
CREATE SEQUENCE mesh_grain_state_version;

CREATE TABLE mesh_grain_state(
    grain_type text NOT NULL,
    grain_key text NOT NULL,
    state_name text NOT NULL,
    version bigint NOT NULL,
    write_id uuid NOT NULL,
    payload bytea NOT NULL,
    PRIMARY KEY(grain_type, grain_key, state_name));

-- hash: where the grain stands on the ring that the silos share
CREATE TABLE mesh_reminder(
    grain_type text NOT NULL,
    grain_key text NOT NULL,
    name text NOT NULL,
    hash bigint NOT NULL,
    start_at timestamptz NOT NULL,
    period_ticks bigint NOT NULL,
    version uuid NOT NULL,
    PRIMARY KEY(grain_type, grain_key, name));

CREATE INDEX mesh_reminder_by_hash ON mesh_reminder(hash);

CREATE TABLE mesh_snapshot(
    id integer PRIMARY KEY CHECK(id = 1),
    epoch text NOT NULL,
    number bigint NOT NULL,
    forgotten_up_to bigint NOT NULL,
    write_id uuid);

CREATE TABLE mesh_snapshot_row(
    key text PRIMARY KEY,
    owner_version bigint NOT NULL,
    number bigint NOT NULL,
    payload text);

CREATE INDEX mesh_snapshot_row_removed ON mesh_snapshot_row(number) WHERE payload IS NULL;

CREATE TABLE mesh_revision(
    number bigint PRIMARY KEY,
    time timestamptz NOT NULL,
    author text NOT NULL,
    reason text NOT NULL,
    write_id uuid NOT NULL);

CREATE TABLE mesh_revision_change(
    number bigint NOT NULL REFERENCES mesh_revision(number),
    ordinal integer NOT NULL,
    key text NOT NULL,
    kind text NOT NULL,
    before text,
    after text,
    PRIMARY KEY(number, ordinal));

CREATE TABLE mesh_document(
    key text PRIMARY KEY,
    revision bigint NOT NULL,
    json text);

-- The authority's keys, sealed with a key that the database never sees.
CREATE TABLE mesh_authority(
    id integer PRIMARY KEY CHECK(id = 1),
    sealed_with text NOT NULL,
    material bytea NOT NULL);
