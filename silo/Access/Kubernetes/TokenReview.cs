using System.Collections.Immutable;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using MeshOrleans.Silo.Access.Keys;

namespace MeshOrleans.Silo.Access.Kubernetes;

/// <summary>Has an API server review a token: it knows also of pods that are gone, and of keys that are not published.</summary>
/// <remarks>Source: authentication.k8s.io/v1 TokenReview. An answer without audiences is that of a server that knows none.</remarks>
internal sealed partial class TokenReview(TimeProvider clock, ILogger<TokenReview> logger)
{
    private const string Path = "/apis/authentication.k8s.io/v1/tokenreviews";
    private const int MaxAnswer = 1 << 20;
    private const int MaxCredential = 16 * 1024;

    private static readonly TimeSpan _timeout = TimeSpan.FromSeconds(5);

    /// <summary>Who a token is of, as the API server calls it; or a sentence that says why that is not known.</summary>
    public async Task<(string? Subject, string Refusal)> ReviewAsync(
        ReviewServer server, ImmutableArray<string> audiences, string token, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(_timeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            return Read(await AskAsync(server, audiences, token, either.Token), audiences);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            LogFailed(server.Address, $"no answer within {_timeout.TotalSeconds} s");
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or UnauthorizedAccessException
            or JsonException or InvalidOperationException or FormatException or System.Security.Cryptography.CryptographicException)
        {
            LogFailed(server.Address, exception.GetBaseException().Message);
        }

        return (null, "The API server that reviews such tokens cannot be asked right now; try again.");
    }

    private static async Task<JsonNode?> AskAsync(
        ReviewServer server, ImmutableArray<string> audiences, string token, CancellationToken cancellationToken)
    {
        var roots = await TrustedRoots.ReadAsync(server.CaFile);
        using var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false, UseCookies = false };
        roots?.Demand(handler.SslOptions);
        using var http = new HttpClient(handler)
        {
            MaxResponseContentBufferSize = MaxAnswer,
            Timeout = System.Threading.Timeout.InfiniteTimeSpan,
        };
        using var request = new HttpRequestMessage(HttpMethod.Post, server.Address + Path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", await CredentialAsync(server.TokenFile, cancellationToken));
        request.Content = new StringContent(BodyOf(token, audiences), new MediaTypeHeaderValue("application/json"));
        using var response = await http.SendAsync(request, cancellationToken);
        if ((int)response.StatusCode is not (200 or 201)) throw new HttpRequestException($"it answered {(int)response.StatusCode}");
        return JsonNode.Parse(await response.Content.ReadAsByteArrayAsync(cancellationToken), documentOptions: new() { MaxDepth = 16 });
    }

    private static async Task<string> CredentialAsync(string file, CancellationToken cancellationToken)
    {
        if (new FileInfo(file).Length > MaxCredential) throw new IOException($"{file} is too long for a credential");
        return (await File.ReadAllTextAsync(file, cancellationToken)).Trim();
    }

    private static string BodyOf(string token, ImmutableArray<string> audiences) => new JsonObject
    {
        ["apiVersion"] = "authentication.k8s.io/v1",
        ["kind"] = "TokenReview",
        ["spec"] = new JsonObject
        {
            ["token"] = token,
            ["audiences"] = new JsonArray([.. audiences.Select(audience => (JsonNode)audience)]),
        },
    }.ToJsonString();

    private static (string? Subject, string Refusal) Read(JsonNode? answer, ImmutableArray<string> audiences)
    {
        var status = answer?["status"];
        if (status?["authenticated"]?.GetValue<bool>() is not true) return (null, "The API server does not accept the token.");
        var audience = status["audiences"] as JsonArray;
        if (audience is null || !audience.Any(item => audiences.Contains(item?.GetValue<string>() ?? "")))
        {
            return (null, "The token is for somebody else: none of its audiences is one of this control plane.");
        }

        return status["user"]?["username"]?.GetValue<string>() is { Length: > 0 } name
            ? (name, "")
            : (null, "The API server does not say whose the token is.");
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A token could not be reviewed at {Server}: {Reason}.")]
    private partial void LogFailed(string server, string reason);
}
