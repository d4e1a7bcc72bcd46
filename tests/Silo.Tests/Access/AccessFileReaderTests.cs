using MeshOrleans.Model.Identity;
using MeshOrleans.Silo.Access;
using MeshOrleans.Silo.Access.Ended;

namespace MeshOrleans.Silo.Tests.Access;

public sealed class AccessFileReaderTests
{
    private const string Good = """
        issuers:
        - issuer: https://login.example
          audiences: [mesh]
          algorithms: [ES256]
          jwksFile: keys.json
        bindings:
        - role: operator
          namespaces: [shop, pay]
          subjects:
          - {claim: groups, value: shop-team}
          - spiffe: spiffe://cluster.local/ns/ops/*
        - role: viewer
          subjects:
          - {claim: "https://login.example/team", value: sre}
        attestation:
          joinTokens: {reattest: false}
          endedCertificates: {grace: 36h}
          kubernetes:
          - name: east
            issuer: https://kubernetes.default.svc
            audiences: [mesh]
            tokenReview: {server: "https://10.0.0.1:6443", tokenFile: token}
            namespaces: [shop]
            reattest: true
        """;

    [Fact]
    public void A_file_says_whom_to_believe_and_who_may_what()
    {
        var (policy, faults) = AccessFileReader.Read(Good, "/etc/mesh");

        Assert.Empty(faults);
        Assert.Equal("/etc/mesh/keys.json", policy!.Issuers[0].Keys.File);
        Assert.Equal("shop,pay", string.Join(",", policy.Bindings[0].Grant.Namespaces));
        Assert.True(policy.Bindings[1].Grant.IsForMesh);
        Assert.False(policy.JoinTokensReattest);
        Assert.Equal("/etc/mesh/token", policy.Clusters[0].Review!.TokenFile);
        Assert.True(policy.Clusters[0].Reattests);
        Assert.Equal(new EndedPolicy(TimeSpan.FromHours(36), GrantsRoles: false), policy.Ended);
    }

    [Theory]
    [InlineData("spiffe://cluster.local/ns/ops/sa/deployer", true)]
    [InlineData("spiffe://cluster.local/ns/ops2/sa/deployer", false)]
    [InlineData("spiffe://other.example/ns/ops/sa/deployer", false)]
    public void A_pattern_of_identities_ends_at_a_slash(string id, bool isOperator)
    {
        var policy = AccessFileReader.Read(Good, "/").Policy!;

        var rights = policy.RightsOf(SpiffeId.Parse(id));

        Assert.Equal(isOperator, rights.Has(Role.Operator, "shop"));
        Assert.False(rights.Has(Role.Operator, "other"));
        Assert.False(rights.Has(Role.Registrar, "shop"));
    }

    [Fact]
    public void The_sample_is_right()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "samples/access/access.yaml"))) folder = Path.GetDirectoryName(folder)!;

        var (policy, faults) = AccessFileReader.Read(File.ReadAllText(Path.Combine(folder, "samples/access/access.yaml")), folder);

        Assert.Empty(faults);
        Assert.Equal(3, policy!.Bindings.Length);
    }

    [Fact]
    public void Nothing_is_granted_that_is_not_written()
    {
        var policy = AccessFileReader.Read("", "/").Policy!;

        Assert.Empty(policy.RightsOf(SpiffeId.Parse("spiffe://cluster.local/ns/ops/sa/a")).Grants);
        Assert.Equal(TimeSpan.Zero, policy.Ended.Grace);
    }

    [Theory]
    [InlineData("bindings:\n- role: boss\n  subjects: [{spiffe: 'spiffe://a/b'}]", 2, "\"boss\" is none of viewer")]
    [InlineData("bindings:\n- role: viewer\n  subject: []", 3, "did you mean \"subjects\"")]
    [InlineData("bindings:\n- role: viewer\n  namespaces: []\n  subjects: [{spiffe: 'spiffe://a/b'}]", 3, "leave it out")]
    [InlineData("bindings:\n- role: viewer\n  namespaces: [a/b]\n  subjects: [{spiffe: 'spiffe://a/b'}]", 3, "no name of a namespace")]
    [InlineData("bindings:\n- role: admin\n  namespaces: [a]\n  subjects: [{spiffe: 'spiffe://a/b'}]", 3, "whole mesh")]
    [InlineData("bindings:\n- role: viewer\n  subjects: []", 3, "who has the role")]
    [InlineData("bindings:\n- role: viewer\n  subjects:\n  - {claim: a, value: b}", 4, "one of the issuers")]
    [InlineData("bindings:\n- role: viewer\n  subjects:\n  - {spiffe: 'spiffe://a/../b'}", 4, "no SPIFFE ID")]
    [InlineData("bindings:\n- role: viewer\n  subjects:\n  - {spiffe: 'spiffe://a/b*'}", 4, "no SPIFFE ID")]
    [InlineData("issuers:\n- issuer: https://a\n  jwksFile: k", 2, "whom the tokens are for")]
    [InlineData("issuers:\n- issuer: https://a\n  audiences: [m]\n  algorithms: [none]", 4, "\"none\" is none of")]
    [InlineData("issuers:\n- issuer: https://a\n  audiences: [m]\n  algorithms: [HS256]", 4, "\"HS256\" is none of")]
    [InlineData("issuers:\n- issuer: http://a\n  audiences: [m]", 2, "must be https")]
    [InlineData("issuers:\n- issuer: a\n  audiences: [m]", 2, "jwksUri or jwksFile")]
    [InlineData("issuers:\n- {issuer: 'https://a', audiences: [m]}\n- {issuer: 'https://a', audiences: [m]}", 1, "twice")]
    [InlineData("attestation:\n  kubernetes:\n  - name: e\n    issuer: i\n    audiences: [m]\n    tokenReview: {server: 'http://a', tokenFile: t}", 6, "https")]
    [InlineData("attestation:\n  endedCertificates: {}", 2, "must say for how long")]
    [InlineData("attestation:\n  endedCertificates: {grace: 169h}", 2, "must be 0s to 168h")]
    [InlineData("attestation:\n  endedCertificates: {grace: -1s}", 2, "must be 0s to 168h")]
    [InlineData("attestation:\n  endedCertificates: {grace: week}", 2, "no duration")]
    [InlineData("attestation:\n  endedCertificates: {reattest: true, grace: 1h}", 2, "unknown field")]
    [InlineData("bindings:\n- role: viewer\n  role: admin", 3, "duplicate key")]
    [InlineData("a: [", 2, "")]
    [InlineData("[]", 1, "must be an object")]
    public void A_wrong_file_is_refused_with_its_line(string text, int line, string message)
    {
        var (policy, faults) = AccessFileReader.Read(text, "/");

        Assert.Null(policy);
        Assert.Contains(faults, fault => fault.Line == line && fault.Message.Contains(message, StringComparison.Ordinal));
    }
}
