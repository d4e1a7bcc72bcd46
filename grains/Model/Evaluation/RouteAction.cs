using System.Collections.Immutable;

namespace MeshOrleans.Model.Evaluation;

/// <summary>What a route does. A closed set.</summary>
public abstract record RouteAction
{
    private RouteAction()
    {
    }

    /// <summary>The request goes to a cluster.</summary>
    /// <param name="Clusters">Which clusters, by weight.</param>
    public sealed record Forward(WeightedChoice Clusters) : RouteAction
    {
        /// <summary>The whole exchange, all tries included; null for no limit.</summary>
        public TimeSpan? Timeout { get; init; }

        /// <summary>
        /// The most that a caller's <c>grpc-timeout</c> may ask for; zero for no limit, null to ignore it.
        /// </summary>
        public TimeSpan? MaxGrpcTimeout { get; init; }

        /// <summary>When to try again; null for never.</summary>
        public RetryPolicyModel? Retry { get; init; }

        /// <summary>How the path changes; null to keep it.</summary>
        public PathRewrite? Rewrite { get; init; }

        /// <summary>The host that the upstream gets instead of the client's; null to keep it.</summary>
        public string? HostRewrite { get; init; }

        /// <summary>Who gets copies.</summary>
        public ImmutableArray<MirrorModel> Mirrors { get; init; } = [];

        /// <summary>What a hashing load balancer hashes, in order.</summary>
        public ImmutableArray<HashPolicyModel> HashPolicies { get; init; } = [];

        /// <summary>The status when the cluster does not exist.</summary>
        /// <value>503 by default.</value>
        public int ClusterNotFoundStatus { get; init; } = 503;

        /// <summary>The path that goes upstream.</summary>
        public string RewritePath(string path, PathMatcher match) =>
            Rewrite is null ? path : Rewrite.Apply(path, match);
    }

    /// <summary>The caller is sent elsewhere.</summary>
    public sealed record Redirect : RouteAction
    {
        /// <summary>301, 302, 303, 307 or 308.</summary>
        /// <value>301 by default.</value>
        public int Status { get; init; } = 301;

        /// <summary>The new scheme; null to keep it.</summary>
        public string? Scheme { get; init; }

        /// <summary>The new host, without port; null to keep it.</summary>
        public string? Host { get; init; }

        /// <summary>
        /// The new port; null to keep it as far as the scheme allows. The scheme's own port is not written.
        /// </summary>
        public int? Port { get; init; }

        /// <summary>The whole new path, perhaps with a query of its own; null to keep it.</summary>
        public string? Path { get; init; }

        /// <summary>How the path changes; null to keep it.</summary>
        public PathRewrite? Rewrite { get; init; }

        /// <summary>Leaves the query out.</summary>
        public bool StripQuery { get; init; }

        /// <summary>The value of the <c>location</c> header.</summary>
        public string Location<TView>(in TView view, PathMatcher match)
            where TView : struct, IRequestView, allows ref struct
        {
            var scheme = Scheme ?? view.Scheme;
            var path = Path ?? (Rewrite is null ? view.Path : Rewrite.Apply(view.Path, match));
            var keepsQuery = view.Query.Length > 0 && !StripQuery && (Path is null || !Path.Contains('?'));
            return keepsQuery
                ? $"{scheme}://{Authority(view.Authority, view.Scheme, scheme)}{path}?{view.Query}"
                : $"{scheme}://{Authority(view.Authority, view.Scheme, scheme)}{path}";
        }

        private static int DefaultPort(string scheme) => scheme == "https" ? 443 : 80;

        private string Authority(string authority, string oldScheme, string newScheme)
        {
            if (Port is { } port)
            {
                var name = Host ?? HostName.WithoutPort(authority).ToString();
                return port == DefaultPort(newScheme) ? name : $"{name}:{port}";
            }

            var dropsPort = oldScheme != newScheme && HostName.Port(authority) == DefaultPort(oldScheme);
            return Host ?? (dropsPort ? HostName.WithoutPort(authority).ToString() : authority);
        }
    }

    /// <summary>The proxy answers by itself.</summary>
    /// <param name="Status">The status.</param>
    /// <param name="Body">The body; may be empty.</param>
    public sealed record DirectResponse(int Status, ReadOnlyMemory<byte> Body) : RouteAction;
}
