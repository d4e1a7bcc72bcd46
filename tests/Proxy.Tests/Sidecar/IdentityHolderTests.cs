using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using MeshOrleans.Proxy.Sidecar.Identity;
using MeshOrleans.Proxy.Sidecar.Settings;
using MeshOrleans.Proxy.Sidecar.State;
using MeshOrleans.Testing;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Proxy.Tests.Sidecar;

public sealed class IdentityHolderTests : IDisposable
{
    private const string Cart = "spiffe://cluster.local/ns/shop/sa/cart";
    private readonly ManualTimeProvider _clock = new();
    private readonly TemporaryFolder _folder = new();
    private readonly TestAuthority _authority;
    private readonly ListLogger<IdentityHolder> _log = new();
    private readonly ListLogger<IdentityStore> _storeLog = new();

    public IdentityHolderTests() => _authority = new TestAuthority(_clock);

    public void Dispose()
    {
        _authority.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void The_answer_to_the_staged_request_is_used_and_the_next_key_staged()
    {
        using var state = new StateFolder(_folder.Path);
        var holder = Trusting(state);
        var first = holder.Current.Staged;

        var outcome = holder.Offer(_authority.Sign(first.Request, Cart));

        Assert.IsType<IdentityOutcome.Accepted>(outcome);
        Assert.Equal(Cart, holder.Current.Id!.ToString());
        Assert.True(holder.Current.IsValid(_clock.GetUtcNow()));
        Assert.NotEqual(first.PublicKey, holder.Current.Staged.PublicKey);
    }

    [Fact]
    public void A_certificate_for_neither_key_is_refused_and_the_former_stays()
    {
        using var state = new StateFolder(_folder.Path);
        var holder = WithCertificate(state);
        var former = holder.Current;
        using var foreign = StagedKey.Create(null);

        var outcome = holder.Offer(_authority.Sign(foreign.Request, Cart));

        var rejected = Assert.IsType<IdentityOutcome.Rejected>(outcome);
        Assert.Contains("neither the staged key nor the one in use", rejected.Reason, StringComparison.Ordinal);
        Assert.Same(former, holder.Current);
    }

    [Fact]
    public void A_certificate_of_another_identity_is_refused()
    {
        using var state = new StateFolder(_folder.Path);
        var holder = Trusting(state);

        var outcome = holder.Offer(
            _authority.Sign(holder.Current.Staged.Request, "spiffe://cluster.local/ns/shop/sa/admin"));

        Assert.Contains("sa/admin", Assert.IsType<IdentityOutcome.Rejected>(outcome).Reason, StringComparison.Ordinal);
        Assert.Null(holder.Current.Svid);
    }

    [Fact]
    public void A_certificate_of_a_foreign_root_is_refused()
    {
        using var state = new StateFolder(_folder.Path);
        using var foreign = new TestAuthority(_clock);
        var holder = Trusting(state);

        var outcome = holder.Offer(foreign.Sign(holder.Current.Staged.Request, Cart));

        Assert.Contains(
            "does not lead to a root", Assert.IsType<IdentityOutcome.Rejected>(outcome).Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("no pem")]
    [InlineData("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----")]
    public void What_is_no_chain_is_refused_without_throwing(string pem)
    {
        using var state = new StateFolder(_folder.Path);

        Assert.IsType<IdentityOutcome.Rejected>(Trusting(state).Offer(pem));
    }

    [Fact]
    public void The_certificate_in_use_offered_again_changes_nothing()
    {
        using var state = new StateFolder(_folder.Path);
        var holder = Trusting(state);
        var chain = _authority.Sign(holder.Current.Staged.Request, Cart);
        holder.Offer(chain);
        var before = holder.Current;

        Assert.IsType<IdentityOutcome.Unchanged>(holder.Offer(chain));
        Assert.Same(before, holder.Current);
    }

    [Fact]
    public void A_restart_finds_key_certificate_and_roots_again()
    {
        string serial;
        using (var state = new StateFolder(_folder.Path))
        {
            serial = WithCertificate(state).Current.Svid!.Leaf.SerialNumber;
        }

        using var second = new StateFolder(_folder.Path);
        var restored = Holder(second);
        restored.Restore();

        Assert.Equal(serial, restored.Current.Svid!.Leaf.SerialNumber);
        Assert.True(restored.Current.Tls!.Certificate.HasPrivateKey);
        Assert.Equal([Cart], [restored.Current.Id!.ToString()]);
    }

    [Fact]
    public void An_expired_certificate_is_not_restored_and_the_log_names_both_times()
    {
        using (var state = new StateFolder(_folder.Path)) WithCertificate(state);
        _clock.Advance(TimeSpan.FromHours(25));

        using var second = new StateFolder(_folder.Path);
        var restored = Holder(second);
        restored.Restore();

        Assert.Null(restored.Current.Svid);
        Assert.NotNull(restored.Current.Trust);
        Assert.Contains(
            _log.Texts(LogLevel.Warning), t =>
                t.Contains("this machine's clock says 2026-01-02 01:00:00Z", StringComparison.Ordinal));
    }

    [Fact]
    public void An_expired_certificate_is_kept_for_the_next_one_until_there_is_that()
    {
        string serial;
        using (var state = new StateFolder(_folder.Path))
        {
            var running = WithCertificate(state);
            serial = running.Current.Svid!.Leaf.SerialNumber;
            Assert.Null(running.Ended);
            _clock.Advance(TimeSpan.FromHours(25));
            Assert.Equal(serial, running.Ended!.Leaf.SerialNumber);
        }

        using var second = new StateFolder(_folder.Path);
        var restored = Holder(second);
        restored.Restore();
        var ended = restored.Ended;
        var proof = ended!.Prove(restored.Current.Staged.Request);
        restored.Offer(_authority.Sign(restored.Current.Staged.Request, Cart));

        Assert.Equal(serial, ended.Leaf.SerialNumber);
        Assert.NotEmpty(proof);
        Assert.Null(restored.Ended);
        Assert.NotNull(restored.Current.Svid);
    }

    [Fact]
    public void An_expired_certificate_of_another_root_is_good_for_nothing()
    {
        using (var state = new StateFolder(_folder.Path)) WithCertificate(state);
        _clock.Advance(TimeSpan.FromHours(25));
        using (var state = new StateFolder(_folder.Path))
        {
            using var other = new TestAuthority(_clock);
            Assert.Null(Trust.TryCreate(_authority.Domain, [other.Bundle], out var trust));
            new IdentityStore(state, _storeLog).Save(trust!);
        }

        using var second = new StateFolder(_folder.Path);
        var restored = Holder(second);
        restored.Restore();

        Assert.Null(restored.Ended);
    }

    [Theory]
    [InlineData("garbage")]
    [InlineData("")]
    public void A_damaged_key_file_is_ignored_with_a_line_that_names_it(string text)
    {
        using (var state = new StateFolder(_folder.Path)) WithCertificate(state);
        File.WriteAllText(_folder.File(IdentityStore.SvidFile), text);

        using var second = new StateFolder(_folder.Path);
        var restored = Holder(second);
        restored.Restore();

        Assert.Null(restored.Current.Svid);
        Assert.Contains(
            _storeLog.Texts(LogLevel.Warning), t => t.Contains(IdentityStore.SvidFile, StringComparison.Ordinal));
    }

    [Fact]
    public void Only_the_owner_reads_the_state_directory()
    {
        if (OperatingSystem.IsWindows()) return;
        using var state = new StateFolder(_folder.Path);
        WithCertificate(state);

        Assert.Equal("700", Mode(_folder.Path));
        Assert.Equal("600", Mode(_folder.File(IdentityStore.SvidFile)));
    }

    [Fact]
    public void A_key_that_everybody_could_read_is_its_owners_only_when_the_next_one_is_written()
    {
        if (OperatingSystem.IsWindows()) return;
        using var state = new StateFolder(_folder.Path);
        var holder = WithCertificate(state);
        foreach (var file in (string[])[_folder.File(IdentityStore.SvidFile), _folder.File(IdentityStore.SvidFile + ".new")])
        {
            File.WriteAllText(file, "a copy");
            File.SetUnixFileMode(file, (UnixFileMode)Convert.ToInt32("644", 8));
        }

        Assert.IsType<IdentityOutcome.Accepted>(holder.Offer(_authority.Sign(holder.Current.Staged.Request, Cart)));

        Assert.Equal("600", Mode(_folder.File(IdentityStore.SvidFile)));
        Assert.Contains("PRIVATE KEY", File.ReadAllText(_folder.File(IdentityStore.SvidFile)), StringComparison.Ordinal);
    }

    [Fact]
    public void The_key_that_was_staged_is_let_go_when_its_certificate_is_in_use()
    {
        using var state = new StateFolder(_folder.Path);
        var holder = Trusting(state);
        var first = holder.Current.Staged;

        holder.Offer(_authority.Sign(first.Request, Cart));

        Assert.Throws<ObjectDisposedException>(() => first.Key.ExportPkcs8PrivateKey());
        using var key = holder.Current.Svid!.Leaf.GetECDsaPrivateKey()!; // which the certificate has by a handle of its own
        Assert.Equal(first.PublicKey, key.ExportSubjectPublicKeyInfo());
        Assert.NotNull(new IdentityStore(state, _storeLog).LoadSvid());
    }

    [Fact]
    public async Task Renewing_again_and_again_disturbs_no_handshake()
    {
        using var state = new StateFolder(_folder.Path);
        var holder = WithCertificate(state);
        using var end = new CancellationTokenSource();
        var handshakes = 0;
        var load = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            while (!end.IsCancellationRequested)
            {
                await ShakeHandsAsync(holder);
                Interlocked.Increment(ref handshakes);
            }
        })).ToArray();

