using System.Net.Sockets;
using Microsoft.Extensions.Options;

namespace MeshOrleans.Silo.Hosting;

/// <summary>Turns what commonly goes wrong at start into one line that says what to do.</summary>
internal static class StartupFailure
{
    /// <summary>
    /// The line; null for a failure that nobody foresaw, whose stack trace is worth more than a sentence.
    /// </summary>
    public static string? Explain(Exception exception) => exception switch
    {
        OptionsValidationException invalid => $"the configuration is wrong: {string.Join("; ", invalid.Failures)}",
        IOException { InnerException: not null } when Find<SocketException>(exception) is { SocketErrorCode: SocketError.AddressAlreadyInUse } =>
            $"{exception.Message.TrimEnd('.')}; choose another port (see --help) or 0 for a free one",
        UnauthorizedAccessException or IOException => exception.Message,
        FormatException => exception.Message,
        _ when exception.InnerException is { } inner => Explain(inner),
        _ => null,
    };

    private static T? Find<T>(Exception? exception)
        where T : Exception => exception is null or T ? exception as T : Find<T>(exception.InnerException);
}
