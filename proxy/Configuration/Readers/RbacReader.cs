using System.Collections.Immutable;
using Google.Protobuf;
using MeshOrleans.Model.Evaluation;
using MeshOrleans.Model.Validation;
using Proto = MeshOrleans.Xds.Protocol.Rbac;

namespace MeshOrleans.Proxy.Configuration.Readers;

/// <summary>
/// RBAC filters to prepared rules. What is not understood is refused: a rule left out would let someone
/// in.
/// </summary>
internal static class RbacReader
{
    private const string UriTemplate = "envoy.extensions.path.match.uri_template.v3.UriTemplateMatchConfig";
    private const int MaxDepth = 32;

    public static AuthorizationFilter Filter(Proto.RBAC? rules, Proto.RBAC? shadow, FieldPath at) => new(
        rules is null ? null : Rules(rules, at.At("rules")),
        shadow is null ? null : Rules(shadow, at.At("shadow_rules")));

    private static AuthorizationRules Rules(Proto.RBAC rbac, FieldPath at)
    {
        var action = rbac.Action switch
        {
            Proto.RBAC.Types.Action.Allow => AuthorizationAction.Allow,
            Proto.RBAC.Types.Action.Deny => AuthorizationAction.Deny,
            Proto.RBAC.Types.Action.Log => AuthorizationAction.Log,
            var other => throw new UnusableResourceException(at.At("action"), $"{other} is not supported"),
        };
        var policies = rbac.Policies.OrderBy(p => p.Key, StringComparer.Ordinal); // the order in which Envoy asks them
        return new AuthorizationRules(
            action, [.. policies.Select(p => Policy(p.Key, p.Value, at.At("policies").At(p.Key)))]);
    }

    public static AuthorizationPolicyModel Policy(string name, Proto.Policy policy, FieldPath at)
    {
        if (policy.Permissions.Count == 0)
        {
            throw new UnusableResourceException(at.At("permissions"), "needs at least one");
        }

        if (policy.Principals.Count == 0)
        {
            throw new UnusableResourceException(at.At("principals"), "needs at least one");
        }

        return new AuthorizationPolicyModel(
            name,
            new RequestRule.Or(Permissions(policy.Permissions, at.At("permissions"), MaxDepth)),
            new RequestRule.Or(Principals(policy.Principals, at.At("principals"), MaxDepth)));
    }

    private static ImmutableArray<RequestRule> Permissions(
        IEnumerable<Proto.Permission> rules, FieldPath at, int depth) =>
        [.. rules.Select((r, i) => Permission(r, at.At(i), depth - 1))];

    private static ImmutableArray<RequestRule> Principals(
        IEnumerable<Proto.Principal> rules, FieldPath at, int depth) =>
        [.. rules.Select((r, i) => Principal(r, at.At(i), depth - 1))];

    private static RequestRule Permission(Proto.Permission rule, FieldPath at, int depth)
    {
        if (depth < 0) throw new UnusableResourceException(at, "is nested too deeply");
        return rule.RuleCase switch
        {
            Proto.Permission.RuleOneofCase.AndRules =>
                new RequestRule.And(Permissions(rule.AndRules.Rules, at.At("and_rules").At("rules"), depth)),
            Proto.Permission.RuleOneofCase.OrRules =>
                new RequestRule.Or(Permissions(rule.OrRules.Rules, at.At("or_rules").At("rules"), depth)),
            Proto.Permission.RuleOneofCase.NotRule =>
                new RequestRule.Not(Permission(rule.NotRule, at.At("not_rule"), depth - 1)),
            Proto.Permission.RuleOneofCase.Any when rule.Any => new RequestRule.Always(),
            Proto.Permission.RuleOneofCase.Header =>
                new RequestRule.Header(MatcherReader.Header(rule.Header, at.At("header"))),
            Proto.Permission.RuleOneofCase.UrlPath => UrlPath(rule.UrlPath, at.At("url_path")),
            Proto.Permission.RuleOneofCase.UriTemplate => Template(rule.UriTemplate, at.At("uri_template")),
            Proto.Permission.RuleOneofCase.DestinationIp =>
                new RequestRule.DestinationAddress(CoreReader.Network(rule.DestinationIp, at.At("destination_ip"))),
            Proto.Permission.RuleOneofCase.DestinationPort =>
                Ports(rule.DestinationPort, rule.DestinationPort, at.At("destination_port")),
            Proto.Permission.RuleOneofCase.DestinationPortRange => // the end is exclusive
                Ports(
                    rule.DestinationPortRange.Start,
                    rule.DestinationPortRange.End - 1L,
                    at.At("destination_port_range")),
            Proto.Permission.RuleOneofCase.RequestedServerName =>
                new RequestRule.ServerName(
                    MatcherReader.Text(rule.RequestedServerName, at.At("requested_server_name"))),
            var other => throw new UnusableResourceException(at, $"rule {other} is not supported"),
        };
    }