        for (var i = 0; i < 200 || Volatile.Read(ref handshakes) < 20; i++)
        {
            Assert.IsType<IdentityOutcome.Accepted>(holder.Offer(_authority.Sign(holder.Current.Staged.Request, Cart)));
            if (i % 20 == 0)
            {
                GC.Collect(); // what nobody holds any more is finalized, and its key cleared
                GC.WaitForPendingFinalizers();
            }

            Assert.DoesNotContain(load, task => task.IsFaulted);
        }

        await end.CancelAsync();
        await Task.WhenAll(load).WaitAsync(TimeSpan.FromSeconds(30));
    }

    /// <summary>A handshake in which both ends use the identity of the moment, one of them for a while longer.</summary>
    private static async Task ShakeHandsAsync(IdentityHolder holder)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var caller = new TcpClient();
        var accepting = listener.AcceptTcpClientAsync();
        await caller.ConnectAsync((IPEndPoint)listener.LocalEndpoint);
        using var called = await accepting;
        await using var client = new SslStream(caller.GetStream());
        await using var server = new SslStream(called.GetStream());
        var identity = holder.Current.Tls!;
        var serving = server.AuthenticateAsServerAsync(new SslServerAuthenticationOptions
        {
            ServerCertificateContext = identity.Context,
            ClientCertificateRequired = true,
            RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null,
        });
        await Task.Yield();
        await client.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            ClientCertificateContext = holder.Current.Tls!.Context,
            RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null,
        });
        await serving;
        Assert.NotNull(server.RemoteCertificate);
    }

    [Fact]
    public void Two_sidecars_cannot_share_a_state_directory()
    {
        using var first = new StateFolder(_folder.Path);

        var exception = Assert.Throws<SettingsException>(() => new StateFolder(_folder.Path));

        Assert.Contains("another sidecar", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void New_roots_reach_the_data_plane_with_the_same_certificate()
    {
        using var state = new StateFolder(_folder.Path);
        using var other = new TestAuthority(_clock, "other.mesh");
        var holder = WithCertificate(state);
        var former = holder.Current;
        Assert.Null(
            Trust.TryCreate(
                _authority.Domain, [_authority.Bundle, other.Bundle with { IsLocal = false }], out var trust));

        Assert.IsType<IdentityOutcome.Accepted>(holder.Offer(trust!));

        Assert.Same(former.Svid, holder.Current.Svid);
        Assert.Contains("other.mesh", holder.Current.Tls!.Roots.Keys);
    }

    private static string Mode(string path) =>
        OperatingSystem.IsWindows() ? "" : Convert.ToString((int)File.GetUnixFileMode(path), 8);

    private IdentityHolder Holder(StateFolder state)
    {
        var settings = SettingsReader.Read(
            ["--xds", "a:1", "--namespace", "shop", "--service-account", "cart"], _ => null, "host");
        return new IdentityHolder(settings, new IdentityStore(state, _storeLog), _clock, _log);
    }

    private IdentityHolder Trusting(StateFolder state)
    {
        var holder = Holder(state);
        Assert.Null(Trust.TryCreate(_authority.Domain, [_authority.Bundle], out var trust));
        holder.Offer(trust!);
        return holder;
    }

    private IdentityHolder WithCertificate(StateFolder state)
    {
        var holder = Trusting(state);
        Assert.IsType<IdentityOutcome.Accepted>(holder.Offer(_authority.Sign(holder.Current.Staged.Request, Cart)));
        return holder;
    }
}
