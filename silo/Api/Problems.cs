using System.Globalization;
using MeshOrleans.Model.Validation;

namespace MeshOrleans.Silo.Api;

/// <summary>One finding as the API tells it.</summary>
internal sealed record ProblemError(
    string Code, string Path, string Message, string File, int Line, string Severity, string Resource)
{
    public static ProblemError From(Violation violation) => new(
        violation.Code,
        violation.Path.Text,
        violation.Message,
        violation.File,
        violation.Line,
        violation.Severity.ToString().ToLowerInvariant(),
        violation.Resource);

    /// <summary>A finding about a request that is no manifest.</summary>
    public static ProblemError At(string path, string message, int line = 0) =>
        new("MSH1001", path, message, "", line, "error", "");
}

/// <summary>The one place that turns outcomes into <c>application/problem+json</c>.</summary>
internal static class Problems
{
    public static IResult Of(int status, string title, string detail = "", IEnumerable<ProblemError>? errors = null) =>
        Results.Problem(
            statusCode: status,
            title: title,
            detail: detail.Length == 0 ? null : detail,
            extensions: new Dictionary<string, object?>
            {
                ["errors"] = errors?.ToArray()
                    ?? [new ProblemError($"HTTP{status}", "", detail.Length == 0 ? title : detail, "", 0, "error", "")],
            });

    public static IResult Invalid(IEnumerable<Violation> violations)
    {
        var errors = violations.Select(ProblemError.From).ToArray();
        var faults = errors.Count(e => e.Severity == "error");
        return Of(422, "The manifest is refused; nothing was changed.", $"{faults} error(s).", errors);
    }

    public static IResult BadField(string path, string message, int line = 0) =>
        Of(400, "The request is refused.", $"{path}: {message}", [ProblemError.At(path, message, line)]);

    public static IResult Unauthenticated(string detail) => new ChallengeResult(Of(401, "Who are you?", detail));

    /// <summary>Somebody who has to be asked does not answer.</summary>
    public static IResult Unavailable(HttpContext context, string detail, TimeSpan retryAfter)
    {
        SetRetryAfter(context, retryAfter);
        return Of(503, "Nobody can say who you are.", detail);
    }

    /// <summary>What is asked for has been asked for too often.</summary>
    public static IResult TooOften(HttpContext context, string detail, TimeSpan retryAfter)
    {
        SetRetryAfter(context, retryAfter);
        return Of(429, "Too often.", detail);
    }

    public static IResult Forbidden(string detail) => Of(403, "Not allowed.", detail);

    public static IResult NotFound(string what) => Of(404, "Not found.", what);

    public static IResult Misdirected(string detail) => Of(421, "Ask another gateway.", detail);

    public static IResult Conflict(string detail) => Of(409, "Conflict.", detail);

    public static IResult NotYet(string call) =>
        Of(
            501,
            "Not implemented yet.",
            $"{call} is part of the contract but not of this version. CHANGELOG.md tells what is.");

    /// <summary>Says when to come back: in a second at the least.</summary>
    public static void SetRetryAfter(HttpContext context, TimeSpan retryAfter) =>
        context.Response.Headers.RetryAfter =
            Math.Max(1, Math.Ceiling(retryAfter.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
}
