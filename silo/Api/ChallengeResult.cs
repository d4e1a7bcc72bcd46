namespace MeshOrleans.Silo.Api;

/// <summary>An answer with the challenge that belongs to a 401; it counts against the address that gets it.</summary>
/// <remarks>Source: RFC 6750 section 3; the error is named only to who has presented something.</remarks>
internal sealed class ChallengeResult(IResult answer) : IResult
{
    private const string Challenge = "Bearer realm=\"mesh\"";

    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.RequestServices?.GetService<CallerRates>()?.Charge(httpContext);
        httpContext.Response.Headers.WWWAuthenticate = httpContext.Request.Headers.Authorization.Count == 0
            ? Challenge
            : Challenge + ", error=\"invalid_token\"";
        return answer.ExecuteAsync(httpContext);
    }
}
