namespace MeshOrleans.Silo.Schema;

/// <summary>The database cannot be used as it is. The message is one line: what is wrong, what to do.</summary>
public sealed class SchemaException(string message, Exception? innerException = null)
    : IOException(message, innerException);
