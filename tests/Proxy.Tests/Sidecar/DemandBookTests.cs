using MeshOrleans.Proxy.Sidecar.Demands;
using MeshOrleans.Testing;

namespace MeshOrleans.Proxy.Tests.Sidecar;

/// <summary>Who waits for a host that the model lacks, for how long, and how often it is asked for.</summary>
public sealed class DemandBookTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);
    private readonly ManualTimeProvider _clock = new();
    private readonly HashSet<string> _ready = [];
    private readonly HashSet<string> _unresolved = [];
    private readonly Line _line = new();
    private readonly DemandBook _book;

    public DemandBookTests() => _book = new DemandBook(
        (host, port) => _ready.Contains($"{host}:{port}"), (host, port) => _unresolved.Contains($"{host}:{port}"), _clock);

    public void Dispose() => _book.Dispose();

    [Fact]
    public async Task A_hundred_requests_ask_once_and_go_on_when_the_model_has_the_host()
    {
        _book.Attach(_line);

        var waiting = Enumerable.Range(0, 100).Select(_ => Wait("b")).ToArray();
        Assert.DoesNotContain(waiting, w => w.IsCompleted);
        Become("b:80");

        await Task.WhenAll(waiting).WaitAsync(Limit);
        Assert.Equal(["b:80"], _line.Asked);
        Assert.Equal((new DemandCounts(1, 1, 0), 0), (_book.Counts, _book.Parked));
    }

    [Fact]
    public async Task A_host_that_is_not_there_is_not_asked_for_again_for_ten_seconds()
    {
        _book.Attach(_line);
        var first = Wait("nobody");
        _book.Answered([], ["nobody:80"]);
        await first.WaitAsync(Limit);

        _clock.Advance(DemandBook.Memory - TimeSpan.FromMilliseconds(1));
        Assert.True(Wait("nobody").IsCompletedSuccessfully);
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        var second = Wait("nobody");

        Assert.False(second.IsCompleted);
        Assert.Equal(["nobody:80", "nobody:80"], _line.Asked);
    }

    [Fact]
    public async Task Nobody_waits_longer_than_a_second()
    {
        _book.Attach(_line);
        var first = Wait("b");

        _clock.Advance(DemandBook.Patience - TimeSpan.FromMilliseconds(1));
        Assert.False(first.IsCompleted);
        _clock.Advance(TimeSpan.FromMilliseconds(1));

        await first.WaitAsync(Limit);
        Assert.True(Wait("b").IsCompletedSuccessfully); // nor does the next, for some time
        Become("b:80");
        Assert.Equal(new DemandCounts(1, 0, 1), _book.Counts);
    }

    [Fact]
    public void Without_a_stream_nobody_waits_at_all()
    {
        Assert.True(Wait("b").IsCompletedSuccessfully);
        _book.Attach(_line);
        _book.Detach(_line);
        _clock.Advance(DemandBook.Patience);

        Assert.True(Wait("c").IsCompletedSuccessfully);
        Assert.Empty(_line.Asked);
    }

    [Fact]
    public async Task What_waits_while_the_stream_breaks_is_asked_for_on_the_next()
    {
        _book.Attach(_line);
        var before = Wait("b");
        _book.Detach(_line);
        var meanwhile = Wait("c"); // a stream that was there a moment ago is most likely back at once

        var opening = _book.Opening();
        var next = new Line();
        var late = Wait("d");
        _book.Attach(next);
        Assert.False(before.IsCompleted || meanwhile.IsCompleted || late.IsCompleted);
        Become("b:80", "c:80", "d:80");

        await Task.WhenAll(before, meanwhile, late).WaitAsync(Limit);
        Assert.Equal(["b:80", "c:80"], opening);
        Assert.Equal(["d:80"], next.Asked); // the others went with the opening
    }

    [Fact]
    public void The_end_of_an_older_stream_does_not_take_the_newer_one()
    {
        var next = new Line();
        _book.Attach(_line);
        _book.Attach(next);
        _book.Detach(_line);

        _ = Wait("b");

        Assert.Equal(["b:80"], next.Asked);
    }

    [Fact]
    public async Task A_new_stream_begins_with_what_was_called_on_the_old_one()
    {
        _book.Attach(_line);
        var waiting = Wait("b");
        Become("b:80");
        _book.Answered(["b:80"], []);
        await waiting.WaitAsync(Limit);

        Assert.Equal(["b:80"], _book.Opening());
    }

    [Fact]
    public async Task An_answer_without_a_model_that_follows_lets_the_request_go()
    {
        _book.Attach(_line);
        var refused = Wait("b"); // this sidecar has refused what came of it

        _book.Answered(["b:80"], []);

        await refused.WaitAsync(Limit);
    }

    [Fact]
    public async Task A_host_whose_addresses_DNS_still_owes_waits_for_those()
    {
        _unresolved.Add("b:80");
        _book.Attach(_line);
        var waiting = Wait("b");

        _book.Answered(["b:80"], []);
        Assert.False(waiting.IsCompleted);
        Become("b:80");

        await waiting.WaitAsync(Limit);
        Assert.Equal(1, _book.Counts.Found);
    }

    [Fact]
    public void A_host_that_came_before_the_question_is_not_asked_for()
    {
        _book.Attach(_line);
        Become("b:80");

        Assert.True(Wait("b").IsCompletedSuccessfully);
        Assert.Empty(_line.Asked);
    }

    [Fact]
    public async Task Who_gives_up_no_longer_waits_and_the_others_do()
    {
        using var caller = new CancellationTokenSource();
        _book.Attach(_line);
        var (gone, here) = (_book.WaitAsync("b", 80, caller.Token), Wait("b"));

        await caller.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone.WaitAsync(Limit));

        Assert.Equal((1, false), (_book.Parked, here.IsCompleted));
    }

    [Fact]
    public void Only_so_many_requests_wait()
    {
        _book.Attach(_line);
        var waiting = Enumerable.Range(0, DemandBook.MaxParked).Select(_ => Wait("b")).ToArray();

        Assert.True(Wait("b").IsCompletedSuccessfully);
        Assert.True(Wait("c").IsCompletedSuccessfully);
        Assert.DoesNotContain(waiting, w => w.IsCompleted);
    }

    [Fact]
    public void Who_calls_very_many_hosts_asks_for_several_at_a_time()
    {
        _book.Attach(_line);
        for (var i = 0; i < 200; i++) _ = Wait($"h{i}");
        Assert.Equal(50, _line.Messages);

        _clock.Advance(TimeSpan.FromMilliseconds(100));

        Assert.Equal((51, 200), (_line.Messages, _line.Asked.Distinct().Count()));
    }

    [Theory]
    [InlineData("a b")]
    [InlineData("a\u00e9")]
    [InlineData("a/b")]
    [InlineData("")]
    public void What_is_no_name_is_not_asked_for(string host)
    {
        _book.Attach(_line);

        Assert.True(Wait(host).IsCompletedSuccessfully);
        Assert.True(Wait(new string('a', 256)).IsCompletedSuccessfully);
        Assert.Empty(_line.Asked);
    }

    [Fact]
    public async Task The_end_of_the_sidecar_lets_everybody_go()
    {
        _book.Attach(_line);
        var waiting = Wait("b");

        _book.Dispose();

        await waiting.WaitAsync(Limit);
    }

    private Task Wait(string host) => _book.WaitAsync(host, 80, CancellationToken.None);

    private void Become(params string[] ready)
    {
        _ready.UnionWith(ready);
        _book.ModelChanged();
    }

    private sealed class Line : IDemandLine
    {
        public List<string> Asked { get; } = [];

        public int Messages { get; private set; }

        public void Ask(IReadOnlyCollection<string> names)
        {
            Messages++;
            Asked.AddRange(names);
        }
    }
}
