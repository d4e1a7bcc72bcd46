namespace MeshOrleans.Silo.Schema;

/// <summary>The database cannot be used as it is. The message is one line: what is wrong, what to do.</summary>
/// <param name="message">The line.</param>
/// <param name="mayPass">Whether it may be over in a moment: the server is starting, or somebody makes the tables.</param>
/// <param name="innerException">What the database's client said.</param>
public sealed class SchemaException(string message, bool mayPass = false, Exception? innerException = null)
    : IOException(message, innerException)
{
    /// <summary>Whether trying again in a moment may help.</summary>
    public bool MayPass { get; } = mayPass;
}
