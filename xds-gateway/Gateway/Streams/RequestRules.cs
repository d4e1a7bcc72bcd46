using MeshOrleans.Xds.Gateway.Admission;
using MeshOrleans.Xds.Gateway.Subscriptions;
using MeshOrleans.Xds.Protocol.Grpc;

namespace MeshOrleans.Xds.Gateway.Streams;

/// <summary>What a request must be before anything looks into it. The peer is not trusted.</summary>
internal sealed class RequestRules(XdsGatewayOptions options, TimeProvider clock)
{
    private const int MaxName = 2_048;
    private readonly TokenBucket _bucket = new(options.RequestBurst, options.RequestsPerSecond, clock);

    /// <exception cref="GrpcException">The request ends the stream.</exception>
    public void Check(StreamRequest request)
    {
        if (!_bucket.TryTake())
        {
            throw new GrpcException(
                GrpcStatusCode.ResourceExhausted,
                $"The stream sends more than {options.RequestsPerSecond} requests per second.");
        }

        var count = request.Names.Length + request.Unsubscribe.Length + request.Held.Count;
        if (request.Names.Length > options.MaxResourceNames || count > 3L * options.MaxResourceNames)
        {
            throw new GrpcException(
                GrpcStatusCode.ResourceExhausted, $"A request may name at most {options.MaxResourceNames} resources.");
        }

        foreach (var name in request.Names) CheckName(name);
        foreach (var name in request.Unsubscribe) CheckName(name);
        foreach (var name in request.Held.Keys) CheckName(name);
    }

    private static void CheckName(string name)
    {
        if (name.Length > MaxName || HasControls(name))
        {
            throw new GrpcException(
                GrpcStatusCode.InvalidArgument,
                $"A resource name has control characters or more than {MaxName} characters.");
        }
    }

    private static bool HasControls(string name)
    {
        foreach (var character in name)
        {
            if (char.IsControl(character)) return true;
        }

        return false;
    }
}
