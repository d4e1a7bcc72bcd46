using System.Runtime.CompilerServices;

namespace MeshOrleans.Grains.Tests.Contract;

/// <summary>A grain with a stream that can be fed.</summary>
public interface IStreamProbe : IGrainWithStringKey
{
    IAsyncEnumerable<int> CountAsync(int to, CancellationToken cancellationToken = default);

    /// <summary>What was fed so far, and everything that is fed from now on.</summary>
    IAsyncEnumerable<int> FollowAsync(CancellationToken cancellationToken = default);

    IAsyncEnumerable<int> FailAfterOneAsync();

    Task FeedAsync(int number);

    Task DeactivateAsync();
}

internal sealed class StreamProbe : Grain, IStreamProbe
{
    private readonly List<int> _fed = [];
    private TaskCompletionSource _more = new();

    public async IAsyncEnumerable<int> CountAsync(
        int to, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        for (var i = 1; i <= to; i++)
        {
            if (i % 3 == 0) await Task.Yield();
            yield return i;
        }
    }

    public async IAsyncEnumerable<int> FollowAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        try
        {
            for (var next = 0; ; next++)
            {
                while (next == _fed.Count) await _more.Task.WaitAsync(cancellationToken);
                yield return _fed[next];
            }
        }
        finally
        {
            Journal.Note(this.GetPrimaryKeyString(), "stream ended");
        }
    }

    public async IAsyncEnumerable<int> FailAfterOneAsync()
    {
        yield return 1;
        await Task.Yield();
        throw new InvalidOperationException("no more");
    }

    public Task FeedAsync(int number)
    {
        _fed.Add(number);
        var waiting = _more;
        _more = new TaskCompletionSource();
        waiting.SetResult();
        return Task.CompletedTask;
    }

    public Task DeactivateAsync()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }
}
