using System.Net;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Model.Tokens;
using Microsoft.AspNetCore.Connections;

namespace MeshOrleans.Proxy.Dataplane.Inbound;

/// <summary>A connection without readable requests, as policy sees it.</summary>
internal readonly struct ConnectionView(ConnectionContext connection, InboundConnection inbound) : IRequestView
{
    public string Method => "";

    public string Scheme => "";

    public string Authority => "";

    public string Path => "";

    public string Query => "";

    public string PeerId => inbound.Caller.PeerId;

    public string ServerName => inbound.Hello?.ServerName ?? "";

    public IPAddress? SourceAddress => (connection.RemoteEndPoint as IPEndPoint)?.Address;

    // who stands before a connection without requests is known by nothing but the connection
    public IPAddress? RemoteAddress => SourceAddress;

    public int SourcePort => (connection.RemoteEndPoint as IPEndPoint)?.Port ?? 0;

    public IPAddress? DestinationAddress => (connection.LocalEndPoint as IPEndPoint)?.Address;

    public int DestinationPort => inbound.WorkloadPort;

    public VerifiedToken? Token => null;

    public HeaderValues Header(string name) => default;
}
