using System.Collections.Immutable;
using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Xds.Protocol.Core;
using MeshOrleans.Xds.Protocol.Grpc;

namespace MeshOrleans.Xds.Gateway.Streams;

/// <summary>
/// What a node says of itself goes into names, logs and listings: it must be printable. Fields that nobody here reads may
/// hold what they like, as the annotations that Istio's agents send do.
/// </summary>
internal static class NodeText
{
    private const int MaxText = 2_048;

    private static readonly ImmutableArray<string> Read =
    [
        "NAMESPACE", "SERVICE_ACCOUNT", "LABELS", "WORKLOAD_NAME", "NETWORK", "GENERATOR", "MESH_WORKLOAD",
    ];

    /// <summary>Whether a text has no control characters and is not too long.</summary>
    public static bool IsPrintable(string text, int max = MaxText)
    {
        if (text.Length > max) return false;
        foreach (var c in text)
        {
            if (char.IsControl(c)) return false;
        }

        return true;
    }

    /// <exception cref="GrpcException">A field has control characters or is too long; it is named.</exception>
    public static void Check(Node node)
    {
        Check("user_agent_name", node.UserAgentName);
        Check("user_agent_version", node.UserAgentVersion);
        if (node.Locality is { } locality)
        {
            Check("locality.region", locality.Region);
            Check("locality.zone", locality.Zone);
            Check("locality.sub_zone", locality.SubZone);
        }

        if (node.Metadata is not { } metadata) return;
        foreach (var field in Read)
        {
            if (metadata.Fields.TryGetValue(field, out var value) && !IsPrintable(value)) throw Refusal(field);
        }
    }

    // The parser bounds how deep a message can be.
    private static bool IsPrintable(Value value) => value.KindCase switch
    {
        Value.KindOneofCase.StringValue => IsPrintable(value.StringValue),
        Value.KindOneofCase.StructValue =>
            value.StructValue.Fields.All(f => IsPrintable(f.Key) && IsPrintable(f.Value)),
        Value.KindOneofCase.ListValue => value.ListValue.Values.All(IsPrintable),
        _ => true,
    };

    private static void Check(string field, string text)
    {
        if (!IsPrintable(text)) throw Refusal(field);
    }

    private static GrpcException Refusal(string field) => new(
        GrpcStatusCode.InvalidArgument,
        $"The node's {field} has control characters or more than {MaxText} characters.");
}
