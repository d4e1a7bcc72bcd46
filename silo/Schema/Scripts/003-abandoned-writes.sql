-- oldest-reader: 2
-- A write whose connection was lost is looked up; when it is not there it is given up under its id, so that it can never
-- happen any more, even when its statements were still on their way to the server.

CREATE TABLE mesh_abandoned_write(
    write_id uuid PRIMARY KEY,
    given_up_at timestamptz NOT NULL DEFAULT now());

CREATE INDEX mesh_abandoned_write_by_time ON mesh_abandoned_write(given_up_at);

-- The first statement of every write. The lock is its sign of life until its transaction ends.
CREATE FUNCTION mesh_begin_write(id uuid, sign_of_life bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(sign_of_life);
    IF EXISTS (SELECT 1 FROM mesh_abandoned_write WHERE write_id = id) THEN
        RAISE EXCEPTION 'the write % was given up by its writer', id USING ERRCODE = 'MO001';
    END IF;
END $$;
