using System.Net;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Model.Tokens;

namespace MeshOrleans.Proxy.Dataplane.Http;

/// <summary>One Kestrel request, as routing and policy see it.</summary>
internal readonly struct HttpRequestView(RequestExchange exchange) : IRequestView
{
    public string Method => exchange.Context.Request.Method;

    public string Scheme => exchange.Scheme;

    public string Authority => exchange.Authority;

    public string Path => exchange.Target.Path;

    public string Query => exchange.Target.Query;

    public string PeerId => exchange.Caller.PeerId;

    public string ServerName => exchange.Caller.ServerName;

    public IPAddress? SourceAddress => exchange.Context.Connection.RemoteIpAddress;

    public IPAddress? RemoteAddress => exchange.RemoteAddress;

    public int SourcePort => exchange.Context.Connection.RemotePort;

    public IPAddress? DestinationAddress => exchange.Context.Connection.LocalIpAddress;

    public int DestinationPort => exchange.DestinationPort;

    public VerifiedToken? Token => exchange.Token;

    public HeaderValues Header(string name)
    {
        var values = exchange.Context.Request.Headers[name];
        return values.Count switch
        {
            0 => default,
            1 => new HeaderValues(values[0] ?? ""),
            _ => new HeaderValues(values.ToArray()),
        };
    }
}
