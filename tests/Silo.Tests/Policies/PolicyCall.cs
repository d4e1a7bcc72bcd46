using System.Net;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Model.Tokens;
using MeshOrleans.Testing;

namespace MeshOrleans.Silo.Tests.Policies;

/// <summary>
/// A request as a row of a table writes it: words of the form <c>name:value</c>, each of which changes a request of
/// app/a that has nothing special. <c>peer:</c> alone is plaintext; a name that is none of a fact is that of a header.
/// </summary>
internal readonly struct PolicyCall : IRequestView
{
    private static readonly TokenAuthentication _tokens = new([new TokenRule
    {
        Keys = JsonWebKeySet.TryParse(TestIssuer.KeySet, out var keys, out _) ? keys : JsonWebKeySet.Empty,
    }]);

    private readonly List<(string Name, string Value)> _headers = [];

    public PolicyCall(string words)
    {
        foreach (var word in words.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            var colon = word.IndexOf(':', StringComparison.Ordinal);
            var (name, value) = (word[..colon], word[(colon + 1)..]);
            switch (name)
            {
                case "peer": PeerId = value.Length > 0 ? $"spiffe://{value}" : ""; break;
                case "method": Method = value; break;
                case "host": Authority = value; break;
                case "path": Path = value; break;
                case "ip": SourceAddress = IPAddress.Parse(value); break;
                case "to": DestinationAddress = IPAddress.Parse(value); break;
                case "port": DestinationPort = int.Parse(value); break;
                case "sni": ServerName = value; break;
                case "claims": _headers.Add(("authorization", $"Bearer {TestIssuer.Sign("RS256", value)}")); break;
                default: _headers.Add((name, value)); break;
            }
        }

        Token = _tokens.Judge(in this, TestIssuer.Now).Token;
    }

    public string Method { get; } = "GET";

    public string Scheme => "http";

    public string Authority { get; } = "b";

    public string Path { get; } = "/";

    public string Query => "";

    public string PeerId { get; } = "spiffe://cluster.local/ns/app/sa/a";

    public string ServerName { get; } = "";

    public IPAddress? SourceAddress { get; } = IPAddress.Parse("10.0.0.1");

    public IPAddress? RemoteAddress => ForwardedAddress.Find(Header(ForwardedAddress.Header), 0) ?? SourceAddress;

    public int SourcePort => 40000;

    public IPAddress? DestinationAddress { get; } = IPAddress.Parse("10.0.0.2");

    public int DestinationPort { get; } = 8080;

    public VerifiedToken? Token { get; }

    public HeaderValues Header(string name) =>
        new(_headers.Where(h => h.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(h => h.Value).ToArray());
}
