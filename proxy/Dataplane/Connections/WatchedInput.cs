using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;

namespace MeshOrleans.Proxy.Dataplane.Connections;

/// <summary>
/// An input that is carried as bytes though they may still turn out to begin with a request: then it fails, and nothing more
/// is passed on, so that no application ever gets the whole first line of a request that nobody has looked at.
/// </summary>
/// <param name="input">The input.</param>
/// <param name="onRequest">Is called once before it fails.</param>
internal sealed class WatchedInput(PipeReader input, Action onRequest) : InputOver(input)
{
    private RequestGuard _guard;
    private bool _isDecided;
    private ReadOnlySequence<byte> _shown;
    private long _known; // how much of what is shown next was looked at before

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        if (!_isDecided) _known = _shown.Slice(consumed).Length;
        base.AdvanceTo(consumed, examined);
    }

    protected override ReadResult Look(in ReadResult result)
    {
        if (_isDecided) return result;
        _shown = result.Buffer;
        foreach (var segment in result.Buffer.Slice(_known)) _guard.Add(segment.Span);
        switch (_guard.SpokenSoFar)
        {
            case SpokenProtocol.Incomplete or SpokenProtocol.Doubtful:
                break;
            case SpokenProtocol.Other:
                (_isDecided, _shown) = (true, default);
                break;
            default:
                onRequest();
                base.AdvanceTo(result.Buffer.Start, result.Buffer.Start); // as whoever is told of a failure does not
                throw new ConnectionAbortedException("What was carried as bytes is the beginning of a request.");
        }

        return result;
    }
}
