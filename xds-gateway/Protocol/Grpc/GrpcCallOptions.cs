using System.Collections.Immutable;

namespace MeshOrleans.Xds.Protocol.Grpc;

/// <summary>What a client says of one call besides its messages.</summary>
public sealed record GrpcCallOptions
{
    /// <summary>Nothing special.</summary>
    public static GrpcCallOptions Default { get; } = new();

    /// <summary>Metadata to send, e.g. <c>authorization</c>; names in lower case, values in ASCII.</summary>
    public ImmutableArray<KeyValuePair<string, string>> Metadata { get; init; } = [];

    /// <summary>How long the call may take; sent to the server and kept here too.</summary>
    /// <value>Null, the default, is without end.</value>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Bound of one received message, in bytes.</summary>
    public int MaxMessageSize { get; init; } = GrpcLimits.DefaultMaxMessageSize;

    /// <summary>Says nothing of the metadata's values: one of them may be a credential.</summary>
    public override string ToString() => $"GrpcCallOptions {{ Timeout = {Timeout}, Metadata = {Metadata.Length} }}";

    /// <summary>The same options with a bearer token.</summary>
    public GrpcCallOptions WithBearer(string token) =>
        this with { Metadata = Metadata.Add(KeyValuePair.Create("authorization", $"Bearer {token}")) };
}
