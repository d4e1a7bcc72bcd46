using System.Collections.Immutable;
using System.Net;
using MeshOrleans.Model.Config;
using MeshOrleans.Model.Config.Documents;
using MeshOrleans.Model.Config.Reading;
using MeshOrleans.Model.Identity;
using MeshOrleans.Model.Issuers;
using MeshOrleans.Model.Tokens;
using MeshOrleans.Model.Validation;
using MeshOrleans.Silo.Access.Ended;
using MeshOrleans.Silo.Access.Members;
using MeshOrleans.Silo.Manifests;

namespace MeshOrleans.Silo.Access;

/// <summary>Reads the access file: strictly, and never throwing. Each fault has its line.</summary>
internal sealed class AccessFileReader
{
    /// <summary>How long the file may be, in characters.</summary>
    public const int MaxLength = 1 << 20;

    private const string WellKnown = "/.well-known/openid-configuration";

    private static readonly ImmutableArray<string> _algorithms =
        ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"];

    private readonly string _folder;

    private AccessFileReader(string folder) => _folder = folder;

    /// <summary>Reads the text of the file.</summary>
    /// <param name="text">The text.</param>
    /// <param name="folder">The folder from which the paths in it go out.</param>
    /// <returns>The policy; null when anything is wrong with it.</returns>
    public static (AccessPolicy? Policy, ImmutableArray<Violation> Faults) Read(string text, string folder)
    {
        if (text.Length > MaxLength) return (null, [new Violation(FieldPath.Root, $"has more than {MaxLength} characters")]);
        var errors = new List<DocumentError>();
        var documents = YamlDocumentReader.Read(text, errors);
        if (errors.Count > 0)
        {
            return (null, [.. errors.Select(e => new Violation(FieldPath.Root, e.Message, Line: e.Line))]);
        }

        if (documents.Length > 1)
        {
            return (null, [new Violation(FieldPath.Root, "holds more than one document", Line: documents[1].Line)]);
        }

        if (documents.IsEmpty) return (AccessPolicy.Empty, []);
        var findings = new Findings();
        var reader = new AccessFileReader(folder);
        var policy = ObjectReader.Read(documents[0], () => FieldPath.Root, findings, reader.ReadPolicy);
        return findings.HasErrors ? (null, findings.ToImmutable()) : (policy, []);
    }

    private AccessPolicy ReadPolicy(ObjectReader file)
    {
        var issuers = file.List("issuers", ReadIssuer);
        var twice = issuers.GroupBy(i => i.Issuer, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1);
        if (twice is not null) file.Report("issuers", $"has {twice.Key} twice");
        var known = issuers.Select(i => i.Issuer).ToImmutableArray();
        var policy = new AccessPolicy
        {
            Issuers = issuers,
            Bindings = file.List("bindings", binding => ReadBinding(binding, known)),
            Members = file.Object("members", ReadMembers) ?? MemberPolicy.Any,
        };
        return file.Object("attestation", attestation => ReadAttestation(attestation, policy)) ?? policy;
    }

    private TrustedIssuer ReadIssuer(ObjectReader issuer)
    {
        var name = issuer.Text("issuer");
        if (name.Length == 0) issuer.Report("issuer", "must say who issues the tokens");
        var nameClaim = issuer.OptionalText("nameClaim") ?? "sub";
        return new TrustedIssuer(
            name, Audiences(issuer), Algorithms(issuer), ReadKeys(issuer, name), nameClaim);
    }

    private static ImmutableArray<string> Audiences(ObjectReader issuer)
    {
        var audiences = issuer.Texts("audiences");
        if (audiences.IsEmpty || audiences.Contains(""))
        {
            issuer.Report("audiences", "must name whom the tokens are for: a token for anybody else's service is no proof here");
        }

        return audiences;
    }

    private static ImmutableArray<string> Algorithms(ObjectReader issuer)
    {
        if (!issuer.Has("algorithms")) return _algorithms;
        var wanted = issuer.Texts("algorithms");
        if (wanted.IsEmpty) issuer.Report("algorithms", $"must name at least one of {string.Join(", ", _algorithms)}");
        foreach (var algorithm in wanted.Where(a => JwsAlgorithm.Of(a) is null))
        {
            issuer.Report("algorithms", $"\"{algorithm}\" is none of {string.Join(", ", _algorithms)}");
        }

        return wanted;
    }

