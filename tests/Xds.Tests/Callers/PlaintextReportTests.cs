using MeshOrleans.Xds.Protocol.Callers;

namespace MeshOrleans.Xds.Tests.Callers;

public sealed class PlaintextReportTests
{
    [Fact]
    public void What_is_written_is_read()
    {
        var report = new PlaintextReport(
            "a1",
            TimeSpan.FromHours(3),
            [
                new(8080, "10.0.0.7", PortDemand.Permissive, false, 12, 1, TimeSpan.FromMinutes(5), TimeSpan.Zero),
                new(9000, "fd00::7", PortDemand.Disable, true, 1, 0, TimeSpan.FromDays(9), TimeSpan.FromMilliseconds(7)),
                new(1, "10.0.0.8", PortDemand.Strict, false, long.MaxValue, int.MaxValue, TimeSpan.Zero, TimeSpan.Zero),
            ]);

        var read = PlaintextReport.Read(new Dictionary<string, string>(report.Write()));

        Assert.NotNull(read);
        Assert.Equal((report.Run, report.Watching), (read.Run, read.Watching));
        Assert.Equal(report.Callers.AsEnumerable(), read.Callers);
    }

    [Fact]
    public void One_without_callers_says_that_somebody_watches()
    {
        var read = PlaintextReport.Read(new Dictionary<string, string> { ["watch"] = "a1 5" });

        Assert.Equal(("a1", 5.0, 0), (read!.Run, read.Watching.TotalMilliseconds, read.Callers.Length));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a1")]
    [InlineData("a1 ")]
    [InlineData(" 5")]
    [InlineData("a1 -5")]
    [InlineData("a1 5 6")]
    [InlineData("a\t1 5")]
    [InlineData("a1 99999999999999999999")]
    [InlineData("a1 999999999999999")]
    public void What_does_not_say_who_watches_since_when_is_none(string watch)
    {
        Assert.Null(PlaintextReport.Read(new Dictionary<string, string> { ["watch"] = watch }));
        Assert.Null(PlaintextReport.Read(new Dictionary<string, string>()));
    }

    [Theory]
    [InlineData("8080", "Permissive plain 1 0 0 0")]
    [InlineData("0/10.0.0.1", "Permissive plain 1 0 0 0")]
    [InlineData("65536/10.0.0.1", "Permissive plain 1 0 0 0")]
    [InlineData("8080/ten", "Permissive plain 1 0 0 0")]
    [InlineData("8080/fe80::1%eth0", "Permissive plain 1 0 0 0")]
    [InlineData("8080/10.0.0.1/2", "Permissive plain 1 0 0 0")]
    [InlineData("8080/10.0.0.1", "permissive plain 1 0 0 0")]
    [InlineData("8080/10.0.0.1", "1 plain 1 0 0 0")]
    [InlineData("8080/10.0.0.1", "Permissive other 1 0 0 0")]
    [InlineData("8080/10.0.0.1", "Permissive plain 0 0 0 0")]
    [InlineData("8080/10.0.0.1", "Permissive plain 1 2147483648 0 0")]
    [InlineData("8080/10.0.0.1", "Permissive plain 1 0 -1 0")]
    [InlineData("8080/10.0.0.1", "Permissive plain 1 0 0 1e3")]
    [InlineData("8080/10.0.0.1", "Permissive plain 1 0 0")]
    public void A_caller_that_cannot_be_read_is_left_out_and_no_other(string name, string version)
    {
        var read = PlaintextReport.Read(new Dictionary<string, string>
        {
            ["watch"] = "a1 5", [name] = version, ["9000/10.0.0.2"] = "Strict tls 3 2 1 0",
        });

        var caller = Assert.Single(read!.Callers);
        Assert.Equal(("10.0.0.2", 9000, true, 3L, 2), (caller.Address, caller.Port, caller.IsTls, caller.Connections, caller.Open));
    }

    [Fact]
    public void No_more_callers_are_read_than_a_sidecar_remembers_and_no_long_text()
    {
        var entries = Enumerable.Range(0, 1000)
            .ToDictionary(i => $"{i + 1}/10.0.0.1", _ => "Permissive plain 1 0 0 0");
        entries["watch"] = "a1 5";

        Assert.Equal(PlaintextReport.MaxCallers, PlaintextReport.Read(entries)!.Callers.Length);
        Assert.Null(PlaintextReport.Read(new Dictionary<string, string> { ["watch"] = new string('a', 100) + " 5" }));
    }
}
