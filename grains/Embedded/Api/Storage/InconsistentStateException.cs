
namespace Orleans.Storage;

/// <summary>
/// Somebody else wrote the record in between. When it leaves a grain call the activation ends, so that the next call
/// reads what was really saved.
/// </summary>
public class InconsistentStateException : OrleansException
{
    public InconsistentStateException()
    {
    }

    public InconsistentStateException(string message) : base(message)
    {
    }

    public InconsistentStateException(string message, Exception? innerException) : base(message, innerException!)
    {
    }

    public InconsistentStateException(string errorMsg, string? storedEtag, string? currentEtag)
        : this(errorMsg, storedEtag, currentEtag, null)
    {
    }

    public InconsistentStateException(
        string errorMsg, string? storedEtag, string? currentEtag, Exception? storageException)
        : base(errorMsg, storageException!)
    {
        StoredEtag = storedEtag;
        CurrentEtag = currentEtag;
    }

    public InconsistentStateException(string? storedEtag, string? currentEtag, Exception storageException)
        : this(storageException?.Message ?? "", storedEtag, currentEtag, storageException)
    {
    }

    /// <summary>The version found in the store.</summary>
    public string? StoredEtag { get; private set; }

    /// <summary>The version the writer held.</summary>
    public string? CurrentEtag { get; private set; }

    /// <summary>True until the activation that did the write has been told.</summary>
    internal bool IsSourceActivation { get; set; } = true;
}
