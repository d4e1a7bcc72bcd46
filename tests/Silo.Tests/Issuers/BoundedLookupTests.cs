using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using MeshOrleans.Silo.Issuers;

namespace MeshOrleans.Silo.Tests.Issuers;

/// <summary>Names of which nobody knows the addresses, nor that there are none.</summary>
public sealed class BoundedLookupTests
{
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(30);

    private readonly Channel<(string Host, TaskCompletionSource<IPAddress[]> Answer)> _asked =
        Channel.CreateUnbounded<(string, TaskCompletionSource<IPAddress[]>)>();

    [Fact]
    public async Task A_lookup_that_nobody_waits_for_any_more_keeps_its_place_until_it_has_ended()
    {
        var lookup = new BoundedLookup(Ask, 2);
        using var impatient = new CancellationTokenSource();
        Task<IPAddress[]>[] given = [lookup.ResolveAsync("a.test", impatient.Token), lookup.ResolveAsync("b.test", impatient.Token)];
        var first = await AskedAsync("a.test");
        await AskedAsync("b.test");
        await impatient.CancelAsync();
        foreach (var task in given) await Assert.ThrowsAnyAsync<OperationCanceledException>(() => task);

        var third = lookup.ResolveAsync("c.test", CancellationToken.None);
        Assert.False(_asked.Reader.TryPeek(out _)); // it would have been asked by now: nothing is waited for
        first.SetException(new SocketException());
        (await AskedAsync("c.test")).SetResult([IPAddress.Loopback]);

        Assert.Equal([IPAddress.Loopback], await third.WaitAsync(_limit));
    }

    [Fact]
    public async Task A_name_that_is_being_looked_up_is_not_looked_up_twice_at_a_time()
    {
        var lookup = new BoundedLookup(Ask, 2);
        var first = lookup.ResolveAsync("a.test", CancellationToken.None);
        var again = lookup.ResolveAsync("a.test", CancellationToken.None);
        (await AskedAsync("a.test")).SetResult([IPAddress.Loopback]);

        Assert.Equal([IPAddress.Loopback], await first.WaitAsync(_limit));
        Assert.Equal([IPAddress.Loopback], await again.WaitAsync(_limit));
        Assert.False(_asked.Reader.TryPeek(out _));
        var later = lookup.ResolveAsync("a.test", CancellationToken.None);
        (await AskedAsync("a.test")).SetResult([]);
        Assert.Empty(await later.WaitAsync(_limit));
    }

    [Fact]
    public async Task What_a_lookup_throws_its_callers_get_and_the_next_asks_again()
    {
        var lookup = new BoundedLookup(Ask, 1);
        var first = lookup.ResolveAsync("a.test", CancellationToken.None);
        (await AskedAsync("a.test")).SetException(new SocketException());

        await Assert.ThrowsAsync<SocketException>(() => first.WaitAsync(_limit));
        var later = lookup.ResolveAsync("a.test", CancellationToken.None);
        (await AskedAsync("a.test")).SetResult([IPAddress.Loopback]);
        Assert.Single(await later.WaitAsync(_limit));
    }

    [Fact]
    public async Task An_address_needs_no_lookup()
    {
        var found = await new BoundedLookup(Ask, 1).ResolveAsync("::1", CancellationToken.None);

        Assert.Equal([IPAddress.IPv6Loopback], found);
        Assert.False(_asked.Reader.TryPeek(out _));
    }

    private Task<IPAddress[]> Ask(string host)
    {
        var answer = new TaskCompletionSource<IPAddress[]>(TaskCreationOptions.RunContinuationsAsynchronously);
        Assert.True(_asked.Writer.TryWrite((host, answer)));
        return answer.Task;
    }

    private async Task<TaskCompletionSource<IPAddress[]>> AskedAsync(string host)
    {
        var (asked, answer) = await _asked.Reader.ReadAsync().AsTask().WaitAsync(_limit);
        Assert.Equal(host, asked);
        return answer;
    }
}
