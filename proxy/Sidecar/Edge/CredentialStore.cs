using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Proxy.Dataplane.Edge;
using MeshOrleans.Proxy.Dataplane.Model;
using MeshOrleans.Proxy.Dataplane.Tls;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Proxy.Sidecar.Edge;

/// <summary>
/// The certificates that the listeners of a gateway ask for, kept up to date with their files. What cannot be used
/// never takes the place of what can: the former one stays, and the fault is told.
/// </summary>
internal sealed partial class CredentialStore(
    CredentialFiles files, TimeProvider clock, ILogger<CredentialStore> logger) : IEdgeCredentials
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly ConcurrentDictionary<EdgeCertificateName, Held<SslStreamCertificateContext>> _certificates = new();
    private readonly ConcurrentDictionary<EdgeRootsName, Held<X509Certificate2Collection>> _roots = new();

    /// <summary>What is known of all that is asked for, by name.</summary>
    public ImmutableArray<CredentialStatus> Status =>
    [
        .. _certificates.Select(c => new CredentialStatus(
                $"{c.Key}",
                c.Value.Content?.TargetCertificate.SerialNumber ?? "",
                c.Value.Content?.TargetCertificate.NotAfter.ToUniversalTime(),
                c.Value.Problem))
            .Concat(_roots.Select(r => new CredentialStatus(
                $"{r.Key}", "", r.Value.Content?.Max(root => root.NotAfter.ToUniversalTime()), r.Value.Problem)))
            .OrderBy(status => status.Name, StringComparer.Ordinal),
    ];

    /// <inheritdoc/>
    public SslStreamCertificateContext? FindCertificate(EdgeCertificateName name) =>
        _certificates.GetValueOrDefault(name)?.Content;

    /// <inheritdoc/>
    public X509Certificate2Collection? FindRoots(EdgeRootsName name) => _roots.GetValueOrDefault(name)?.Content;

    /// <summary>Keeps what the listeners of a model ask for, and forgets the rest. What is new is read at once.</summary>
    public void Want(ProxyModel model)
    {
        var endings = model.Edge.Values.SelectMany(l => l.Chains).Select(c => c.Tls).OfType<EdgeTlsModel>().ToList();
        lock (_gate)
        {
            Keep(_certificates, [.. endings.SelectMany(tls => tls.Certificates)]);
            Keep(_roots, [.. endings.Select(tls => tls.Roots).OfType<EdgeRootsName>()]);
            Load(onlyNew: true);
        }
    }

    /// <summary>Looks at the files again and again.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            Refresh();
        }
    }

    /// <summary>Looks at the files once.</summary>
    public void Refresh()
    {
        lock (_gate) Load(onlyNew: false);
    }

    private static void Keep<TName, T>(ConcurrentDictionary<TName, Held<T>> all, HashSet<TName> wanted)
        where TName : notnull
        where T : class
    {
        foreach (var name in all.Keys.Where(name => !wanted.Contains(name))) all.TryRemove(name, out _);
        foreach (var name in wanted) all.TryAdd(name, Held<T>.Nothing);
    }

    private void Load(bool onlyNew)
    {
        foreach (var (name, held) in _certificates)
        {
            if (onlyNew && !ReferenceEquals(held, Held<SslStreamCertificateContext>.Nothing)) continue;
            _certificates[name] = Load($"{name}", held, () => files.PathsOf(name), CredentialFiles.Certificate);
        }

        foreach (var (name, held) in _roots)
        {
            if (onlyNew && !ReferenceEquals(held, Held<X509Certificate2Collection>.Nothing)) continue;
            _roots[name] = Load($"{name}", held, () => files.PathsOf(name), CredentialFiles.Roots);
        }
    }

    private Held<T> Load<T>(string name, Held<T> held, Func<string[]> paths, Func<byte[][], T> read)
        where T : class
    {
        byte[][] contents = [];
        try
        {
            contents = CredentialFiles.Read(paths());
            var digest = CredentialFiles.DigestOf(contents);
            if (digest.AsSpan().SequenceEqual(held.Digest))
            {
                return held.Problem.Length == 0 ? held : held with { Problem = "" };
            }

            var next = new Held<T>(read(contents), digest, "");
            LogLoaded(name);
            return next;
        }
        catch (CredentialException exception)
        {
            if (held.Problem == exception.Message) return held;
            var consequence = held.Content is null ? "there is none in use" : "the former one stays in use";
            LogNotUsed(name, consequence, exception.Message);
            return held with { Problem = exception.Message };
        }
        finally
        {
            foreach (var content in contents) CryptographicOperations.ZeroMemory(content); // looked at every second
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Credential '{Name}' is in use.")]
    private partial void LogLoaded(string name);

    [LoggerMessage(
        Level = LogLevel.Error, Message = "Credential '{Name}' cannot be used, {Consequence}: {Problem}.")]
    private partial void LogNotUsed(string name, string consequence, string problem);

    /// <param name="Content">What is in use; null when there has never been anything good.</param>
    /// <param name="Digest">Of the files that it was made of.</param>
    /// <param name="Problem">Why what is there now is not used.</param>
    private sealed record Held<T>(T? Content, byte[]? Digest, string Problem)
        where T : class
    {
        public static Held<T> Nothing { get; } = new(null, null, "");
    }
}
