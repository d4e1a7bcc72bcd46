using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using MeshOrleans.Proxy.Dataplane.Connections;

namespace MeshOrleans.Proxy.Tests.Dataplane;

public sealed class ReplayedInputTests
{
    [Fact]
    public async Task What_was_looked_at_is_there_at_once()
    {
        var pipe = new Pipe();
        var input = await LookedAtAsync(pipe, "PING");

        Assert.Equal("PING", Take(await input.ReadAsync(), input));
        Assert.False(input.TryRead(out _));

        await pipe.Writer.WriteAsync("!"u8.ToArray());
        Assert.Equal("!", Take(await input.ReadAsync(), input));
        pipe.Writer.Complete();
        var last = await input.ReadAsync();
        Assert.True(last is { IsCompleted: true, Buffer.IsEmpty: true });
    }

    [Fact]
    public async Task Whoever_examines_all_of_it_waits_for_more()
    {
        var pipe = new Pipe();
        var input = await LookedAtAsync(pipe, "PING");
        var seen = await input.ReadAsync();
        input.AdvanceTo(seen.Buffer.GetPosition(1), seen.Buffer.End);

        var more = input.ReadAsync();
        Assert.False(more.IsCompleted);
        await pipe.Writer.WriteAsync("!"u8.ToArray());

        Assert.Equal("ING!", Take(await more, input));
    }

    [Fact]
    public async Task A_wait_can_be_ended_and_nothing_is_lost_by_that()
    {
        var pipe = new Pipe();
        var input = await LookedAtAsync(pipe, "PING");
        var seen = await input.ReadAsync();
        input.AdvanceTo(seen.Buffer.GetPosition(1), seen.Buffer.End);

        var more = input.ReadAsync();
        input.CancelPendingRead();
        var canceled = await more;

        Assert.True(canceled.IsCanceled);
        Assert.Equal("ING", Take(canceled, input));
    }

    [Fact]
    public async Task However_it_is_written_and_read_the_bytes_are_the_same()
    {
        var random = new Random(20261129);
        for (var round = 0; round < 2_000; round++)
        {
            var sent = new byte[random.Next(1, 200)];
            random.NextBytes(sent);
            var begin = random.Next(1, sent.Length + 1);
            var pipe = new Pipe(new PipeOptions(minimumSegmentSize: 16, useSynchronizationContext: false));
            var input = await LookedAtAsync(pipe, Encoding.Latin1.GetString(sent[..begin]));
            for (var at = begin; at < sent.Length;)
            {
                var length = random.Next(1, sent.Length - at + 1);
                await pipe.Writer.WriteAsync(sent.AsMemory(at, length));
                at += length;
            }

            await pipe.Writer.CompleteAsync();
            Assert.Equal(sent, await ReadAsync(input, random));
        }
    }

    private static async Task<byte[]> ReadAsync(PipeReader input, Random random)
    {
        var got = new List<byte>();
        while (true)
        {
            if (random.Next(2) == 0 || !input.TryRead(out var result)) result = await input.ReadAsync();
            var taken = random.Next((int)result.Buffer.Length + 1);
            got.AddRange(result.Buffer.Slice(0, taken).ToArray());
            var isEnd = result.IsCompleted && taken == result.Buffer.Length;
            var examined = random.Next(taken, (int)result.Buffer.Length + 1);
            input.AdvanceTo(result.Buffer.GetPosition(taken), result.Buffer.GetPosition(examined));
            if (isEnd) return [.. got];
        }
    }

    private static async Task<PipeReader> LookedAtAsync(Pipe pipe, string text)
    {
        await pipe.Writer.WriteAsync(Encoding.Latin1.GetBytes(text));
        var result = await pipe.Reader.ReadAsync();
        var seen = result.Buffer.ToArray();
        pipe.Reader.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        return new ReplayedInput(pipe.Reader, seen);
    }

    private static string Take(in ReadResult result, PipeReader input)
    {
        var text = Encoding.Latin1.GetString(result.Buffer);
        input.AdvanceTo(result.Buffer.End);
        return text;
    }
}
