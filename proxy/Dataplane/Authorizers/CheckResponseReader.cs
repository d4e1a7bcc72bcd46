using MeshOrleans.Model.Evaluation;
using MeshOrleans.Proxy.Dataplane.Grpc;

namespace MeshOrleans.Proxy.Dataplane.Authorizers;

/// <summary>Reads a framed <c>envoy.service.auth.v3.CheckResponse</c>.</summary>
/// <remarks>
/// Field numbers: envoy.service.auth.v3, envoy.config.core.v3.HeaderValueOption, google.rpc.Status. An answer that says
/// neither that the request is allowed nor that it is not is none, where Envoy takes silence for consent.
/// </remarks>
internal static class CheckResponseReader
{
    private const int MaxChanges = 256;
    private const int Forbidden = 403;
    private static readonly CheckAnswer Malformed = CheckAnswer.Failed("its answer cannot be read");

    public static CheckAnswer Read(ReadOnlyMemory<byte> frame)
    {
        if (!GrpcFrame.TryRead(frame.Span, out var message)) return Malformed;
        var reader = new WireReader(message);
        ReadOnlySpan<byte> status = default, denied = default, ok = default;
        var (hasStatus, hasDenied, hasOk) = (false, false, false);
        while (reader.Read())
        {
            if (!reader.IsBytes) continue;
            switch (reader.Field)
            {
                case 1 when !hasStatus:
                    status = reader.Bytes;
                    hasStatus = true;
                    break;
                case 2 when !hasDenied:
                    denied = reader.Bytes;
                    hasDenied = true;
                    break;
                case 3 when !hasOk:
                    ok = reader.Bytes;
                    hasOk = true;
                    break;
                case 1 or 2 or 3:
                    return Malformed; // twice: readers differ in which of them counts
            }
        }

        if (reader.IsMalformed || !TryCode(status, out var code)) return Malformed;
        if (!hasStatus && !hasOk) return CheckAnswer.Failed("its answer says neither yes nor no");
        return code == 0 ? Allowed(ok) : Denied(denied);
    }

    private static bool TryCode(ReadOnlySpan<byte> message, out ulong code)
    {
        code = 0;
        var reader = new WireReader(message);
        while (reader.Read())
        {
            if (reader.Field == 1) code = reader.IsBytes ? 1 : reader.Number;
        }

        return !reader.IsMalformed;
    }

    private static CheckAnswer Allowed(ReadOnlySpan<byte> message)
    {
        var (removed, request, response) = (new List<string>(), new List<HeaderChange>(), new List<HeaderChange>());
        var reader = new WireReader(message);
        while (reader.Read())
        {
            if (!reader.IsBytes) continue;
            switch (reader.Field)
            {
                case 2:
                    if (!TryChange(reader.Bytes, HeaderAppendAction.Overwrite, request, AnswerHeaders.MayChangeRequest)) return Malformed;
                    break;
                case 7 or 8: // what is asked of the application would not be what the authorizer has allowed
                    return CheckAnswer.Failed("its answer changes query parameters, which is not done here");
                case 5:
                    var name = reader.Text();
                    if (AnswerHeaders.MayChangeRequest(name)) removed.Add(name);
                    break;
                case 6:
                    if (!TryChange(reader.Bytes, HeaderAppendAction.Append, response, AnswerHeaders.MayChangeResponse)) return Malformed;
                    break;
            }
        }

        return reader.IsMalformed || removed.Count > MaxChanges ? Malformed : CheckAnswer.Allowed(removed, request, response);
    }

    private static CheckAnswer Denied(ReadOnlySpan<byte> message)
    {
        var (status, body) = (Forbidden, Array.Empty<byte>());
        var response = new List<HeaderChange>();
        var reader = new WireReader(message);
        while (reader.Read())
        {
            if (!reader.IsBytes) continue;
            switch (reader.Field)
            {
                case 1:
                    if (!TryCode(reader.Bytes, out var code)) return Malformed;
                    status = code is >= 200 and <= 599 ? (int)code : Forbidden;
                    break;
                case 2:
                    if (!TryChange(reader.Bytes, HeaderAppendAction.Overwrite, response, AnswerHeaders.MayChangeResponse)) return Malformed;
                    break;
                case 3:
                    body = reader.Bytes.ToArray();
                    break;
            }
        }

        return reader.IsMalformed ? Malformed : CheckAnswer.Denied(status, response, body);
    }

    private static bool TryChange(
        ReadOnlySpan<byte> message, HeaderAppendAction action, List<HeaderChange> changes, Func<string, bool> isAllowed)
    {
        var (name, value) = ("", "");
        bool? append = null;
        var reader = new WireReader(message);
        while (reader.Read())
        {
            switch (reader.Field)
            {
                case 1 when reader.IsBytes:
                    if (!TryHeader(reader.Bytes, out name, out value)) return false;
                    break;
                case 2 when reader.IsBytes:
                    if (!TryCode(reader.Bytes, out var flag)) return false;
                    append = flag != 0;
                    break;
                case 3 when !reader.IsBytes:
                    if (reader.Number > 0) action = Action(reader.Number);
                    break;
            }
        }

        if (reader.IsMalformed) return false;
        if (name.StartsWith(':')) return true; // where a request goes is not for the authorizer to say
        if (append is { } appends) action = appends ? HeaderAppendAction.Append : HeaderAppendAction.Overwrite;
        if (!AnswerHeaders.IsWritable(name, value) || changes.Count == MaxChanges) return false;
        if (isAllowed(name)) changes.Add(new HeaderChange(name, value, action));
        return true;
    }

    private static HeaderAppendAction Action(ulong number) => number switch
    {
        1 => HeaderAppendAction.AddIfAbsent,
        3 => HeaderAppendAction.OverwriteIfExists,
        _ => HeaderAppendAction.Overwrite,
    };

    private static bool TryHeader(ReadOnlySpan<byte> message, out string name, out string value)
    {
        (name, value) = ("", "");
        var reader = new WireReader(message);
        while (reader.Read())
        {
            if (!reader.IsBytes) continue;
            if (reader.Field == 1) name = reader.Text();
            else if (reader.Field is 2 or 3 && reader.Bytes.Length > 0) value = reader.Text();
        }

        return !reader.IsMalformed;
    }
}
