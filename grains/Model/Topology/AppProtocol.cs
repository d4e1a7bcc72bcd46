namespace MeshOrleans.Model.Topology;

/// <summary>What is spoken on a service port.</summary>
public enum AppProtocol
{
    /// <summary>Not declared: sidecars find out by the first bytes whether it is HTTP; all others take it for HTTP/1.1.</summary>
    Unspecified,

    /// <summary>HTTP/1.1.</summary>
    Http,

    /// <summary>HTTP/2.</summary>
    Http2,

    /// <summary>gRPC.</summary>
    Grpc,

    /// <summary>gRPC for browsers.</summary>
    GrpcWeb,

    /// <summary>HTTP inside of the application's own TLS.</summary>
    Https,

    /// <summary>The application's own TLS, routed by SNI.</summary>
    Tls,

    /// <summary>Opaque bytes.</summary>
    Tcp,

    /// <summary>MongoDB: opaque bytes.</summary>
    Mongo,

    /// <summary>MySQL: opaque bytes, the server speaks first.</summary>
    Mysql,

    /// <summary>Redis: opaque bytes.</summary>
    Redis,

    /// <summary>Datagrams: not routed.</summary>
    Udp,
}
