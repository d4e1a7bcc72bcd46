-- What Orleans' relational provider for membership asks for. It reads the text of each query from orleansquery and knows
-- columns and parameters by name; the statements are ours. Every change of membership moves the
-- version row first, under its lock and only from the version the caller saw, so two silos can never both succeed.

CREATE TABLE orleansquery(
    querykey text PRIMARY KEY,
    querytext text NOT NULL);

CREATE TABLE orleansmembershipversiontable(
    deploymentid text PRIMARY KEY,
    timestamp timestamptz NOT NULL DEFAULT now(),
    version integer NOT NULL DEFAULT 0);

CREATE TABLE orleansmembershiptable(
    deploymentid text NOT NULL REFERENCES orleansmembershipversiontable(deploymentid),
    address text NOT NULL,
    port integer NOT NULL,
    generation integer NOT NULL,
    siloname text NOT NULL,
    hostname text NOT NULL,
    status integer NOT NULL,
    proxyport integer,
    suspecttimes text,
    starttime timestamptz NOT NULL,
    iamalivetime timestamptz NOT NULL,
    PRIMARY KEY(deploymentid, address, port, generation));

INSERT INTO orleansquery(querykey, querytext) VALUES
('InsertMembershipVersionKey', $$
    WITH made AS (
        INSERT INTO orleansmembershipversiontable(deploymentid) VALUES(@DeploymentId)
        ON CONFLICT DO NOTHING RETURNING 1)
    SELECT count(*)::integer FROM made
$$),
('InsertMembershipKey', $$
    WITH moved AS (
        UPDATE orleansmembershipversiontable SET timestamp = now(), version = version + 1
        WHERE deploymentid = @DeploymentId AND version = @Version AND NOT EXISTS(
            SELECT 1 FROM orleansmembershiptable
            WHERE deploymentid = @DeploymentId AND address = @Address AND port = @Port AND generation = @Generation)
        RETURNING 1),
    made AS (
        INSERT INTO orleansmembershiptable(deploymentid, address, port, generation, siloname, hostname, status,
            proxyport, starttime, iamalivetime)
        SELECT @DeploymentId, @Address, @Port, @Generation, @SiloName, @HostName, @Status,
            @ProxyPort, @StartTime, @IAmAliveTime FROM moved
        RETURNING 1)
    SELECT count(*)::integer FROM made
$$),
('UpdateMembershipKey', $$
    WITH moved AS (
        UPDATE orleansmembershipversiontable SET timestamp = now(), version = version + 1
        WHERE deploymentid = @DeploymentId AND version = @Version AND EXISTS(
            SELECT 1 FROM orleansmembershiptable
            WHERE deploymentid = @DeploymentId AND address = @Address AND port = @Port AND generation = @Generation)
        RETURNING 1),
    changed AS (
        UPDATE orleansmembershiptable
        SET status = @Status, suspecttimes = @SuspectTimes, iamalivetime = @IAmAliveTime
        FROM moved
        WHERE deploymentid = @DeploymentId AND address = @Address AND port = @Port AND generation = @Generation
        RETURNING 1)
    SELECT count(*)::integer FROM changed
$$),
('UpdateIAmAlivetimeKey', $$
    UPDATE orleansmembershiptable SET iamalivetime = @IAmAliveTime
    WHERE deploymentid = @DeploymentId AND address = @Address AND port = @Port AND generation = @Generation
$$),
('MembershipReadRowKey', $$
    SELECT v.deploymentid, m.address, m.port, m.generation, m.siloname, m.hostname, m.status, m.proxyport,
        m.suspecttimes, m.starttime, m.iamalivetime, v.version
    FROM orleansmembershipversiontable v LEFT JOIN orleansmembershiptable m
        ON m.deploymentid = v.deploymentid AND m.address = @Address AND m.port = @Port AND m.generation = @Generation
    WHERE v.deploymentid = @DeploymentId
$$),
('MembershipReadAllKey', $$
    SELECT v.deploymentid, m.address, m.port, m.generation, m.siloname, m.hostname, m.status, m.proxyport,
        m.suspecttimes, m.starttime, m.iamalivetime, v.version
    FROM orleansmembershipversiontable v LEFT JOIN orleansmembershiptable m ON m.deploymentid = v.deploymentid
    WHERE v.deploymentid = @DeploymentId
$$),
('DeleteMembershipTableEntriesKey', $$
    WITH gone AS (DELETE FROM orleansmembershiptable WHERE deploymentid = @DeploymentId RETURNING 1)
    DELETE FROM orleansmembershipversiontable WHERE deploymentid = @DeploymentId
$$),
('GatewaysQueryKey', $$
    SELECT address, proxyport, generation FROM orleansmembershiptable
    WHERE deploymentid = @DeploymentId AND status = @Status AND proxyport > 0
$$),
('CleanupDefunctSiloEntriesKey', $$
    DELETE FROM orleansmembershiptable
    WHERE deploymentid = @DeploymentId AND iamalivetime < @IAmAliveTime AND status <> 3 -- active
$$);
