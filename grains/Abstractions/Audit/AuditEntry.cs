namespace MeshOrleans.Grains.Audit;

/// <summary>One change that somebody asked for. Nothing of what was sent is in it but its address, and whom it is about.</summary>
/// <param name="Number">1 for the first.</param>
/// <param name="Time">When it was answered.</param>
/// <param name="Caller">Who asked.</param>
/// <param name="Address">From where.</param>
/// <param name="Method">The HTTP method.</param>
/// <param name="Path">The path, without the query.</param>
/// <param name="Status">What was answered.</param>
/// <param name="Revision">The revision of the configuration that it made; null when none.</param>
/// <param name="Gateway">The process that was asked.</param>
/// <param name="Subject">
/// What the change is about where the path does not say it, such as the service account of a token; never a secret, at most
/// <see cref="MaxSubject"/> characters. Empty in entries of former versions.
/// </param>
[GenerateSerializer, Immutable, Alias("mesh.AuditEntry")]
public sealed record AuditEntry(
    [property: Id(0)] long Number,
    [property: Id(1)] DateTimeOffset Time,
    [property: Id(2)] string Caller,
    [property: Id(3)] string Address,
    [property: Id(4)] string Method,
    [property: Id(5)] string Path,
    [property: Id(6)] int Status,
    [property: Id(7)] long? Revision,
    [property: Id(8)] string Gateway,
    [property: Id(9)] string Subject = "")
{
    /// <summary>How many entries are kept.</summary>
    /// <value>4096.</value>
    public const int MaxKept = 4096;

    /// <summary>The longest subject.</summary>
    /// <value>256 characters.</value>
    public const int MaxSubject = 256;

    /// <summary>How many are appended at once, and how many one segment holds.</summary>
    /// <value>32.</value>
    public const int MaxAtOnce = 32;
}
