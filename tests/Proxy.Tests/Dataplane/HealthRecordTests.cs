using MeshOrleans.Proxy.Dataplane.Clusters;
using MeshOrleans.Proxy.Dataplane.Health;
using MeshOrleans.Proxy.Dataplane.Model;

namespace MeshOrleans.Proxy.Tests.Dataplane;

/// <summary>What checks make of an endpoint, and what is read of an answer to a call.</summary>
public sealed class HealthRecordTests
{
    private static readonly HealthCheckModel Rules =
        new() { Probe = new HealthProbe.Tcp(), UnhealthyThreshold = 3, HealthyThreshold = 2 };

    [Theory]
    [InlineData("+", "+")]
    [InlineData("-", "-")] // the first check decides alone
    [InlineData("-+", "-+")] // one that has never been well needs one success
    [InlineData("---+", "---+")]
    [InlineData("+---", "+++-")]
    [InlineData("+--+--", "++++++")] // only those in a row count
    [InlineData("+---++", "+++--+")]
    [InlineData("+---+-++", "+++----+")]
    [InlineData("+!", "+-")] // an answer that wants no more requests acts at once
    [InlineData("+---++--", "+++--+++")]
    public void The_first_check_decides_alone_then_so_many_in_a_row(string checks, string expected)
    {
        var record = new HealthRecord();
        var states = "";
        var changes = 0;

        foreach (var check in checks)
        {
            if (record.Count(Outcome(check), Rules)) changes++;
            states += record.IsUnhealthy ? '-' : '+';
        }

        Assert.Equal(expected, states);
        Assert.Equal(("+" + states).Zip(states).Count(pair => pair.First != pair.Second), changes);
    }

    [Fact]
    public void What_nobody_checks_any_more_is_used_and_begins_anew()
    {
        var record = new HealthRecord();
        record.Count(CheckOutcome.Failed, Rules);

        Assert.True(record.Clear());
        Assert.False(record.IsUnhealthy);
        Assert.False(record.Clear());
        Assert.True(record.Count(CheckOutcome.Failed, Rules));
    }

    [Theory]
    [InlineData("00 00000002 0801", true)]
    [InlineData("00 00000002 0802", false)] // NOT_SERVING
    [InlineData("00 00000000", false)] // UNKNOWN, which is not written
    [InlineData("00 00000006 12020801 0801", true)] // an unknown field before it
    [InlineData("01 00000002 0801", false)] // compressed
    [InlineData("00 00000003 0801", false)] // cut short
    [InlineData("00 00000001 08", false)]
    [InlineData("00 00000002 1205", false)] // longer than it is
    [InlineData("00 00000005 0d00000001", false)]
    [InlineData("00 0000000b 08ffffffffffffffffffff", false)] // a number without end
    [InlineData("00 00000002 0801 00", false)] // a second message
    [InlineData("0000", false)]
    [InlineData("", false)]
    public void Only_SERVING_is_an_answer_of_one_that_is_well(string frame, bool expected) =>
        Assert.Equal(expected, GrpcHealth.IsServing(Convert.FromHexString(frame.Replace(" ", "", StringComparison.Ordinal))));

    [Fact]
    public void A_call_names_the_service_or_nothing()
    {
        Assert.Equal("0000000000", Convert.ToHexString(GrpcHealth.Request("")));
        Assert.Equal("00000000040A02612E", Convert.ToHexString(GrpcHealth.Request("a.")));
        Assert.Equal("00000000CB0AC801", Convert.ToHexString(GrpcHealth.Request(new string('s', 200)).AsSpan(0, 8)));
    }

    private static CheckOutcome Outcome(char check) => check switch
    {
        '+' => CheckOutcome.Passed,
        '-' => CheckOutcome.Failed,
        _ => CheckOutcome.Refused,
    };
}
