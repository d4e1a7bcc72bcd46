using System.Collections.Immutable;

namespace MeshOrleans.Model.Config.Reading;

internal static class WorkloadReader
{
    public static WorkloadEntry Entry(ObjectReader reader) => new()
    {
        Address = reader.Text("address"),
        Ports = reader.IntegerMap("ports"),
        Labels = reader.TextMap("labels"),
        Network = reader.Text("network"),
        Locality = reader.Text("locality"),
        Weight = reader.Unsigned("weight") ?? 0,
        ServiceAccount = reader.Text("serviceAccount"),
    };

    public static WorkloadGroup Group(ObjectReader reader)
    {
        var metadata = reader.Object(
            "metadata", inner => new GroupMetadata(inner.TextMap("labels"), inner.TextMap("annotations")));
        return new WorkloadGroup
        {
            Labels = metadata?.Labels ?? EmptyMap.Text,
            Annotations = metadata?.Annotations ?? EmptyMap.Text,
            Template = reader.Object("template", Entry),
            Probe = reader.Object("probe", Probe),
        };
    }

    private static WorkloadProbe Probe(ObjectReader reader) => new()
    {
        InitialDelaySeconds = reader.Integer("initialDelaySeconds") ?? 0,
        TimeoutSeconds = reader.Integer("timeoutSeconds") ?? 0,
        PeriodSeconds = reader.Integer("periodSeconds") ?? 0,
        SuccessThreshold = reader.Integer("successThreshold") ?? 0,
        FailureThreshold = reader.Integer("failureThreshold") ?? 0,
        HttpGet = reader.Object("httpGet", inner => new HttpProbe(
            inner.Text("path"),
            inner.Integer("port") ?? 0,
            inner.Text("host"),
            inner.Text("scheme"),
            inner.NamedValues("httpHeaders"))),
        TcpSocket = reader.Object(
            "tcpSocket", inner => new SocketProbe(inner.Text("host"), inner.Integer("port") ?? 0)),
        Exec = reader.Object("exec", inner => new ExecProbe(inner.Texts("command"))),
        Grpc = reader.Object("grpc", inner => new GrpcProbe(inner.Integer("port") ?? 0, inner.Text("service"))),
    };

    private sealed record GroupMetadata(
        ImmutableSortedDictionary<string, string> Labels,
        ImmutableSortedDictionary<string, string> Annotations);
}
