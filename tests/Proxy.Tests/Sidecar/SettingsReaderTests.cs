using MeshOrleans.Proxy.Sidecar.Settings;

namespace MeshOrleans.Proxy.Tests.Sidecar;

public sealed class SettingsReaderTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    [Fact]
    public void Two_flags_are_enough_to_start()
    {
        var settings = Read("--xds", "127.0.0.1:15012", "--namespace", "shop");

        Assert.Equal([new HostPort("127.0.0.1", 15012)], settings.Xds.ToArray());
        Assert.Equal("sidecar~127.0.0.1~host-1.shop~shop.svc.cluster.local", settings.NodeId);
        Assert.Empty(settings.AppPorts);
        Assert.Equal(
            (15001, 15000, 15021, 15090), (settings.OutboundPort, settings.AdminPort, settings.StatusPort, settings.MetricsPort));
        Assert.Equal(TimeSpan.FromSeconds(45), settings.DrainTimeout);
    }

    [Fact]
    public void A_gateway_needs_no_application_and_is_known_by_its_id()
    {
        var settings = Read("--mode", "gateway", "--xds", "a:1", "--namespace", "istio-system", "--credentials-dir", "/c");

        Assert.Equal(ProxyRole.Gateway, settings.Role);
        Assert.Equal("router~127.0.0.1~host-1.istio-system~istio-system.svc.cluster.local", settings.NodeId);
        Assert.Equal("/c", settings.CredentialsDirectory);
    }

    [Fact]
    public void Port_lists_are_aligned()
    {
        var settings = Read(
            "--xds=a:1,[::1]:2", "--namespace=shop", "--app-port=8080,9000", "--port-names=web,tcp-db", "--inbound-port=0,7000");

        Assert.Equal([new AppPort("web", 8080, 0), new AppPort("tcp-db", 9000, 7000)], settings.AppPorts.ToArray());
        Assert.Equal([new HostPort("a", 1), new HostPort("::1", 2)], settings.Xds.ToArray());
    }

    [Fact]
    public void A_flag_wins_over_the_environment_and_that_over_the_file()
    {
        File.WriteAllText(_file, """{ "xds": "file:1", "namespace": "file", "service-account": "file" }""");
        var environment =
            new Dictionary<string, string> { ["MESH_CONFIG"] = _file, ["MESH_NAMESPACE"] = "env", ["MESH_XDS"] = "env:1" };

        var settings = SettingsReader.Read(["--xds", "flag:1"], environment.GetValueOrDefault, "host");

        Assert.Equal("flag", settings.Xds[0].Host);
        Assert.Equal("env", settings.Namespace);
        Assert.Equal("file", settings.ServiceAccount);
    }

    [Fact]
    public void The_whole_answer_of_a_registration_serves_as_file()
    {
        File.WriteAllText(_file, """{ "id": "x", "sidecarConfig": { "xds": "a:1", "namespace": "vm", "app-port": 8080, "labels": { "app": "db" }, "lease": "12.5" } }""");

        var settings = Read("--config", _file);

        Assert.Equal(8080, Assert.Single(settings.AppPorts).Port);
        Assert.Equal("db", settings.Labels["app"]);
        Assert.Equal(TimeSpan.FromSeconds(12.5), settings.Lease);
    }

    [Theory]
    [InlineData("--namespace shop", "--xds HOST:PORT[,HOST:PORT] is required (or MESH_XDS); see --help")]
    [InlineData("--xds a:1", "--namespace NS is required (or MESH_NAMESPACE); see --help")]
    [InlineData("--xds a --namespace n", "--xds: 'a' is not of the form HOST:PORT")]
    [InlineData("--xds a:0 --namespace n", "--xds: 'a:0' is not of the form HOST:PORT")]
    [InlineData("--xds a:1, --namespace n", "--xds: 'a:1,' has an empty part")]
    [InlineData("--xds a:1 --namespace n/m", "--namespace: 'n/m' may only have letters, digits, '-', '.' and '_'")]
    [InlineData("--xds a:1 --namespace n --app-prot 1", "unknown flag --app-prot; did you mean --app-port?")]
    [InlineData("--xds a:1 --namespace n --zzzzzz 1", "unknown flag --zzzzzz; see --help")]
    [InlineData("--xds a:1 --namespace", "--namespace needs a value: NS")]
    [InlineData("--xds a:1 --namespace n stray", "'stray' is not a flag; flags start with --")]
    [InlineData("--xds a:1 --namespace n --app-port 8080,8080", "--app-port names 8080 twice")]
    [InlineData("--xds a:1 --namespace n --app-port 0", "--app-port: '0' is not a port (1-65535)")]
    [InlineData(
        "--xds a:1 --namespace n --app-port 1,2 --inbound-port 0", "--inbound-port has 1 values for 2 application ports; give one for each --app-port")]
    [InlineData("--xds a:1 --namespace n --admin-port 70000", "--admin-port: '70000' is not a port (0-65535)")]
    [InlineData("--xds a:1 --namespace n --lease -1", "--lease: '-1' is not a number from 1 to 86400")]
    [InlineData("--xds a:1 --namespace n --probe udp", "--probe: 'udp' is not one of none|tcp")]
    [InlineData("--xds a:1 --namespace n --mode edge", "--mode: 'edge' is not one of sidecar|gateway")]
    [InlineData(
        "--xds a:1 --namespace n --mode gateway --app-port 80", "--app-port is for a sidecar; a gateway opens what its Gateway resources say")]
    [InlineData(
        "--xds a:1 --namespace n --mode gateway --node-id x", "--node-id: that of a gateway starts with 'router~', and not 'x'")]
    [InlineData("--xds a:1 --namespace n --labels app", "--labels: 'app' is not of the form key=value")]
    [InlineData("--xds a:1 --namespace n --address localhost", "--address: 'localhost' is not an IP address")]
    [InlineData(
        "--xds a:1 --namespace n --token t", "--token would be visible to everyone on this machine; use --token-file or MESH_TOKEN")]
    public void What_cannot_be_used_is_one_clear_line(string arguments, string expected)
    {
        var exception = Assert.Throws<SettingsException>(() => Read(arguments.Split(' ')));

        Assert.Equal(expected, exception.Message);
    }

    [Theory]
    [InlineData("[]", "is not a JSON object")]
    [InlineData("""{ "xdss": "a:1" }""", "unknown setting 'xdss'; did you mean --xds?")]
    [InlineData("""{ "xds": null }""", "'xds' has a value that is no text")]
    [InlineData("{", "cannot read --config")]
    public void A_wrong_file_is_named(string text, string expected)
    {
        File.WriteAllText(_file, text);

        var exception = Assert.Throws<SettingsException>(() => Read("--config", _file));

        Assert.Contains(expected, exception.Message, StringComparison.Ordinal);
        Assert.Contains(_file, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_help_names_every_flag_but_no_secret()
    {
        var text = Flags.HelpText();

        Assert.All(
            Flags.All.Where(f => !f.IsSecret), f =>
                Assert.Contains("--" + f.Name + " ", text, StringComparison.Ordinal));
        Assert.DoesNotContain("--token ", text, StringComparison.Ordinal);
        Assert.Contains("Examples:", text, StringComparison.Ordinal);
    }

    private static SidecarSettings Read(params string[] arguments) =>
        SettingsReader.Read(arguments, _ => null, "Host-1");
}
