using System.Diagnostics.CodeAnalysis;
using Npgsql;

namespace MeshOrleans.Silo.Schema;

/// <summary>Where the cluster's PostgreSQL is: <c>postgres://USER:PASSWORD@HOST[:PORT][,HOST…]/DATABASE[?KEY=VALUE]</c>.</summary>
/// <remarks>
/// With several hosts the one that takes writes is used, and after a failover the next one. Keys of the query are those
/// of Npgsql's connection strings, e.g. <c>?SSL Mode=VerifyFull</c>; spaces may be written as <c>%20</c>.
/// </remarks>
public static class PostgresUrl
{
    private const int DefaultPort = 5432;

    /// <summary>Turns the URL into a connection string.</summary>
    public static bool TryParse(
        string url, [NotNullWhen(true)] out string? connectionString, [NotNullWhen(false)] out string? error)
    {
        (connectionString, error) = (null, null);
        var rest = url;
        if (!TryCut(ref rest, "postgres://") && !TryCut(ref rest, "postgresql://"))
        {
            error = "it must begin with postgres://";
            return false;
        }

        var query = Split(ref rest, '?');
        var database = Split(ref rest, '/');
        var at = rest.LastIndexOf('@');
        var (user, hosts) = at < 0 ? ("", rest) : (rest[..at], rest[(at + 1)..]);
        if (hosts.Length == 0 || database.Length == 0)
        {
            error = "it must name a host and a database: postgres://USER:PASSWORD@HOST:PORT/DATABASE";
            return false;
        }

        try
        {
            connectionString = Build(user, hosts, database, query);
            return true;
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException)
        {
            error = exception.Message;
            return false;
        }
    }

    private static string Build(string user, string hosts, string database, string query)
    {
        var password = Split(ref user, ':');
        var builder = new NpgsqlConnectionStringBuilder
        {
            Host = string.Join(',', hosts.Split(',').Select(WithPort)),
            Database = Uri.UnescapeDataString(database),
            Timeout = 5,
            CommandTimeout = 15,
            CancellationTimeout = 1000,
            KeepAlive = 10,
            MaxPoolSize = 30,
            ApplicationName = "mesh",
            TargetSessionAttributes = hosts.Contains(',') ? "primary" : null,
            HostRecheckSeconds = 1, // what a server was, primary or not, is believed no longer than that
        };
        if (user.Length > 0) builder.Username = Uri.UnescapeDataString(user);
        if (password.Length > 0) builder.Password = Uri.UnescapeDataString(password);
        foreach (var pair in query.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var value = pair;
            var key = value;
            value = Split(ref key, '=');
            builder[Uri.UnescapeDataString(key)] = Uri.UnescapeDataString(value);
        }

        return builder.ConnectionString;
    }

    private static string WithPort(string host) =>
        host.LastIndexOf(':') > host.LastIndexOf(']') ? host : $"{host}:{DefaultPort}";

    private static bool TryCut(ref string text, string prefix)
    {
        if (!text.StartsWith(prefix, StringComparison.Ordinal)) return false;
        text = text[prefix.Length..];
        return true;
    }

    /// <summary>Cuts the text at the first mark and answers what stood behind it.</summary>
    private static string Split(ref string text, char mark)
    {
        var place = text.IndexOf(mark);
        if (place < 0) return "";
        var behind = text[(place + 1)..];
        text = text[..place];
        return behind;
    }
}
