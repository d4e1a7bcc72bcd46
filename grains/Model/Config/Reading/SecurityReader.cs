using System.Collections.Immutable;

namespace MeshOrleans.Model.Config.Reading;

/// <summary>Reads the kinds of security.istio.io.</summary>
internal static class SecurityReader
{
    public static PeerAuthentication PeerAuthentication(ObjectReader reader) => new()
    {
        Selector = reader.Object("selector", CommonReader.MatchLabels),
        Mtls = reader.Object("mtls", Mode)?.Mode ?? MutualTlsMode.Unset,
        PortLevelMtls = PortModes(reader),
    };

    public static RequestAuthentication RequestAuthentication(ObjectReader reader) => new()
    {
        Selector = reader.Object("selector", CommonReader.MatchLabels),
        TargetRefs = CommonReader.Targets(reader),
        JwtRules = reader.List("jwtRules", Jwt),
    };

    public static AuthorizationPolicy AuthorizationPolicy(ObjectReader reader) => new()
    {
        Selector = reader.Object("selector", CommonReader.MatchLabels),
        TargetRefs = CommonReader.Targets(reader),
        Action = reader.Choice<AuthorizationAction>("action") ?? default,
        Provider = reader.Object("provider", inner => inner.Text("name")),
        Rules = reader.List("rules", Rule),
    };

    private static PortMode Mode(ObjectReader reader) => new(reader.Choice<MutualTlsMode>("mode") ?? default);

    private static ImmutableSortedDictionary<int, MutualTlsMode> PortModes(ObjectReader reader)
    {
        var modes = reader.ObjectMap("portLevelMtls", Mode);
        if (modes.IsEmpty && reader.Has("portLevelMtls"))
        {
            reader.Report("portLevelMtls", "port level mTLS, if specified, must have at least one element");
        }

        var result = ImmutableSortedDictionary.CreateBuilder<int, MutualTlsMode>();
        foreach (var (port, mode) in modes)
        {
            if (int.TryParse(port, out var number) && number is > 0 and <= ushort.MaxValue) result[number] = mode.Mode;
            else reader.Report("portLevelMtls", $"port \"{port}\" must be in range 1..65535");
        }

        return result.ToImmutable();
    }

    private static JwtRule Jwt(ObjectReader reader) => new()
    {
        Issuer = reader.Text("issuer"),
        Audiences = reader.Texts("audiences"),
        JwksUri = reader.OptionalText("jwksUri") ?? reader.Text("jwks_uri"),
        Jwks = reader.Text("jwks"),
        FromHeaders = reader.List("fromHeaders", inner => new JwtHeader(inner.Text("name"), inner.Text("prefix"))),
        FromParams = reader.Texts("fromParams"),
        FromCookies = reader.Texts("fromCookies"),
        OutputPayloadToHeader = reader.Text("outputPayloadToHeader"),
        OutputClaimToHeaders = reader.List("outputClaimToHeaders", inner => new ClaimToHeader(
            inner.Text("header"), inner.Text("claim"))),
        ForwardOriginalToken = reader.Flag("forwardOriginalToken"),
        Timeout = reader.Duration("timeout"),
        SpaceDelimitedClaims = reader.Texts("spaceDelimitedClaims"),
    };

    public static AuthorizationRule Rule(ObjectReader reader)
    {
        var from = reader.List("from", inner => Required(inner, "source", Source));
        var to = reader.List("to", inner => Required(inner, "operation", Operation));
        var when = reader.List("when", inner => new AuthorizationCondition(
            inner.Text("key"), inner.Texts("values"), inner.Texts("notValues")));
        foreach (var (name, isEmpty) in new[] { ("from", from.IsEmpty), ("to", to.IsEmpty), ("when", when.IsEmpty) })
        {
            if (isEmpty && reader.Has(name)) reader.Report(name, $"`{name}` must not be empty");
        }

        return new AuthorizationRule { From = from, To = to, When = when };
    }

    private static T Required<T>(ObjectReader reader, string name, Func<ObjectReader, T> read)
        where T : class, new()
    {
        var value = reader.Object(name, read);
        if (!reader.Has(name)) reader.Report("", $"`{(name == "source" ? "from" : "to")}.{name}` must not be nil");
        return value ?? new T();
    }

    private static AuthorizationSource Source(ObjectReader reader) => new()
    {
        Principals = reader.Texts("principals"),
        NotPrincipals = reader.Texts("notPrincipals"),
        RequestPrincipals = reader.Texts("requestPrincipals"),
        NotRequestPrincipals = reader.Texts("notRequestPrincipals"),
        Namespaces = reader.Texts("namespaces"),
        NotNamespaces = reader.Texts("notNamespaces"),
        IpBlocks = reader.Texts("ipBlocks"),
        NotIpBlocks = reader.Texts("notIpBlocks"),
        RemoteIpBlocks = reader.Texts("remoteIpBlocks"),
        NotRemoteIpBlocks = reader.Texts("notRemoteIpBlocks"),
        ServiceAccounts = reader.Texts("serviceAccounts"),
        NotServiceAccounts = reader.Texts("notServiceAccounts"),
        TrustDomains = reader.Texts("trustDomains"),
        NotTrustDomains = reader.Texts("notTrustDomains"),
    };

    private static AuthorizationOperation Operation(ObjectReader reader) => new()
    {
        Hosts = reader.Texts("hosts"),
        NotHosts = reader.Texts("notHosts"),
        Ports = reader.Texts("ports"),
        NotPorts = reader.Texts("notPorts"),
        Methods = reader.Texts("methods"),
        NotMethods = reader.Texts("notMethods"),
        Paths = reader.Texts("paths"),
        NotPaths = reader.Texts("notPaths"),
    };

    private sealed record PortMode(MutualTlsMode Mode);
}
