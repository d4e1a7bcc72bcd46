-- oldest-reader: 2
-- Which cluster the database belongs to. The first silo writes its name; a database that has served one cluster before is
-- that one's.

CREATE TABLE mesh_cluster(
    id integer PRIMARY KEY CHECK(id = 1),
    name text NOT NULL);

INSERT INTO mesh_cluster(id, name)
SELECT 1, min(deploymentid) FROM orleansmembershipversiontable HAVING count(*) = 1;
