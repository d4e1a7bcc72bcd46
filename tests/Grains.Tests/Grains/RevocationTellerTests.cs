using System.Collections.Immutable;
using MeshOrleans.Grains.Federation;
using MeshOrleans.Testing;

namespace MeshOrleans.Grains.Tests.Grains;

/// <summary>A grain of a foreign domain that is still in a silo of a former version.</summary>
public sealed class RevocationTellerTests
{
    private readonly ManualTimeProvider _clock = new();
    private readonly FormerGrain _former = new();

    [Fact]
    public async Task A_silo_that_does_not_know_the_request_is_no_failure_and_is_left_alone_for_a_while()
    {
        var teller = new RevocationTeller(_clock);

        Assert.IsType<LinkResult.Done>(await TellAsync(teller));
        Assert.IsType<LinkResult.Done>(await TellAsync(teller));
        Assert.Equal(1, _former.Asked);

        _clock.Advance(RevocationTeller.Patience);
        _former.IsUpgraded = true;
        Assert.IsType<LinkResult.Done>(await TellAsync(teller));
        Assert.IsType<LinkResult.Done>(await TellAsync(teller));

        Assert.Equal((3, 2), (_former.Asked, _former.Told));
    }

    [Fact]
    public async Task Any_other_failure_is_one()
    {
        _former.Failure = new TimeoutException();

        await Assert.ThrowsAsync<TimeoutException>(() => TellAsync(new RevocationTeller(_clock)));
    }

    private Task<LinkResult> TellAsync(RevocationTeller teller) => teller.TellAsync(_former, "west", ["list"], default);

    private sealed class FormerGrain : IPeerTrustGrain
    {
        // as Orleans 10 answers what it cannot resolve
        public Exception Failure { get; set; } = new TypeLoadException(
            "Unable to resolve type alias \"(\"inv\",[Orleans.Runtime.GrainReference],[mesh.IPeerTrustGrain],\"TellRevoked\")\".");

        public bool IsUpgraded { get; set; }

        public int Asked { get; private set; }

        public int Told { get; private set; }

        public Task<LinkResult> HoldAsync(
            string link, ImmutableArray<string> rootsPem, CancellationToken cancellationToken) =>
            Task.FromResult<LinkResult>(new LinkResult.Done());

        public Task<LinkResult> TellRevokedAsync(
            string link, ImmutableArray<string> crlsPem, CancellationToken cancellationToken)
        {
            Asked++;
            if (!IsUpgraded) return Task.FromException<LinkResult>(Failure);
            Told++;
            return Task.FromResult<LinkResult>(new LinkResult.Done());
        }

        public Task ReleaseAsync(string link, CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
