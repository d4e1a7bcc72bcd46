-- oldest-reader: 2
-- A state that nobody needs any more after some time, such as a join token's, says from when on: it is removed then. Join
-- tokens of before live for seven days at most.

ALTER TABLE mesh_grain_state ADD COLUMN removable_from timestamptz;

CREATE INDEX mesh_grain_state_removable ON mesh_grain_state(removable_from) WHERE removable_from IS NOT NULL;

UPDATE mesh_grain_state SET removable_from = now() + interval '8 days' WHERE grain_type = 'jointoken';