    private KeyPlace ReadKeys(ObjectReader issuer, string name)
    {
        var file = issuer.Text("jwksFile");
        var address = issuer.Text("jwksUri");
        var hosts = issuer.Texts("allowedHosts");
        var http = issuer.Flag("allowHttp");
        var ca = issuer.Text("caFile");
        foreach (var host in hosts.Where(h => !IssuerAddresses.IsRule(h)))
        {
            issuer.Report("allowedHosts", $"\"{host}\" is no address, block of addresses or host name");
        }

        if (file.Length > 0)
        {
            if (address.Length > 0) issuer.Report("jwksUri", "cannot stand beside jwksFile");
            return new KeyPlace(PathOf(file), "", hosts, http, "");
        }

        var field = address.Length > 0 ? "jwksUri" : "issuer";
        if (address.Length == 0) address = name.TrimEnd('/') + WellKnown;
        if (!KeySource.TryParse(address, out var uri))
        {
            issuer.Report(field, "is no http or https address; without one, name the keys by jwksUri or jwksFile");
        }
        else if (uri.Scheme != Uri.UriSchemeHttps && !http)
        {
            issuer.Report(field, "must be https, or the issuer must have allowHttp: true");
        }

        // who writes this file is the operator: the host that is named is one that may be called
        var allowed = uri is null ? hosts : hosts.Add(uri.IdnHost);
        return new KeyPlace("", address, allowed, http, ca.Length > 0 ? PathOf(ca) : "");
    }

    private static RoleBinding ReadBinding(ObjectReader binding, ImmutableArray<string> issuers)
    {
        var name = binding.Text("role");
        if (!Roles.TryParse(name, out var role)) binding.Report("role", $"\"{name}\" is none of {Roles.Names}");
        var namespaces = binding.Texts("namespaces");
        if (binding.Has("namespaces") && namespaces.IsEmpty)
        {
            binding.Report("namespaces", "must name some; leave it out for the whole mesh");
        }

        foreach (var ns in namespaces.Where(ns => !ResourceName.IsDnsLabel(ns)))
        {
            binding.Report("namespaces", $"\"{ns}\" is no name of a namespace");
        }

        if (role is Role.Admin && binding.Has("namespaces"))
        {
            binding.Report("namespaces", "cannot stand with role admin, which is for the whole mesh");
        }

        var subjects = binding.List("subjects", subject => ReadSubject(subject, issuers));
        if (subjects.IsEmpty) binding.Report("subjects", "must say who has the role");
        return new RoleBinding(new AccessGrant(role, namespaces), subjects);
    }

    private static AccessSubject ReadSubject(ObjectReader subject, ImmutableArray<string> issuers)
    {
        var spiffe = subject.Text("spiffe");
        var claim = subject.Text("claim");
        var value = subject.Text("value");
        var issuer = subject.Text("issuer");
        if ((spiffe.Length > 0) == (claim.Length > 0))
        {
            subject.Report("", "must have spiffe, or claim and value, and not both");
            return new SpiffeSubject("", IsPrefix: false); // the file is refused as a whole
        }

        if (spiffe.Length > 0) return Spiffe(subject, spiffe);
        if (value.Length == 0) subject.Report("value", "must be what the claim says");
        if (issuer.Length == 0 && issuers.Length == 1) issuer = issuers[0];
        if (!issuers.Contains(issuer)) subject.Report("issuer", "must be one of the issuers of this file");
        return new ClaimSubject(issuer, claim, value);
    }

    private static SpiffeSubject Spiffe(ObjectReader subject, string text)
    {
        var isPrefix = text.EndsWith("/*", StringComparison.Ordinal);
        var plain = isPrefix ? text[..^1] : text;
        if (!SpiffeId.TryParse(isPrefix ? text[..^2] : text, out _))
        {
            subject.Report("spiffe", "is no SPIFFE ID: write spiffe://domain/ns/N/sa/S, or spiffe://domain/ns/N/*");
        }

        return new SpiffeSubject(plain, isPrefix);
    }

