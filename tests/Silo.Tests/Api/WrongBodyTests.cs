#if !MESH_ENGINE_ORLEANS
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;

namespace MeshOrleans.Silo.Tests.Api;

/// <summary>Bodies as nobody should send them: each has one clear answer, and is never half done.</summary>
public sealed class WrongBodyTests
{
    private const string Json = "application/json";

    public static TheoryData<string, string, string, int, string> Bodies => new()
    {
        { "/v1/tokens", "text/plain", "{}", 415, "application/json" },
        { "/v1/tokens", "", "{}", 415, "application/json" },
        { "/v1/config", "", "{}", 415, "application/yaml" },
        { "/v1/config", "multipart/form-data", "{}", 415, "application/yaml" },
        { "/v1/tokens", Json, """{"nmespace":"a"}""", 400, "nmespace" },
        { "/v1/tokens", Json, """{"namespace":"a","namespace":"b"}""", 400, "namespace" },
        { "/v1/tokens", Json, """{"Namespace":"a","namespace":"b"}""", 400, "namespace" },
        { "/v1/tokens", Json, """{"namespace":null}""", 400, "namespace" },
        { "/v1/tokens", Json, """{"lifetimeSeconds":NaN}""", 400, "" },
        { "/v1/tokens", Json, """{"lifetimeSeconds":"3"}""", 400, "lifetimeSeconds" },
        { "/v1/tokens", Json, """{"lifetimeSeconds":1e999}""", 400, "lifetimeSeconds" },
        { "/v1/tokens", Json, """{"lifetimeSeconds":0}""", 400, "lifetimeSeconds: must be above 0" },
        { "/v1/tokens", Json, """{"lifetimeSeconds":-1}""", 400, "lifetimeSeconds: must be above 0" },
        { "/v1/certificates", Json, Sign("0"), 400, "lifetimeSeconds: must be 1 or more" },
        { "/v1/certificates", Json, Sign("-60"), 400, "lifetimeSeconds: must be 1 or more" },
        { "/v1/workloads", Json, Workload("\"leaseSeconds\":0"), 400, "leaseSeconds: must be above 0" },
        { "/v1/workloads", Json, Workload("\"leaseSeconds\":-5"), 400, "leaseSeconds: must be above 0" },
        { "/v1/tokens", Json, """{"namespace":"a/b"}""", 400, "namespace" },
        { "/v1/tokens", Json, "[]", 400, "" },
        { "/v1/tokens", Json, "null", 400, "null" },
        { "/v1/tokens", Json, "{} {}", 400, "" },
        { "/v1/tokens", Json, "{", 400, "" },
        { "/v1/workloads", Json, Workload("\"name\":\"a/b\""), 400, "name" },
        { "/v1/workloads", Json, Workload("\"ports\":{\"http\":0}"), 400, "port" },
        { "/v1/workloads", Json, Workload("\"ports\":{\"http\":65536}"), 400, "port" },
        { "/v1/workloads", Json, Workload("\"address\":\"0.0.0.0\""), 400, "address" },
        { "/v1/workloads", Json, Workload("\"address\":\"169.254.169.254\""), 400, "address" },
        { "/v1/workloads", Json, Workload("\"address\":\"fe80::1%eth0\""), 400, "address" },
        { "/v1/workloads", Json, Workload("\"labels\":{" + Many(10_000) + "}"), 400, "labels" },
        { "/v1/workloads", Json, Workload($"\"labels\":{{\"a\":\"{new string('x', 64)}\"}}"), 400, "labels" },
        { "/v1/config", Json, Deep(65), 422, "64" },
        { "/v1/config", Json, """{"kind":"Service","kind":"Service"}""", 422, "duplicate key" },
        { "/v1/explain", Json, """{"headers":""" + Deep(70) + "}", 400, "" },
    };

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task A_wrong_body_is_refused_and_told_what_is_wrong(string path, string type, string body, int expected, string text)
    {
        await using var host = await ApiHost.StartAsync();

        using var response = await PostAsync(host, path, type, new ByteArrayContent(Encoding.UTF8.GetBytes(body)));

        var answer = await response.Content.ReadAsStringAsync();
        Assert.True(expected == (int)response.StatusCode, $"{(int)response.StatusCode}: {answer}");
        Assert.Contains(text, answer, StringComparison.Ordinal);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
    }

    [Theory]
    [InlineData("/v1/tokens", Json, false)]
    [InlineData("/v1/tokens", Json, true)]
    [InlineData("/v1/config", "application/yaml", false)]
    [InlineData("/v1/config", "application/yaml", true)]
    public async Task A_body_of_ten_megabytes_is_413(string path, string type, bool isChunked)
    {
        await using var host = await ApiHost.StartAsync();
        var bytes = new byte[10 << 20];
        Array.Fill(bytes, (byte)' ');

        using HttpContent content = isChunked ? new StreamContent(new UnknownLengthStream(bytes)) : new ByteArrayContent(bytes);
        using var response = await PostAsync(host, path, type, content);

        Assert.Equal(413, (int)response.StatusCode);
    }

    [Fact]
    public async Task What_is_compressed_is_not_unpacked()
    {
        await using var host = await ApiHost.StartAsync();
        using var content = new ByteArrayContent([0x1f, 0x8b, 8, 0]);
        content.Headers.ContentEncoding.Add("gzip");

        using var response = await PostAsync(host, "/v1/tokens", Json, content);

        Assert.Equal(415, (int)response.StatusCode);
    }

    [Fact]
    public async Task Who_has_no_right_learns_nothing_about_his_body()
    {
        await using var host = await ApiHost.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/v1/tokens", UriKind.Relative));
        request.Content = new StringContent("{", new MediaTypeHeaderValue(Json));

        using var response = await host.SendAsync(request);

        Assert.Equal(401, (int)response.StatusCode);
    }

    private static async Task<HttpResponseMessage> PostAsync(ApiHost host, string path, string type, HttpContent content)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(path, UriKind.Relative));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", host.AdminCredential);
        request.Headers.ExpectContinue = true; // a server that refuses may close while the rest is being sent
        content.Headers.ContentType = type.Length > 0 ? new MediaTypeHeaderValue(type) : null;
        request.Content = content;
        return await host.SendAsync(request);
    }

    private static string Sign(string seconds)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var csr = new CertificateRequest("CN=a", key, HashAlgorithmName.SHA256).CreateSigningRequestPem();
        return $$"""{"csr":{{JsonSerializer.Serialize(csr)}},"lifetimeSeconds":{{seconds}}}""";
    }

    private static string Workload(string field)
    {
        var fields = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["name"] = "\"name\":\"vm\"", ["address"] = "\"address\":\"10.0.0.1\"", ["namespace"] = "\"namespace\":\"app\"",
        };
        fields[field.Split('"')[1]] = field;
        return $"{{{string.Join(',', fields.Values)}}}";
    }

    private static string Many(int count) => string.Join(',', Enumerable.Range(0, count).Select(i => $"\"l{i}\":\"v\""));

    private static string Deep(int depth) =>
        string.Concat(Enumerable.Repeat("{\"a\":", depth)) + "1" + new string('}', depth);

    /// <summary>Has no length, so that it is sent in chunks.</summary>
    private sealed class UnknownLengthStream(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;
    }
}
#endif
