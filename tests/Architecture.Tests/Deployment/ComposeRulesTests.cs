namespace MeshOrleans.Architecture.Tests.Deployment;

/// <summary>One mistake at a time in docker-compose.yml, and what is said about it.</summary>
public sealed class ComposeRulesTests
{
    private static readonly Dockerfile Docker = Dockerfile.Read(Repository.Read("deploy/docker/Dockerfile"));

    [Theory]
    [InlineData(
        "    postgres: { condition", "    postgresql: { condition",
        "silo-1: depends on postgresql, which does not exist")]
    [InlineData(
        "reviews-v1: { condition: service_started }", "reviews-v1: { condition: service_healthy }",
        "has no health check")]
    [InlineData("restart: \"no\"", "restart: always", "waits for the end of secrets, which is started again")]
    [InlineData(
        "network_mode: service:caller", "network_mode: service:caler",
        "shares the network of caler, which does not exist")]
    [InlineData("networks: [mesh]", "networks: [mash]", "network mash is not defined")]
    [InlineData("volumes: [\"secrets:/var", "volumes: [\"secret:/var", "volume secret is not defined")]
    [InlineData("  caller-state:\n", "  caller-state:\n  forgotten:\n", "compose volume forgotten is mounted nowhere")]
    [InlineData("./samples/manifests/demo:", "./samples/manifest/demo:", "there is no ./samples/manifest/demo")]
    [InlineData(
        "dockerfile: deploy/docker/Dockerfile", "dockerfile: deploy/Dockerfile", "there is no deploy/Dockerfile")]
    [InlineData("target: mesh-silo", "target: mesh-slio", "the Dockerfile has no target 'mesh-slio'")]
    [InlineData(
        "mesh-orleans/mesh-silo:0.1.0", "mesh-orleans/mesh-silo:0.0.9", "not named after its target and the version")]
    [InlineData(
        "state:/var/lib/mesh/state", "state:/var/lib/mesh/stat",
        "/var/lib/mesh/stat is no folder that the image gives")]
    public void A_reference_to_nothing_is_found(string right, string wrong, string finding) =>
        AssertFound(right, wrong, finding);

    [Theory]
    [InlineData("MESH_XDS_PLAIN_PORT:", "MESH_XDS_PLAINPORT:", "mesh-silo knows no variable MESH_XDS_PLAINPORT")]
    [InlineData("MESH_STATE_DIR:", "MESH_STATE:", "mesh-sidecar knows no variable MESH_STATE")]
    [InlineData("MESH_SERVER:", "MESH_API:", "meshctl knows no variable MESH_API")]
    [InlineData("\"--service\", \"reviews\"", "\"--servce\", \"reviews\"", "mesh-echo has no flag '--servce'")]
    [InlineData("\"--version\", \"v1\"]", "\"--version\"]", "flag '--version' of mesh-echo has no value")]
    [InlineData("\"/scripts/bootstrap.sh\"", "\"/scripts/boot.sh\"", "the script /scripts/boot.sh does not exist")]
    [InlineData("entrypoint: [\"bash\", ", "entrypoint: [\"zsh\", ", "'zsh' is no program of this repository")]
    [InlineData("\"/manifests\", ", "\"/manifest\", ", "nothing is mounted at /manifest")]
    [InlineData(
        "mesh/tokens/caller.token", "mesh/token/caller.token",
        "nothing is mounted at /var/lib/mesh/token/caller.token")]
    public void A_command_that_would_not_start_is_found(string right, string wrong, string finding) =>
        AssertFound(right, wrong, finding);

    [Theory]
    [InlineData("127.0.0.1:15080:15080", "127.0.0.1:15080:15081", "publishes 15081, on which nothing listens")]
    [InlineData(
        "127.0.0.1:15081:15080", "127.0.0.1:15081:30000", "gateway-2: publishes 30000, on which nothing listens")]
    [InlineData("MESH_BIND: 0.0.0.0", "MESH_BIND: 127.0.0.1", "publishes 15080, on which nothing listens")]
    [InlineData(
        "gateway-1:15012,gateway-2:15012", "gateway-1:15012,gateway-3:15012",
        "calls gateway-3, which does not exist")]
    [InlineData(
        "MESH_XDS: gateway-1:15012", "MESH_XDS: gateway-1:15010", "calls gateway-1:15010, where nothing listens")]
    [InlineData("http://gateway-1:15080", "http://gateway-1:15081", "calls gateway-1:15081, where nothing listens")]
    [InlineData("@postgres:5432", "@postgresql:5432", "calls postgresql, which does not exist")]
    [InlineData(
        "-x http://127.0.0.1:15001", "-x http://127.0.0.1:15002",
        "caller: calls 127.0.0.1:15002, where nothing listens")]
    [InlineData(
        "127.0.0.1:15014/healthz/ready", "127.0.0.1:15013/healthz/ready",
        "calls 127.0.0.1:15013, where nothing listens")]
    [InlineData(
        "127.0.0.1:15014/healthz/ready", "127.0.0.1:15014/ready",
        "the health check asks /ready, which nobody answers")]
    [InlineData(
        "MESH_ADDRESS: *caller-address", "MESH_ADDRESS: 172.30.15.24",
        "announces 172.30.15.24, which is not the address of caller")]
    public void A_call_that_would_reach_nobody_is_found(string right, string wrong, string finding) =>
        AssertFound(right, wrong, finding);

    [Fact]
    public void The_calls_in_a_script_are_read_across_lines_and_without_what_is_redirected()
    {
        const string Script = """
            # meshctl get everything
            meshctl apply -f "$1" --reason "two words"
            mint() { # name
              meshctl workload token \
                --namespace default >"$1.new"
            }
            """;

        var calls = ShellScript.CallsIn(Script).Select(c => string.Join('|', c.Arguments));

        Assert.Equal(["apply|-f|$1|--reason|two words", "workload|token|--namespace|default"], calls);
    }

    private static void AssertFound(string right, string wrong, string finding)
    {
        var compose = ComposeFile.Read(Mistake.In("docker-compose.yml", right, wrong));

        var findings = ComposeRules.Check(compose, Docker);

        Assert.Contains(findings, f => f.Contains(finding, StringComparison.Ordinal));
    }
}
