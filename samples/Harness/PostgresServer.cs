using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace MeshOrleans.Samples.Harness;

/// <summary>
/// A PostgreSQL server of one's own: its files in a folder, on a free loopback port, ended with its owner. The server
/// refuses to run as root, so root runs it where root has another number: in a user namespace of its own, or else as the
/// user <c>postgres</c> that its package makes.
/// </summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private const string User = "mesh";
    private const string Database = "mesh";
    private const string ServerUser = "postgres";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly string[] InNamespace = ["unshare", "--user", "--map-user=1000", "--map-group=1000"];
    private static readonly string[] AsServerUser =
        ["setpriv", $"--reuid={ServerUser}", $"--regid={ServerUser}", "--clear-groups"];

    private readonly string _directory;
    private readonly string _programs;
    private string[] _prefix = [];

    private PostgresServer(string directory, string programs, string password) =>
        (_directory, _programs, Password) = (directory, programs, password);

    /// <summary>The password of the database's only role, kept in the folder's <c>password</c>; drawn for each database.</summary>
    public string Password { get; }

    /// <summary>Its port on 127.0.0.1, kept in the folder's <c>port</c>: the next start takes the same where it is free.</summary>
    public int Port { get; private set; }

    /// <summary>Whether the server runs.</summary>
    public bool IsRunning => TryReadServer(out var processId, out var data) && IsServer(processId, data);

    /// <summary>The URL for <c>--store</c>.</summary>
    public string Url => UrlOf(Database);

    /// <summary>The URL of one of the server's databases.</summary>
    /// <param name="database">Which.</param>
    /// <param name="port">Another port on the way to it.</param>
    public string UrlOf(string database, int? port = null) =>
        $"postgres://{User}:{Password}@127.0.0.1:{port ?? Port}/{database}";

    /// <summary>Where PostgreSQL's programs are; null when it is not installed.</summary>
    public static string? FindPrograms()
    {
        var versions = Directory.Exists("/usr/lib/postgresql")
            ? Directory.GetDirectories("/usr/lib/postgresql").OrderByDescending(VersionOf)
            : Enumerable.Empty<string>();
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':');
        return versions.Select(v => Path.Combine(v, "bin")).Concat(path)
            .FirstOrDefault(folder => File.Exists(Path.Combine(folder, "initdb")));
    }

    /// <summary>Starts a server on what a folder holds; an empty one gets a new database.</summary>
    /// <exception cref="InvalidOperationException">It is not installed, or did not start; the message says why.</exception>
    public static async Task<PostgresServer> StartAsync(string directory)
    {
        var programs = FindPrograms() ?? throw new InvalidOperationException(
            "PostgreSQL is not installed (initdb is in no folder): apt-get install -y postgresql");
        MakePrivate(directory);
        var server = new PostgresServer(
            Path.GetFullPath(directory), programs, await ReadPasswordAsync(Path.Combine(directory, "password")));
        if (Environment.UserName == "root") server._prefix = await server.LeaveRootAsync();
        if (!File.Exists(Path.Combine(server.Data, "PG_VERSION")))
        {
            await server.RunAsync(
                "initdb",
                [
                    "-D", server.Data, "-U", User, "-A", "scram-sha-256", $"--pwfile={server.PasswordFile}", "-E", "UTF8",
                    "--locale=C.UTF-8",
                ]);
        }
        else
        {
            await server.EndLeftoverAsync();
        }

        await server.ChoosePortAsync();
        await server.StartAgainAsync();
        if (await server.QueryAsync($"SELECT 1 FROM pg_database WHERE datname = '{Database}'", "postgres") is "")
        {
            await server.QueryAsync($"CREATE DATABASE {Database}", "postgres");
        }

        return server;
    }

    /// <summary>Ends the server at once, without any good-bye to its clients; what was committed stays.</summary>
    public Task StopAsync() => RunAsync("pg_ctl", ["-D", Data, "-m", "immediate", "-w", "stop"]);

    /// <summary>Starts the server again after it has ended, on the same port.</summary>
    public Task StartAgainAsync() => RunAsync(
        "pg_ctl",
        [
            "-D", Data, "-w", "-l", Path.Combine(_directory, "log"),
            "-o", $"-p {Port} -c unix_socket_directories= -c listen_addresses=127.0.0.1 -c max_connections=200", "start",
        ]);

    /// <summary>
    /// Starts a second server that follows this one, and has every commit wait until that one has it too.
    /// </summary>
    /// <param name="directory">The folder of its files; empty.</param>
    public async Task<PostgresServer> StartStandbyAsync(string directory)
    {
        MakePrivate(directory);
        var standby = new PostgresServer(Path.GetFullPath(directory), _programs, Password);
        if (Environment.UserName == "root") standby._prefix = await standby.LeaveRootAsync();
        await standby.RunAsync(
            "pg_basebackup",
            ["-h", "127.0.0.1", "-p", $"{Port}", "-U", User, "-D", standby.Data, "-R", "-X", "stream", "-c", "fast"]);
        await standby.ChoosePortAsync();
        await standby.StartAgainAsync();
        await QueryAsync("ALTER SYSTEM SET synchronous_standby_names = '*'");
        await QueryAsync("SELECT pg_reload_conf()");
        return standby;
    }

    /// <summary>Makes a standby the server that takes writes.</summary>
    public Task PromoteAsync() => RunAsync("pg_ctl", ["-D", Data, "-w", "promote"]);

    /// <summary>SIGKILL: the server gets no chance to do anything.</summary>
    public void Kill()
    {
        if (!TryReadServer(out var processId, out _) || !ProcessSignals.TrySend(processId, ProcessSignal.Kill))
        {
            throw new InvalidOperationException("The server does not run.");
        }
    }

    /// <summary>SIGSTOP to the server and all its processes: connections stand, and nothing answers until <see cref="Resume"/>.</summary>
    public void Pause() => SignalAll(ProcessSignal.Stop);

    /// <summary>SIGCONT: everything goes on where it stood still.</summary>
    public void Resume() => SignalAll(ProcessSignal.Continue);

    /// <summary>Runs one statement as the owner of everything and returns its output, one line a row.</summary>
    public Task<string> QueryAsync(string sql, string database = Database) => RunAsync(
        "psql", ["-h", "127.0.0.1", "-p", $"{Port}", "-U", User, "-At", "-c", sql, database]);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (IsRunning) await StopAsync();
    }

    private string Data => Path.Combine(_directory, "data");

    private string ServerFile => Path.Combine(Data, "postmaster.pid");

    private string PasswordFile => Path.Combine(_directory, "password");

    // The server itself first: then nobody starts another process while the others are told.
    private void SignalAll(ProcessSignal signal)
    {
        if (!TryReadServer(out var server, out _)) throw new InvalidOperationException("The server does not run.");
        ProcessSignals.TrySend(server, signal);
        foreach (var child in File.ReadAllText($"/proc/{server}/task/{server}/children").Split(
            ' ', StringSplitOptions.RemoveEmptyEntries))
        {
            ProcessSignals.TrySend(int.Parse(child, CultureInfo.InvariantCulture), signal);
        }
    }

    private static void MakePrivate(string directory)
    {
        Directory.CreateDirectory(directory);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    private static async Task<string> ReadPasswordAsync(string path)
    {
        if (!File.Exists(path)) await File.WriteAllTextAsync(path, RandomNumberGenerator.GetHexString(32, lowercase: true));
        return await File.ReadAllTextAsync(path);
    }

    // Whoever started it was killed before it could end it: its files are taken over, so it must go first.
    private async Task EndLeftoverAsync()
    {
        if (IsRunning) await StopAsync();
        else File.Delete(ServerFile); // whoever bears the number by now would keep a new server from starting
    }

    // The server's own file: its number, its data folder and more. It stays behind when the server is killed.
    private bool TryReadServer(out int processId, out string data)
    {
        (processId, data) = (0, "");
        try
        {
            var lines = File.ReadAllLines(ServerFile);
            if (lines.Length < 2 || !int.TryParse(lines[0], out processId)) return false;
            data = lines[1];
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    // The number may be somebody else's by now; only a server on this very folder counts.
    private static bool IsServer(int processId, string data)
    {
        try
        {
            if (!OperatingSystem.IsLinux()) return !Process.GetProcessById(processId).HasExited;
            var arguments = File.ReadAllText($"/proc/{processId}/cmdline").Split('\0');
            return Path.GetFileName(arguments[0]) is "postgres" or "postmaster" && arguments.Contains(data);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return false; // nobody bears it
        }
    }

    // Processes that hold the old address find the server again.
    private async Task ChoosePortAsync()
    {
        var file = Path.Combine(_directory, "port");
        Port = File.Exists(file) && int.TryParse(await File.ReadAllTextAsync(file), out var kept) && IsFree(kept)
            ? kept
            : FreePort.On(IPAddress.Loopback);
        await File.WriteAllTextAsync(file, $"{Port}");
    }

    private static bool IsFree(int port)
    {
        if (port is < 1 or > IPEndPoint.MaxPort) return false;
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static int VersionOf(string folder) => int.TryParse(Path.GetFileName(folder), out var version) ? version : 0;

    private async Task<string[]> LeaveRootAsync()
    {
        try
        {
            await ExecuteAsync([.. InNamespace, "true"], isReadToEnd: true);
            return InNamespace;
        }
        catch (Exception exception) when (exception is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            await ExecuteAsync(["chown", "-R", ServerUser, _directory], isReadToEnd: true);
            return AsServerUser;
        }
    }

    // The server inherits the pipes of pg_ctl: then only the program's own end is waited for, not that of the pipes.
    private Task<string> RunAsync(string program, string[] arguments) => ExecuteAsync(
        [.. _prefix, Path.Combine(_programs, program), .. arguments], isReadToEnd: program != "pg_ctl");

    private async Task<string> ExecuteAsync(string[] command, bool isReadToEnd)
    {
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = "/",
            Environment = { ["PGPASSWORD"] = Password },
        };
        using var process = Process.Start(start)!;
        using var bound = new CancellationTokenSource(Patience);
        var output = isReadToEnd ? process.StandardOutput.ReadToEndAsync(bound.Token) : Task.FromResult("");
        var errors = isReadToEnd ? process.StandardError.ReadToEndAsync(bound.Token) : Task.FromResult("see its log");
        try
        {
            await process.WaitForExitAsync(bound.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw new InvalidOperationException($"{command[0]} has not ended within {Patience.TotalSeconds:F0} s.");
        }

        return process.ExitCode == 0
            ? (await output).Trim()
            : throw new InvalidOperationException(
                $"{string.Join(' ', command)} failed with {process.ExitCode}: {await errors}");
    }
}
