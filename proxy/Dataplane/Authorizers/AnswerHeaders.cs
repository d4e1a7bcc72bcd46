using MeshOrleans.Model.Evaluation;
using MeshOrleans.Proxy.Dataplane.Http;
using MeshOrleans.Proxy.Dataplane.Model;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace MeshOrleans.Proxy.Dataplane.Authorizers;

/// <summary>Which headers an answer may change, and how that is done.</summary>
/// <remarks>
/// Not what decides about the message itself or the connection, and in requests not what only the mesh may say: whom an
/// operator asks about requests is not thereby trusted with the identity of callers.
/// </remarks>
internal static class AnswerHeaders
{
    public static bool MayChangeRequest(string name) => MayChangeResponse(name) && !MeshHeaders.IsStripped(name, fromSidecar: false);

    public static bool MayChangeResponse(string name) =>
        name.Length > 0
        && name[0] != ':'
        && !ConnectionHeaders.IsHopByHop(name)
        && !name.Equals("host", StringComparison.OrdinalIgnoreCase)
        && !name.Equals("content-length", StringComparison.OrdinalIgnoreCase)
        && !name.Equals("trailer", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether a header can be written as it is, without becoming something else on the way.</summary>
    public static bool IsWritable(string name, string value)
    {
        if (!FieldSyntax.IsName(name)) return false;
        foreach (var c in value)
        {
            if ((c < ' ' && c != '\t') || c == '\x7f' || c > '\xff') return false;
        }

        return true;
    }

    /// <summary>
    /// Takes out of a request what only the authorizer may say in it, whether it then says something or not: the headers that
    /// are named in full as its own, and whatever an application may read as one of them.
    /// </summary>
    /// <remarks>
    /// Not Authorization and Cookie: they are the caller's own word, by which it is judged, and an authorizer that says
    /// nothing of them means them to stay.
    /// </remarks>
    public static void TakeOutOwned(IHeaderDictionary headers, HeaderNames owned)
    {
        foreach (var matcher in owned.Matchers)
        {
            if (matcher.Kind is not StringMatchKind.Exact || IsCredential(matcher.Text) || !MayChangeRequest(matcher.Text)) continue;
            RemoveTwins(headers, matcher.Text);
            headers.Remove(matcher.Text);
        }
    }

    /// <summary>
    /// Puts into a request what an authorizer says about it. What the caller says in the place of that goes, and whatever an
    /// application may read as one of those headers.
    /// </summary>
    public static void ApplyToRequest(IHeaderDictionary headers, CheckAnswer answer)
    {
        for (var i = 0; i < answer.Removed.Count; i++)
        {
            RemoveTwins(headers, answer.Removed[i]);
            headers.Remove(answer.Removed[i]);
        }

        for (var i = 0; i < answer.Request.Count; i++) RemoveTwins(headers, answer.Request[i].Name);
        Apply(headers, answer.Request);
    }

    private static bool IsCredential(string name) =>
        name.Equals("authorization", StringComparison.OrdinalIgnoreCase) || name.Equals("cookie", StringComparison.OrdinalIgnoreCase);

    private static void RemoveTwins(IHeaderDictionary headers, string said)
    {
        List<string>? twins = null;
        foreach (var (name, _) in headers)
        {
            if (MeshHeaders.IsTwin(name, said) && !name.Equals(said, StringComparison.OrdinalIgnoreCase)) (twins ??= []).Add(name);
        }

        if (twins is null) return;
        foreach (var name in twins) headers.Remove(name);
    }

    public static void Apply(IHeaderDictionary headers, IReadOnlyList<HeaderChange> changes)
    {
        for (var i = 0; i < changes.Count; i++)
        {
            var (name, value, action) = changes[i];
            var exists = headers.TryGetValue(name, out var present) && present.Count > 0;
            if (action is HeaderAppendAction.AddIfAbsent && exists) continue;
            if (action is HeaderAppendAction.OverwriteIfExists && !exists) continue;
            headers[name] = action is HeaderAppendAction.Append && exists ? StringValues.Concat(present, value) : value;
        }
    }
}
