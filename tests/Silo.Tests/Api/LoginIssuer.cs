#if !MESH_ENGINE_ORLEANS
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using MeshOrleans.Testing;

namespace MeshOrleans.Silo.Tests.Api;

/// <summary>An issuer of tokens for callers of the API, whose keys are in a file.</summary>
internal sealed class LoginIssuer : IDisposable
{
    public const string Name = "https://login.example";

    public LoginIssuer() => File.WriteAllText(KeyFile, SigningKey.Set(Key));

    public SigningKey Key { get; } = new("k1");

    public string KeyFile { get; } = Path.GetTempFileName();

    /// <summary>How the access file names it.</summary>
    public string Entry => $$"""{issuer: "{{Name}}", audiences: [mesh], algorithms: [ES256], jwksFile: {{KeyFile}}}""";

    /// <summary>What a token of somebody in a group says.</summary>
    public static string Claims(long now, string group) =>
        $$"""{"iss":"{{Name}}","aud":"mesh","exp":{{now + 300}},"sub":"alice","groups":["x","{{group}}"]}""";

    /// <summary>A token that is good now.</summary>
    public string Token(ApiHost host, string group) => Key.Sign(Claims(host.Clock.GetUtcNow().ToUnixTimeSeconds(), group));

    /// <summary>Calls with a token; manifests go as YAML.</summary>
    public static async Task<(HttpStatusCode Status, JsonElement Body)> CallAsync(
        ApiHost host, string method, string path, string bearer, string body = "")
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(path, UriKind.Relative));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", bearer);
        if (body.Length > 0)
        {
            var type = path.StartsWith("/v1/config", StringComparison.Ordinal) ? "application/yaml" : "application/json";
            request.Content = new StringContent(body, new MediaTypeHeaderValue(type));
        }

        using var response = await host.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return (response.StatusCode, text.Length == 0 ? default : JsonDocument.Parse(text).RootElement.Clone());
    }

    public void Dispose() => File.Delete(KeyFile);
}
#endif
