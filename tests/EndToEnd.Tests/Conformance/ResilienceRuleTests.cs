namespace MeshOrleans.EndToEnd.Tests.Conformance;

/// <summary>T09, T10 and T11 of the conformance cases.</summary>
[Collection(nameof(ConformanceMesh))]
public sealed class ResilienceRuleTests(ConformanceMesh mesh)
{
    [Fact]
    public async Task T09_a_numeric_retry_condition_makes_up_to_four_tries()
    {
        await using var rules = await mesh.WithAsync(Route("""retries: {attempts: 3, retryOn: "503"}"""));

        var always = await mesh.A.GetAsync("http://c/?codes=503&key=t09-always");
        var twice = await mesh.A.GetAsync("http://c/?failFirst=2&key=t09-twice");

        Assert.Equal((503, 4), (always.Code, await mesh.C.SeenAsync("t09-always")));
        Assert.Equal((200, 3), (twice.Code, await mesh.C.SeenAsync("t09-twice")));
    }

    [Fact]
    public async Task T09_without_a_rule_a_503_of_the_application_is_not_retried()
    {
        var answer = await mesh.A.GetAsync("http://c/?codes=503&key=t09-none");

        Assert.Equal((503, 1), (answer.Code, await mesh.C.SeenAsync("t09-none")));
    }

    [Fact]
    public async Task T10_the_timeout_bounds_all_tries_together()
    {
        await using var rules = await mesh.WithAsync(
            Route("timeout: 1s, retries: {attempts: 3, perTryTimeout: 400ms, retryOn: 5xx}"));

        var answer = await mesh.A.GetAsync("http://c/?delay=5s&key=t10-tries");

        Assert.Equal((504, "upstream request timeout"), (answer.Code, answer.Body));
        Assert.InRange(answer.Took.TotalSeconds, 0.9, 1.55); // never the 1.6 s that four tries would take
        Assert.InRange(await mesh.C.SeenAsync("t10-tries"), 2, 3);
    }

    [Fact]
    public async Task T10_a_timeout_without_retries_makes_one_try()
    {
        await using var rules = await mesh.WithAsync(Route("timeout: 1s, retries: {attempts: 0}"));

        var answer = await mesh.A.GetAsync("http://c/?delay=5s&key=t10-one");

        Assert.Equal((504, 1), (answer.Code, await mesh.C.SeenAsync("t10-one")));
    }

    [Fact]
    public async Task T10_an_injected_delay_is_outside_of_the_timeout()
    {
        await using var rules = await mesh.WithAsync(
            Route("timeout: 1s, fault: {delay: {fixedDelay: 2s, percentage: {value: 100}}}"));

        var answer = await mesh.A.GetAsync("http://c/");

        Assert.Equal(200, answer.Code);
        Assert.True(answer.Took >= TimeSpan.FromSeconds(1.9), $"The delay was not injected: {answer.Took}.");
    }

    [Fact]
    public async Task T10_without_a_timeout_a_slow_answer_is_awaited()
    {
        var answer = await mesh.A.GetAsync("http://c/?delay=20s");

        Assert.Equal(200, answer.Code);
    }

    [Fact]
    public async Task T11_delay_comes_before_abort_and_the_application_is_not_called()
    {
        await using var rules = await mesh.WithAsync(Faults);

        var answer = await mesh.A.GetAsync("http://c/?key=t11", ("x-test", "1"));

        Assert.Equal((418, 0), (answer.Code, await mesh.C.SeenAsync("t11")));
        Assert.True(answer.Took >= TimeSpan.FromSeconds(1.9), $"The delay was not injected: {answer.Took}.");
    }

    [Fact]
    public async Task T11_a_fault_without_a_percentage_is_no_fault()
    {
        await using var rules = await mesh.WithAsync(Faults);

        var codes = await mesh.A.CountAsync("http://c/", 50, a => $"{a.Code}");

        Assert.Equal(50, codes["200"]);
    }

    [Fact]
    public async Task T11_half_of_the_requests_are_aborted_when_half_is_asked()
    {
        await using var rules = await mesh.WithAsync(Route("fault: {abort: {percentage: {value: 50}, httpStatus: 500}}"));

        var codes = await mesh.A.CountAsync("http://c/", 1000, a => $"{a.Code}");

        Assert.InRange(codes["500"], 450, 550);
        Assert.Equal(1000, codes["500"] + codes["200"]);
    }

    private const string Faults = """
        {apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: c, namespace: app}, spec: {hosts: [c], http: [{match: [{headers: {x-test: {exact: "1"}}}], fault: {delay: {percentage: {value: 100}, fixedDelay: 2s}, abort: {percentage: {value: 100}, httpStatus: 418}}, route: [{destination: {host: c}}]}, {fault: {abort: {httpStatus: 500}}, route: [{destination: {host: c}}]}]}}
        """;

    private static string Route(string rules) =>
        $$$"""
        {apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: c, namespace: app}, spec: {hosts: [c], http: [{{{{rules}}}, route: [{destination: {host: c}}]}]}}
        """;
}