    private static MemberPolicy ReadMembers(ObjectReader members)
    {
        var networks = ImmutableArray.CreateBuilder<IPNetwork>();
        foreach (var text in members.Texts("addresses"))
        {
            if (IPNetwork.TryParse(text.Contains('/') ? text : $"{text}/{(text.Contains(':') ? 128 : 32)}", out var network))
            {
                networks.Add(network);
            }
            else
            {
                members.Report("addresses", $"\"{text}\" is no address and no block of addresses, such as 10.20.0.0/16");
            }
        }

        var labels = members.OptionalText("labels") ?? "any";
        if (labels is not ("any" or "group")) members.Report("labels", $"\"{labels}\" is neither any nor group");
        return new MemberPolicy(
            members.Has("addresses") ? networks.ToImmutable() : null, AreLabelsOfGroup: labels == "group");
    }

    private AccessPolicy ReadAttestation(ObjectReader attestation, AccessPolicy policy)
    {
        var clusters = attestation.List("kubernetes", ReadCluster);
        var twice = clusters.GroupBy(c => c.Issuer.Issuer, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1);
        if (twice is not null) attestation.Report("kubernetes", $"has the issuer {twice.Key} twice");
        if (clusters.Select(c => c.Issuer.Issuer).Intersect(policy.Issuers.Select(i => i.Issuer)).FirstOrDefault() is { } both)
        {
            attestation.Report("kubernetes", $"has the issuer {both}, which is one of the issuers of operators as well");
        }

        var joinTokens = attestation.Object("joinTokens", tokens => tokens.OptionalFlag("reattest") is false ? "no" : "yes");
        return policy with
        {
            Clusters = clusters,
            JoinTokensReattest = joinTokens is not "no",
            Ended = attestation.Object("endedCertificates", ReadEnded) ?? EndedPolicy.Off,
        };
    }

    private static EndedPolicy ReadEnded(ObjectReader ended)
    {
        if (!ended.Has("grace"))
        {
            ended.Report("grace", "must say for how long after its end a certificate counts, such as 24h; 0s for not at all");
        }

        var grace = ended.Duration("grace") ?? TimeSpan.Zero;
        if (grace < TimeSpan.Zero || grace > EndedCertificateProof.LongestGrace)
        {
            ended.Report("grace", $"must be 0s to {EndedCertificateProof.LongestGrace.TotalHours}h");
        }

        return new EndedPolicy(grace, ended.Flag("grantsRoles"));
    }

    private ClusterAttestation ReadCluster(ObjectReader cluster)
    {
        var name = cluster.Text("name");
        if (!ResourceName.IsDnsSubdomain(name)) cluster.Report("name", "must be a DNS name");
        var review = cluster.Object("tokenReview", ReadReview);
        var issuerName = cluster.Text("issuer");
        if (issuerName.Length == 0) cluster.Report("issuer", "must say who issues the tokens, as in their iss");
        if (review is not null && (cluster.Has("jwksFile") || cluster.Has("jwksUri")))
        {
            cluster.Report("tokenReview", "cannot stand beside keys: either the API server decides, or the keys do");
        }

        var keys = review is null ? ReadKeys(cluster, issuerName) : new KeyPlace("", "", [], false, "");
        var namespaces = cluster.Texts("namespaces");
        foreach (var ns in namespaces.Where(ns => !ResourceName.IsDnsLabel(ns)))
        {
            cluster.Report("namespaces", $"\"{ns}\" is no name of a namespace");
        }

        if (cluster.Has("namespaces") && namespaces.IsEmpty)
        {
            cluster.Report("namespaces", "must name some; leave it out for all");
        }

        var issuer = new TrustedIssuer(issuerName, Audiences(cluster), Algorithms(cluster), keys, "sub");
        return new ClusterAttestation(
            name, issuer, review, namespaces, cluster.Flag("reattest"), cluster.Flag("grantsRoles"));
    }

    private ReviewServer ReadReview(ObjectReader review)
    {
        var server = review.Text("server");
        if (!KeySource.TryParse(server, out var uri) || uri.Scheme != Uri.UriSchemeHttps)
        {
            review.Report("server", "must be the https address of an API server");
        }

        var token = review.Text("tokenFile");
        if (token.Length == 0) review.Report("tokenFile", "must name the file with a credential that may review tokens");
        var ca = review.Text("caFile");
        return new ReviewServer(server.TrimEnd('/'), ca.Length > 0 ? PathOf(ca) : "", PathOf(token));
    }

    // a name that no file can have is one that is not there, which whoever reads it says
    private string PathOf(string file) => Path.GetFullPath(file.Replace('\0', '?'), _folder);
}
