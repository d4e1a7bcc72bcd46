using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using MeshOrleans.Cli.Answers;

namespace MeshOrleans.Cli.Connection;

/// <summary>The control plane's REST API.</summary>
/// <remarks>A refusal is an <see cref="ApiException"/>, silence a <see cref="CliException"/>.</remarks>
internal sealed class ApiClient : IDisposable
{
    private const string Json = "application/json";
    private const long MaxAnswer = 256L << 20;
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(60);

    private readonly HttpClient _http;
    private readonly ControlPlaneAddress _address;
    private readonly Credential _credential;

    public ApiClient(ControlPlaneAddress address, Credential credential, ClientIdentity? identity = null)
    {
        (_address, _credential) = (address, credential);
        // HTTP_PROXY may well name a sidecar of the mesh; the way to the control plane never leads through it.
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            ConnectTimeout = ConnectTimeout,
            AllowAutoRedirect = false,
        };
        (identity ?? ClientIdentity.None).Apply(handler.SslOptions);
        _http = new HttpClient(handler)
        {
            BaseAddress = address.Api,
            Timeout = Timeout.InfiniteTimeSpan, // see SendAsync: two deadlines that are told apart
            MaxResponseContentBufferSize = MaxAnswer,
        };
    }

    public Task<ApiAnswer> GetAsync(string path, CancellationToken cancellationToken, string accept = Json) =>
        SendAsync(new HttpRequestMessage(HttpMethod.Get, path), accept, cancellationToken);

    public Task<ApiAnswer> DeleteAsync(string path, CancellationToken cancellationToken) =>
        SendAsync(new HttpRequestMessage(HttpMethod.Delete, path), Json, cancellationToken);

    /// <param name="path">Path and query.</param>
    /// <param name="body">What to send.</param>
    /// <param name="type">Its JSON contract.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <param name="mediaType">The content type.</param>
    /// <param name="ifMatch">The only revision that may be replaced; null for any.</param>
    public Task<ApiAnswer> PostAsync<T>(
        string path,
        T body,
        JsonTypeInfo<T> type,
        CancellationToken cancellationToken,
        string mediaType = Json,
        long? ifMatch = null)
    {
        var content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(body, type));
        content.Headers.ContentType = new MediaTypeHeaderValue(mediaType);
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = content };
        if (ifMatch is { } revision) request.Headers.IfMatch.Add(new EntityTagHeaderValue($"\"{revision}\""));
        return SendAsync(request, Json, cancellationToken);
    }

    public void Dispose() => _http.Dispose();

    private async Task<ApiAnswer> SendAsync(
        HttpRequestMessage request, string accept, CancellationToken cancellationToken)
    {
        using var sent = request;
        sent.Headers.Accept.ParseAdd(accept);
        if (_credential.Token.Length > 0) sent.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _credential.Token);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(AnswerTimeout);
        try
        {
            using var response = await _http.SendAsync(sent, deadline.Token);
            var text = Encoding.UTF8.GetString(await response.Content.ReadAsByteArrayAsync(deadline.Token));
            return response.IsSuccessStatusCode
                ? new ApiAnswer(text)
                : throw new ApiException(ProblemOf(response, text));
        }
        catch (HttpRequestException exception)
        {
            throw exception.HttpRequestError is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError
                ? Unreachable()
                : new CliException(
                    $"talking to {Origin} (from {_address.Source}) failed: {exception.GetBaseException().Message}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw deadline.IsCancellationRequested
                ? new CliException(
                    $"the control plane at {Origin} gave no answer in {AnswerTimeout.TotalSeconds:0} s; see its log")
                : Unreachable(); // the connect timeout
        }
    }

    private string Origin => _address.Api.GetLeftPart(UriPartial.Authority);

    private CliException Unreachable() => new(
        $"no control plane answers at {Origin} (from {_address.Source}); "
        + "start one with ./mesh up or name it with --server");

    private ApiProblem ProblemOf(HttpResponseMessage response, string text)
    {
        var status = (int)response.StatusCode;
        var problem = Parse(text) ?? new ApiProblem
        {
            Title = $"{Origin} answered {status} {response.ReasonPhrase} without saying why.",
            Detail = "Is it the REST API of a control plane?",
        };
        var hint = status is 401 or 403
            ? $"The credential came from {_credential.File}; name another with --token-file."
            : null;
        return problem with
        {
            Status = status,
            Detail = hint is null ? problem.Detail : $"{problem.Detail} {hint}".TrimStart(),
            Body = text,
        };
    }

    private static ApiProblem? Parse(string text)
    {
        try
        {
            var problem = JsonSerializer.Deserialize(text, ApiJson.Default.ApiProblem);
            return problem is { Title: null, Detail: null } ? null : problem;
        }
        catch (JsonException)
        {
            return null; // the answer of something else than the API
        }
    }
}
