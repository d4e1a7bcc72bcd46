namespace MeshOrleans.Model.Topology;

/// <summary>
/// Finds out what is spoken on a port: its appProtocol, else the prefix of its name, else its number.
/// </summary>
public static class AppProtocols
{
    /// <summary>The protocol of a port.</summary>
    /// <param name="appProtocol">As declared, e.g. <c>http</c> or <c>kubernetes.io/h2c</c>; empty when not.</param>
    /// <param name="portName">The port's name, <c>protocol[-suffix]</c>; may be empty.</param>
    /// <param name="number">The port's number.</param>
    /// <param name="transport">TCP, UDP or SCTP; empty means TCP.</param>
    public static AppProtocol Of(string appProtocol, string portName, int number, string transport = "")
    {
        if (string.Equals(transport, "UDP", StringComparison.OrdinalIgnoreCase)) return AppProtocol.Udp;
        if (appProtocol.Length > 0 && FromDeclared(appProtocol) is { } declared) return declared;
        if (FromPortName(portName) is { } named) return named;
        return IsServerFirst(number) ? AppProtocol.Tcp : AppProtocol.Unspecified;
    }

    /// <summary>The protocol a word stands for, without regard to case; null when it is none that is known.</summary>
    public static AppProtocol? Parse(ReadOnlySpan<char> word) => word.Length switch
    {
        3 when Is(word, "tcp") => AppProtocol.Tcp,
        3 when Is(word, "tls") => AppProtocol.Tls,
        3 when Is(word, "udp") => AppProtocol.Udp,
        4 when Is(word, "http") => AppProtocol.Http,
        4 when Is(word, "grpc") => AppProtocol.Grpc,
        5 when Is(word, "http2") => AppProtocol.Http2,
        5 when Is(word, "https") => AppProtocol.Https,
        5 when Is(word, "mongo") => AppProtocol.Mongo,
        5 when Is(word, "mysql") => AppProtocol.Mysql,
        5 when Is(word, "redis") => AppProtocol.Redis,
        8 when Is(word, "grpc-web") => AppProtocol.GrpcWeb,
        _ => null,
    };

    /// <summary>True when requests are routed one by one: HTTP in the clear, and what is not declared.</summary>
    public static bool IsHttp(this AppProtocol protocol) => protocol is
        AppProtocol.Http or AppProtocol.Http2 or AppProtocol.Grpc or AppProtocol.GrpcWeb or AppProtocol.Unspecified;

    /// <summary>True when connections are carried as bytes.</summary>
    public static bool IsTcp(this AppProtocol protocol) => !protocol.IsHttp() && protocol is not AppProtocol.Udp;

    /// <summary>True when connections are carried as bytes and the name in their handshake can choose a route.</summary>
    public static bool IsTls(this AppProtocol protocol) => protocol is AppProtocol.Tls or AppProtocol.Https;

    /// <summary>True when upstream connections speak HTTP/2 from the first byte.</summary>
    public static bool IsHttp2(this AppProtocol protocol) => protocol is AppProtocol.Http2 or AppProtocol.Grpc;

    private static AppProtocol? FromDeclared(string appProtocol) => appProtocol switch
    {
        "kubernetes.io/h2c" => AppProtocol.Http2,
        "kubernetes.io/ws" => AppProtocol.Http,
        "kubernetes.io/wss" => AppProtocol.Https,
        _ => Parse(appProtocol),
    };

    private static AppProtocol? FromPortName(string name)
    {
        if (name.StartsWith("grpc-web", StringComparison.OrdinalIgnoreCase) && IsEnd(name, 8))
        {
            return AppProtocol.GrpcWeb;
        }

        var dash = name.IndexOf('-');
        return Parse(dash < 0 ? name : name.AsSpan(0, dash));
    }

    private static bool IsEnd(string name, int index) => name.Length == index || name[index] == '-';

    // SMTP, DNS, MySQL and MongoDB: waiting for the client's first bytes would wait for ever.
    private static bool IsServerFirst(int number) => number is 25 or 53 or 3306 or 27017;

    private static bool Is(ReadOnlySpan<char> word, string name) =>
        word.Equals(name, StringComparison.OrdinalIgnoreCase);
}
