namespace MeshOrleans.Architecture.Tests.Deployment;

/// <summary>The sources are read as they are written: a pattern that fits them no more must not pass.</summary>
public sealed class MeshProgramsTests
{
    [Fact]
    public void The_silo_has_its_flags_ports_and_probes()
    {
        var silo = MeshPrograms.All["mesh-silo"];

        Assert.Contains("--trust-domain", silo.Flags);
        Assert.Equal("--api-port", silo.Variables["MESH_API_PORT"]);
        Assert.Equal(15080, silo.Ports["--api-port"]);
        Assert.Equal(15012, silo.Ports["--xds-port"]);
        Assert.Equal(15010, silo.Ports["--xds-plain-port"]);
        Assert.Equal(15014, silo.Ports["--monitoring-port"]);
        Assert.Equal(["/healthz/live", "/healthz/ready"], silo.HealthPaths.Order());
    }

    [Fact]
    public void The_sidecar_has_its_flags_ports_and_probes()
    {
        var sidecar = MeshPrograms.All["mesh-sidecar"];

        Assert.Equal("--state-dir", sidecar.Variables["MESH_STATE_DIR"]);
        Assert.Equal([15000, 15001, 15006, 15021, 15090], sidecar.Ports.Values.Order());
        Assert.Equal(["/healthz/live", "/healthz/ready"], sidecar.HealthPaths.Order());
    }

    [Fact]
    public void A_secret_of_the_sidecar_is_a_variable_and_no_flag()
    {
        var sidecar = MeshPrograms.All["mesh-sidecar"];

        Assert.True(sidecar.Variables.ContainsKey("MESH_TOKEN"));
        Assert.DoesNotContain("--token", sidecar.Flags);
    }

    [Fact]
    public void The_echo_has_its_flags() => Assert.Equal(
        ["--address", "--port", "--service", "--tcp-port", "--version"], MeshPrograms.All["mesh-echo"].Flags.Order());

    [Fact]
    public void Meshctl_reads_its_variables() => Assert.Equal(
        ["MESH_ADMIN_TOKEN_FILE", "MESH_DATA", "MESH_SERVER"], MeshPrograms.All["meshctl"].Variables.Keys.Order());

    [Theory]
    [InlineData("apply -f x.yaml --reason y --server z")]
    [InlineData("workload token --namespace n --service-account s --lifetime 1h")]
    [InlineData("workload register vm -n n --address 1 --port http=1 --label a=b --join-token f --out g")]
    [InlineData("peer list")]
    public void Meshctl_knows_its_commands(string line) => Assert.Empty(MeshctlCommands.Check(line.Split(' ')));

    [Theory]
    [InlineData("aply -f x.yaml", "no command 'aply'")]
    [InlineData("workload", "no command 'workload'")]
    [InlineData("workload tokn", "no command 'workload'")]
    [InlineData("apply --files x.yaml", "no flag '--files'")]
    [InlineData("workload token --join-token f", "no flag '--join-token'")]
    public void Meshctl_does_not_know_others(string line, string finding) =>
        Assert.Contains(finding, Assert.Single(MeshctlCommands.Check(line.Split(' '))));
}
