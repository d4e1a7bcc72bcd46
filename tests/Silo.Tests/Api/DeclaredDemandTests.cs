#if !MESH_ENGINE_ORLEANS
using System.Net;
using MeshOrleans.Silo.Access;
using MeshOrleans.Silo.Api;
using Microsoft.AspNetCore.Routing;

namespace MeshOrleans.Silo.Tests.Api;

/// <summary>Looks at the table of endpoints itself, so that a new call cannot be forgotten.</summary>
public sealed class DeclaredDemandTests
{
    // What is for everybody; to lengthen this list is a decision.
    private static readonly string[] ForEverybody = ["GET /v1/ca/crl", "GET /v1/trust-bundle", " /v1/{**rest}"];

    [Fact]
    public async Task Every_call_says_what_it_asks_of_its_caller()
    {
        await using var host = await ApiHost.StartAsync();

        var calls = Calls(host).ToList();

        Assert.True(calls.Count > 30, $"only {calls.Count} calls");
        Assert.Empty(calls.Where(call => call.Demand is null).Select(call => call.Name));
        Assert.Equal(
            ForEverybody.Order(StringComparer.Ordinal),
            calls.Where(c => c.Demand is AccessDemand.Nothing).Select(c => c.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task What_changes_the_mesh_as_a_whole_is_for_the_admin()
    {
        await using var host = await ApiHost.StartAsync();
        string[] names =
        [
            "POST /v1/ca/rotate", "DELETE /v1/ca/rotate", "POST /v1/ca/revocations/{serial}", "POST /v1/identities/rotate",
            "POST /v1/identities/{**spiffeId}",
            "POST /v1/peers", "DELETE /v1/peers/{name}",
        ];

        var calls = Calls(host).ToDictionary(call => call.Name, call => call.Demand);

        Assert.All(names, name => Assert.Equal(new AccessDemand.OfRole(Role.Admin, ForMesh: true), calls[name]));
    }

    [Fact]
    public async Task Nobody_changes_or_reads_anything_without_a_credential()
    {
        await using var host = await ApiHost.StartAsync();

        foreach (var (name, demand) in Calls(host).Where(call => call.Demand is not AccessDemand.Nothing))
        {
            var (method, pattern) = (name.Split(' ')[0], name.Split(' ')[1]);
            var path = pattern.Replace("{n:long}", "1", StringComparison.Ordinal).Replace("{**", "{", StringComparison.Ordinal)
                .Replace("{", "", StringComparison.Ordinal).Replace("}", "", StringComparison.Ordinal);
            using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(path, UriKind.Relative));
            using var response = await host.SendAsync(request);

            Assert.True(response.StatusCode is HttpStatusCode.Unauthorized, $"{name} answered {(int)response.StatusCode}");
        }
    }

    private static IEnumerable<(string Name, AccessDemand? Demand)> Calls(ApiHost host) =>
        from endpoint in host.Endpoints.OfType<RouteEndpoint>()
        let methods = endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? [""]
        from method in methods
        select ($"{method} /{endpoint.RoutePattern.RawText!.TrimStart('/')}", endpoint.Metadata.GetMetadata<AccessDemand>());
}
#endif
