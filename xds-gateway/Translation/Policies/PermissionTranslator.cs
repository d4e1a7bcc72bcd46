using System.Collections.Immutable;
using System.Globalization;
using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Model.Config;
using MeshOrleans.Xds.Protocol.Rbac;
using MeshOrleans.Xds.Protocol.Route;
using MeshOrleans.Xds.Protocol.UriTemplate;
using MeshOrleans.Xds.Translation.Routes;

namespace MeshOrleans.Xds.Translation.Policies;

/// <summary>Makes the question "what is called". Within a field any value will do; all fields must hold.</summary>
internal static class PermissionTranslator
{
    private const string UriTemplateMatcher = "envoy.path.match.uri_template.uri_template_matcher";

    public static IEnumerable<Permission> Translate(AuthorizationOperation source, RuleContext context)
    {
        var permissions = new List<Permission>();
        Add(permissions, source.Ports, source.NotPorts, Port);
        if (context.IsTcp) return permissions;
        Add(permissions, source.Hosts, source.NotHosts, p => [Header(":authority", p, ignoreCase: true)]);
        Add(permissions, source.Methods, source.NotMethods, p => [Header(":method", p, ignoreCase: false)]);
        Add(permissions, source.Paths, source.NotPaths, p => [Path(p)]);
        return permissions;
    }

    public static bool AsksRequest(AuthorizationOperation source) =>
        !(source.Hosts.IsEmpty && source.NotHosts.IsEmpty
            && source.Methods.IsEmpty && source.NotMethods.IsEmpty
            && source.Paths.IsEmpty && source.NotPaths.IsEmpty);

    /// <summary>The values as one permission, and the negative values as another.</summary>
    public static void Add(
        List<Permission> permissions,
        ImmutableArray<string> values,
        ImmutableArray<string> notValues,
        Func<string, IEnumerable<Permission>> translate)
    {
        if (!values.IsDefaultOrEmpty) permissions.Add(Rbac.Any([.. values.SelectMany(translate)]));
        if (!notValues.IsDefaultOrEmpty) permissions.Add(Rbac.Not(Rbac.Any([.. notValues.SelectMany(translate)])));
    }

    public static IEnumerable<Permission> Port(string text) =>
        ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            ? [new Permission { DestinationPort = port }]
            : [];

    public static IEnumerable<Permission> Address(string block) =>
        Addresses.Network(block) is { } range ? [new Permission { DestinationIp = range }] : [];

    public static IEnumerable<Permission> ServerName(string pattern) =>
        [new Permission { RequestedServerName = PatternText.Matcher(pattern) }];

    /// <summary>
    /// A header, or one of the request's own parts that are written as headers. <c>*</c> wants it to be there.
    /// </summary>
    public static HeaderMatcher HeaderMatcher(string name, string pattern, bool ignoreCase) => pattern == "*"
        ? new HeaderMatcher { Name = name, PresentMatch = true }
        : new HeaderMatcher { Name = name, StringMatch = PatternText.Matcher(pattern, ignoreCase: ignoreCase) };

    private static Permission Header(string name, string pattern, bool ignoreCase) =>
        new() { Header = HeaderMatcher(name, pattern, ignoreCase) };

    private static Permission Path(string pattern)
    {
        if (!pattern.Contains("{*}", StringComparison.Ordinal) && !pattern.Contains("{**}", StringComparison.Ordinal))
        {
            return new Permission { UrlPath = new() { Path = PatternText.Matcher(pattern) } };
        }

        var template = pattern
            .Replace("{**}", "**", StringComparison.Ordinal)
            .Replace("{*}", "*", StringComparison.Ordinal);
        return new Permission
        {
            UriTemplate = new()
            {
                Name = UriTemplateMatcher,
                TypedConfig = Any.Pack(new UriTemplateMatchConfig { PathTemplate = template }),
            },
        };
    }
}
