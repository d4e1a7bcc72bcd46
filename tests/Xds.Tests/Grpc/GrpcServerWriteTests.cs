using System.Buffers;
using System.IO.Pipelines;
using MeshOrleans.Xds.Protocol.Grpc;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace MeshOrleans.Xds.Tests.Grpc;

public sealed class GrpcServerWriteTests
{
    private const int Piece = 65_536;

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 1)]
    [InlineData(Piece, 1)]
    [InlineData(Piece + 1, 2)]
    [InlineData(1_000_000, 16)]
    public async Task A_serialized_message_is_written_in_pieces(int size, int pieces)
    {
        var message = new byte[size];
        new Random(1).NextBytes(message);
        var body = new RecordingBody();
        var context = new DefaultHttpContext();
        context.Features.Set<IHttpResponseBodyFeature>(body);
        var progress = 0;

        await new GrpcServerCall(context, 1, CancellationToken.None)
            .WriteAsync(new ReadOnlySequence<byte>(message), () => progress++, CancellationToken.None);

        Assert.Equal(message, body.Written.WrittenSpan[5..].ToArray());
        Assert.Equal(pieces - 1, progress); // of the last one the end of the call tells
        Assert.InRange(body.MostUnflushed, 5, Piece + 5);
    }

    private sealed class RecordingBody : PipeWriter, IHttpResponseBodyFeature
    {
        private long _unflushed;

        public ArrayBufferWriter<byte> Written { get; } = new();

        public long MostUnflushed { get; private set; }

        public Stream Stream => throw new NotSupportedException();

        public PipeWriter Writer => this;

        public override void Advance(int bytes)
        {
            Written.Advance(bytes);
            MostUnflushed = Math.Max(MostUnflushed, _unflushed += bytes);
        }

        public override Memory<byte> GetMemory(int sizeHint = 0) => Written.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => Written.GetSpan(sizeHint);

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
        {
            _unflushed = 0;
            return new(default(FlushResult));
        }

        public override void CancelPendingFlush()
        {
        }

        public override void Complete(Exception? exception = null)
        {
        }

        public Task CompleteAsync() => Task.CompletedTask;

        public void DisableBuffering()
        {
        }

        public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();

        public Task StartAsync(CancellationToken cancellationToken = default) => Task.CompletedTask;
    }
}
