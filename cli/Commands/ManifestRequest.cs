using MeshOrleans.Cli.Answers;
using MeshOrleans.Cli.Connection;
using MeshOrleans.Cli.Input;
using MeshOrleans.Cli.Output;

namespace MeshOrleans.Cli.Commands;

/// <summary>
/// Manifests on their way to <c>POST /v1/config</c>; <c>apply</c>, <c>diff</c> and <c>validate</c> differ in what they
/// tell.
/// </summary>
/// <param name="Names">What <c>-f</c> named.</param>
/// <param name="Namespace">Namespace of resources that name none; null for the API's default.</param>
/// <param name="DryRun">Decide and answer, but change nothing.</param>
/// <param name="Reason">For the history.</param>
/// <param name="IfRevision">The only revision that may be replaced; null for any.</param>
internal sealed record ManifestRequest(
    IReadOnlyList<string> Names, string? Namespace, bool DryRun, string? Reason = null, long? IfRevision = null)
{
    /// <summary>Sends the manifests; warnings go to the error stream, the rest to <paramref name="report"/>.</summary>
    /// <exception cref="ApiException">They were refused, and text was asked for.</exception>
    public async Task<int> SendAsync(
        ApiClient api,
        CliHost host,
        OutputFormat format,
        Action<ApplyAnswer> report,
        CancellationToken cancellationToken)
    {
        var files = await ManifestFiles.ReadAsync(Names, host, cancellationToken);
        ApiAnswer answer;
        try
        {
            answer = await api.PostAsync(
                Path(),
                new ApplyRequest(files, Reason),
                ApiJson.Verbatim.ApplyRequest,
                cancellationToken,
                ApplyRequest.MediaType,
                IfRevision);
        }
        catch (ApiException exception) when (exception.Problem.Status == 422 && format is not OutputFormat.Table)
        {
            // The findings are the answer: whoever asked for JSON gets them as JSON.
            Reports.TryWriteRaw(host, format, exception.Problem.Body);
            return ExitCode.Failed;
        }

        if (Reports.TryWriteRaw(host, format, answer)) return ExitCode.Fine;
        var outcome = answer.Read(ApiJson.Default.ApplyAnswer);
        foreach (var warning in outcome.Warnings ?? []) await host.Error.WriteLineAsync(FindingText.Of(warning));
        report(outcome);
        return ExitCode.Fine;
    }

    private string Path() => Query.Append("/v1/config", ("dryRun", DryRun ? "true" : null), ("ns", Namespace));
}
