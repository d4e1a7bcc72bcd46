using MeshOrleans.Model.Tokens;
using MeshOrleans.Proxy.Dataplane.Model;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace MeshOrleans.Proxy.Dataplane.Http;

/// <summary>Verifies the tokens of a request before it is asked who may call, and passes on what they say.</summary>
internal sealed class TokenGate(TimeProvider clock)
{
    private const int MaxRealm = 256;

    /// <summary>Judges a request. What a caller says in the place of a token is gone in any case.</summary>
    /// <returns><see cref="TokenProblem.None"/> when the request may go on, with a token or without any.</returns>
    public TokenProblem Judge(RequestExchange exchange, TokenAuthentication tokens)
    {
        if (tokens.Rules.IsEmpty) return TokenProblem.None;
        var headers = exchange.Context.Request.Headers;
        TakeOutClaims(headers, tokens);
        var view = new HttpRequestView(exchange);
        var outcome = tokens.Judge(in view, clock.GetUtcNow());
        if (outcome is { Token: { } token, Rule: { } rule })
        {
            exchange.Token = token;
            if (!rule.Forward) TakeOut(exchange, rule);
            PassOn(headers, token, rule);
        }
        else if (outcome.Problem is not TokenProblem.None || HttpMethods.IsOptions(exchange.Context.Request.Method))
        {
            // nor does a log get to see it, or the application what came with a preflight and was not looked at
            foreach (var each in tokens.Rules) TakeOut(exchange, each);
        }

        return outcome.Problem;
    }

    /// <summary>Says no in Envoy's words: 403 to a token for somebody else, 401 to any other.</summary>
    public static Task RefuseAsync(RequestExchange exchange, TokenProblem problem)
    {
        var text = problem.Text();
        exchange.Details = $"jwt_authn_access_denied{{{text.Replace(' ', '_')}}}";
        exchange.Context.Response.Headers.WWWAuthenticate =
            $"Bearer realm=\"{Realm(exchange)}\", error=\"invalid_token\"";
        var status = problem is TokenProblem.AudienceNotAllowed
            ? StatusCodes.Status403Forbidden
            : StatusCodes.Status401Unauthorized;
        return LocalReply.WriteAsync(exchange, status, text);
    }

    // What was called, without the query, and nothing that would end the quotation.
    private static string Realm(RequestExchange exchange)
    {
        var realm = $"{exchange.Scheme}://{exchange.Host}{exchange.Target.Path}";
        if (realm.Length > MaxRealm) realm = realm[..MaxRealm];
        return realm.Replace("\\", "%5C", StringComparison.Ordinal).Replace("\"", "%22", StringComparison.Ordinal);
    }

    /// <summary>
    /// Takes out the headers that tell what a token says, and whatever an application may read as one of them: before
    /// anybody decides by the headers of the request.
    /// </summary>
    public static void TakeOutClaims(IHeaderDictionary headers, TokenAuthentication tokens)
    {
        List<string>? found = null;
        foreach (var output in tokens.OutputHeaders)
        {
            foreach (var (name, _) in headers)
            {
                if (MeshHeaders.IsTwin(name, output)) (found ??= []).Add(name);
            }
        }

        if (found is null) return;
        foreach (var name in found) headers.Remove(name);
    }

    private static void TakeOut(RequestExchange exchange, TokenRule rule)
    {
        var headers = exchange.Context.Request.Headers;
        foreach (var place in rule.Headers)
        {
            if (HoldsToken(headers[place.Name], place)) headers.Remove(place.Name);
        }

        if (exchange.Target.Query.Length > 0)
        {
            foreach (var name in rule.Parameters)
            {
                var query = TokenPlaces.Without(exchange.Target.Query, '&', name);
                exchange.Target = exchange.Target with { Query = query };
            }
        }

        TakeOutOriginal(headers, rule);
        foreach (var name in rule.FromCookies) TakeOutCookie(headers, name);
    }

    // A proxy on the way may have rewritten the path, and tells what it was.
    private static void TakeOutOriginal(IHeaderDictionary headers, TokenRule rule)
    {
        var path = headers[MeshHeaders.OriginalPath].ToString();
        var query = path.IndexOf('?');
        if (query < 0) return;
        var rest = path[(query + 1)..];
        foreach (var name in rule.Parameters) rest = TokenPlaces.Without(rest, '&', name);
        headers[MeshHeaders.OriginalPath] = rest.Length > 0 ? $"{path[..query]}?{rest}" : path[..query];
    }

    private static bool HoldsToken(StringValues values, TokenHeader place)
    {
        foreach (var value in values)
        {
            if (TokenPlaces.TryRead(place, value ?? "", out _)) return true;
        }

        return false;
    }

    private static void TakeOutCookie(IHeaderDictionary headers, string name)
    {
        if (headers.Cookie is not { Count: > 0 } cookies) return;
        var kept = new List<string>();
        foreach (var line in cookies)
        {
            var rest = TokenPlaces.Without(line ?? "", ';', name);
            if (rest.Length > 0) kept.Add(rest);
        }

        if (kept.Count == 0) headers.Remove("cookie");
        else headers.Cookie = kept.ToArray();
    }

    private static void PassOn(IHeaderDictionary headers, VerifiedToken token, TokenRule rule)
    {
        if (rule.PayloadHeader.Length > 0) headers[rule.PayloadHeader] = token.PayloadText;
        foreach (var claim in rule.ClaimHeaders)
        {
            if (token.HeaderValue(claim.Claim) is { } value) headers.Append(claim.Header, value);
        }
    }
}
