using System.Collections.Immutable;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.RateLimiting;
using MeshOrleans.Silo.Access.Keys;

namespace MeshOrleans.Silo.Access.Kubernetes;

/// <summary>Has an API server review a token: it knows also of pods that are gone, and of keys that are not published.</summary>
/// <remarks>
/// Source: authentication.k8s.io/v1 TokenReview. An answer without audiences is that of a server that knows none. Each
/// server is asked <see cref="AtOnce"/> things at once: those who wait for a slow one wait for nobody else's, and no
/// longer than for an answer.
/// </remarks>
internal sealed partial class TokenReview(TimeProvider clock, ILogger<TokenReview> logger) : IDisposable
{
    /// <summary>How many reviews one server is asked for at once.</summary>
    internal const int AtOnce = 16;

    /// <summary>How many more wait for that.</summary>
    internal const int Waiting = 256;

    private const string Path = "/apis/authentication.k8s.io/v1/tokenreviews";
    private const int MaxAnswer = 1 << 20;
    private const int MaxCredential = 16 * 1024;

    private static readonly TimeSpan _timeout = TimeSpan.FromSeconds(5);

    private readonly PartitionedRateLimiter<string> _places = PartitionedRateLimiter.Create<string, string>(
        address => RateLimitPartition.GetConcurrencyLimiter(address, _ => new ConcurrencyLimiterOptions
        {
            PermitLimit = AtOnce,
            QueueLimit = Waiting,
            QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
        }));

    /// <summary>
    /// Who a token is of, as the API server calls it; or a sentence that says why that is not known, and whether that is
    /// so because there is no answer.
    /// </summary>
    public async Task<(string? Subject, string Refusal, bool IsMissing)> ReviewAsync(
        ReviewServer server, ImmutableArray<string> audiences, string token, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(_timeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            using var place = await _places.AcquireAsync(server.Address, 1, either.Token);
            if (place.IsAcquired)
            {
                var (subject, refusal) = Read(await AskAsync(server, audiences, token, either.Token), audiences);
                return (subject, refusal, IsMissing: false);
            }

            LogFailed(server.Address, $"{AtOnce + Waiting} reviews are under way");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            LogFailed(server.Address, $"no answer within {_timeout.TotalSeconds} s");
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or UnauthorizedAccessException
            or JsonException or InvalidOperationException or FormatException or ArgumentException or System.Security.Cryptography.CryptographicException)
        {
            LogFailed(server.Address, exception.GetBaseException().Message);
        }

        return (null, "The API server that reviews such tokens cannot be asked right now; try again.", IsMissing: true);
    }

    public void Dispose() => _places.Dispose();

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