    private static RequestRule Principal(Proto.Principal rule, FieldPath at, int depth)
    {
        if (depth < 0) throw new UnusableResourceException(at, "is nested too deeply");
        return rule.IdentifierCase switch
        {
            Proto.Principal.IdentifierOneofCase.AndIds =>
                new RequestRule.And(Principals(rule.AndIds.Ids, at.At("and_ids").At("ids"), depth)),
            Proto.Principal.IdentifierOneofCase.OrIds =>
                new RequestRule.Or(Principals(rule.OrIds.Ids, at.At("or_ids").At("ids"), depth)),
            Proto.Principal.IdentifierOneofCase.NotId =>
                new RequestRule.Not(Principal(rule.NotId, at.At("not_id"), depth - 1)),
            Proto.Principal.IdentifierOneofCase.Any when rule.Any => new RequestRule.Always(),
            Proto.Principal.IdentifierOneofCase.Authenticated => new RequestRule.Authenticated(
                rule.Authenticated.PrincipalName is { } name
                    ? MatcherReader.Text(name, at.At("authenticated").At("principal_name"))
                    : null),
            Proto.Principal.IdentifierOneofCase.Header =>
                new RequestRule.Header(MatcherReader.Header(rule.Header, at.At("header"))),
            Proto.Principal.IdentifierOneofCase.Metadata => TokenReader.Claim(rule.Metadata, at.At("metadata")),
            Proto.Principal.IdentifierOneofCase.UrlPath => UrlPath(rule.UrlPath, at.At("url_path")),
            Proto.Principal.IdentifierOneofCase.SourceIp =>
                new RequestRule.SourceAddress(CoreReader.Network(rule.SourceIp, at.At("source_ip"))),
            Proto.Principal.IdentifierOneofCase.DirectRemoteIp =>
                new RequestRule.SourceAddress(CoreReader.Network(rule.DirectRemoteIp, at.At("direct_remote_ip"))),
            Proto.Principal.IdentifierOneofCase.RemoteIp =>
                new RequestRule.RemoteAddress(CoreReader.Network(rule.RemoteIp, at.At("remote_ip"))),
            var other => throw new UnusableResourceException(at, $"identifier {other} is not supported"),
        };
    }

    private static RequestRule.UrlPath UrlPath(MeshOrleans.Xds.Protocol.Matcher.PathMatcher matcher, FieldPath at) =>
        new(
            MatcherReader.Text(
                matcher.Path ?? throw new UnusableResourceException(at.At("path"), "is required"), at.At("path")));

    private static RequestRule.DestinationPorts Ports(long first, long last, FieldPath at) =>
        first is >= 0 and <= 65535 && last >= first && last <= 65535
        ? new RequestRule.DestinationPorts((int)first, (int)last)
        : throw new UnusableResourceException(at, $"{first} to {last} are not ports");

    // The message has one field, path_template = 1.
    private static RequestRule.UrlTemplate Template(
        MeshOrleans.Xds.Protocol.Core.TypedExtensionConfig config, FieldPath at)
    {
        if (config.TypedConfig is not { } any || !any.TypeUrl.EndsWith("/" + UriTemplate, StringComparison.Ordinal))
        {
            throw new UnusableResourceException(at, $"{config.TypedConfig?.TypeUrl} is not supported");
        }

        var text = "";
        try
        {
            var input = any.Value.CreateCodedInput();
            while (input.ReadTag() is var tag and not 0)
            {
                if (tag == WireFormat.MakeTag(1, WireFormat.WireType.LengthDelimited)) text = input.ReadString();
                else input.SkipLastField();
            }
        }
        catch (InvalidProtocolBufferException exception)
        {
            throw new UnusableResourceException(at, exception.Message);
        }

        return new RequestRule.UrlTemplate(CoreReader.Build(at.At("path_template"), () => new PathTemplate(text)));
    }
}
