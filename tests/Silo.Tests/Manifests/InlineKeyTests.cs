using System.Text.Json;
using MeshOrleans.Model.Validation;
using MeshOrleans.Silo.Manifests;

namespace MeshOrleans.Silo.Tests.Manifests;

/// <summary>A private key where the name of its file belongs is refused, and repeated to nobody.</summary>
public sealed class InlineKeyTests
{
    private const string Secret = "c2VjcmV0";
    private const string Pem = $"-----BEGIN PRIVATE KEY-----\n{Secret}\n-----END PRIVATE KEY-----\n";
    private const string Base64 = $"LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0tC{Secret}";
    private const string Line = $"-----BEGIN PRIVATE KEY----- {Secret} -----END PRIVATE KEY-----";

    [Theory]
    [InlineData("DestinationRule", "spec.trafficPolicy.tls.privateKey", Pem)]
    [InlineData("DestinationRule", "spec.trafficPolicy.tls.privateKey", Base64)]
    [InlineData("DestinationRule", "spec.trafficPolicy.tls.privateKey", Line)]
    [InlineData("Gateway", "spec.servers[0].tls.privateKey", Pem)]
    [InlineData("Gateway", "spec.servers[0].tls.privateKey", Base64)]
    [InlineData("Gateways", "spec.servers[0].tls.tlsCertificates[0].privateKey", Pem)]
    public void It_is_an_error_that_does_not_tell_it(string kind, string path, string key)
    {
        var text = JsonSerializer.Serialize(key);
        var spec = kind switch
        {
            "DestinationRule" => $"{{host: a.example, trafficPolicy: {{tls: {{mode: MUTUAL, clientCertificate: /c, privateKey: {text}}}}}}}",
            "Gateway" => Gateway($"serverCertificate: /c, privateKey: {text}"),
            _ => Gateway($"tlsCertificates: [{{serverCertificate: /c, privateKey: {text}}}]"),
        };

        var review = ManifestReview.Of(
            [("a.yaml", $"{{apiVersion: networking.istio.io/v1, kind: {kind.TrimEnd('s')}, metadata: {{name: a, namespace: shop}}, spec: {spec}}}")],
            "shop");

        Assert.Contains(review.Findings, f => f.Path.Text == path && f.Severity is Severity.Error);
        Assert.DoesNotContain(review.Findings, f => f.Message.Contains(Secret, StringComparison.Ordinal));
    }

    private static string Gateway(string files) =>
        $"{{servers: [{{port: {{number: 443, name: a, protocol: HTTPS}}, hosts: [a.example], tls: {{mode: SIMPLE, {files}}}}}]}}";
}
