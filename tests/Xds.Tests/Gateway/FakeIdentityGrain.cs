using System.Collections.Immutable;
using System.Threading.Channels;
using MeshOrleans.Grains.Identity;

namespace MeshOrleans.Xds.Tests.Gateway;

/// <summary>Signs anything at once with texts that name the serial, unless the test says otherwise.</summary>
internal sealed class FakeIdentityGrain : IIdentityGrain
{
    private int _serial;

    public ImmutableArray<CertificateView> Known { get; set; } = [];

    public Channel<IssueRequest> Requests { get; } = Channel.CreateUnbounded<IssueRequest>();

    /// <summary>Awaited before each signature.</summary>
    public Task Authority { get; set; } = Task.CompletedTask;

    /// <summary>Thrown by the next signature, once.</summary>
    public Exception? Failure { get; set; }

    public string? Refusal { get; set; }

    /// <summary>The answer to the next requests, whatever they are; null signs them.</summary>
    public IssueResult? Answer { get; set; }

    public DateTimeOffset RotateAt { get; set; } = DateTimeOffset.MaxValue;

    public long Generation { get; set; }

    public async Task<IssueResult> IssueAsync(IssueRequest request, CancellationToken cancellationToken)
    {
        Requests.Writer.TryWrite(request);
        await Authority.WaitAsync(cancellationToken);
        if (Failure is { } failure)
        {
            Failure = null;
            throw failure;
        }

        if (Answer is { } answer) return answer;
        if (Refusal is { } reason) return new IssueResult.Refused(reason);
        var serial = $"{Interlocked.Increment(ref _serial):X2}";
        var now = DateTimeOffset.UnixEpoch;
        var view = new CertificateView(request.NodeId, serial, "CN=fake", now, DateTimeOffset.MaxValue, RotateAt, Generation);
        return new IssueResult.Issued([$"leaf-{serial}", "intermediate"], view);
    }

    /// <summary>Whose node was asked about last, before anything is issued.</summary>
    public IssueRequest? Asked { get; private set; }

    public Task<IssueResult?> FindNodeFaultAsync(IssueRequest request, CancellationToken cancellationToken)
    {
        Asked = request;
        return Task.FromResult(Answer is IssueResult.Known or IssueResult.OtherNode or IssueResult.Superseded ? Answer : null);
    }

    public Task<string?> FindNodeAsync(string serial, CancellationToken cancellationToken) =>
        Task.FromResult(Known.FirstOrDefault(c => c.Serial == serial)?.NodeId);

    public Task<int> RotateAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<int> RotateOverAsync(TimeSpan spread, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<bool> ForgetAsync(string serial, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<ImmutableArray<CertificateView>> ListAsync(CancellationToken cancellationToken) => Task.FromResult(Known);
}
