using System.Net;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Model.Tokens;

namespace MeshOrleans.Model.Tests.Evaluation;

/// <summary>A request written down by hand.</summary>
internal readonly struct TestView(string path = "/", params (string Name, string Value)[] headers) : IRequestView
{
    public string Method { get; init; } = "GET";

    public string Scheme { get; init; } = "http";

    public string Authority { get; init; } = "b";

    public string Path => path.Split('?')[0];

    public string Query => path.Contains('?') ? path[(path.IndexOf('?') + 1)..] : "";

    public string PeerId { get; init; } = "";

    public string ServerName { get; init; } = "";

    public IPAddress? SourceAddress { get; init; } = IPAddress.Loopback;

    public IPAddress? RemoteAddress { get; init; } = IPAddress.Loopback;

    public int SourcePort => 40000;

    public IPAddress? DestinationAddress { get; init; } = IPAddress.Loopback;

    public int DestinationPort { get; init; } = 8080;

    public VerifiedToken? Token { get; init; }

    public HeaderValues Header(string name) =>
        new(headers.Where(h => h.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(h => h.Value).ToArray());
}

/// <summary>Chance that always says the same.</summary>
internal sealed class FixedRandom(params double[] values) : IRandomSource
{
    private int _next;

    public double NextDouble() => values[_next++ % values.Length];
}
