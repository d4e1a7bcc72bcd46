using MeshOrleans.Model.Evaluation;

namespace MeshOrleans.Proxy.Dataplane.Authorizers;

/// <summary>What an authorizer says.</summary>
internal enum CheckVerdict
{
    /// <summary>Nothing that could be used.</summary>
    Failed,

    /// <summary>It could not be asked, and that lies in the request: nobody is let in by making it so.</summary>
    Unasked,

    /// <summary>The request may go on.</summary>
    Allowed,

    /// <summary>It may not.</summary>
    Denied,
}

/// <summary>One header that an answer changes.</summary>
internal readonly record struct HeaderChange(string Name, string Value, HeaderAppendAction Action);

/// <summary>The answer of an authorizer, checked: names and values are such that they can be written as they are.</summary>
internal sealed class CheckAnswer
{
    private CheckAnswer(CheckVerdict verdict, string reason = "") => (Verdict, Reason) = (verdict, reason);

    public CheckVerdict Verdict { get; }

    /// <summary>Why there is no usable answer; empty when there is one.</summary>
    public string Reason { get; }

    /// <summary>The status of a refusal.</summary>
    public int Status { get; private init; }

    /// <summary>The body of a refusal.</summary>
    public ReadOnlyMemory<byte> Body { get; private init; }

    /// <summary>What is taken out of the request that goes on.</summary>
    public IReadOnlyList<string> Removed { get; private init; } = [];

    /// <summary>What is put into it after that.</summary>
    public IReadOnlyList<HeaderChange> Request { get; private init; } = [];

    /// <summary>What is put into the response, whoever gives it.</summary>
    public IReadOnlyList<HeaderChange> Response { get; private init; } = [];

    public static CheckAnswer Failed(string reason) => new(CheckVerdict.Failed, reason);

    public static CheckAnswer Unasked(string reason) => new(CheckVerdict.Unasked, reason);

    public static CheckAnswer Allowed(
        IReadOnlyList<string> removed, IReadOnlyList<HeaderChange> request, IReadOnlyList<HeaderChange> response) =>
        new(CheckVerdict.Allowed) { Removed = removed, Request = request, Response = response };

    public static CheckAnswer Denied(int status, IReadOnlyList<HeaderChange> response, ReadOnlyMemory<byte> body) =>
        new(CheckVerdict.Denied) { Status = status, Response = response, Body = body };
}
