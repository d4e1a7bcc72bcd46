namespace MeshOrleans.Silo.Storage;

/// <summary>The store cannot be used. The message is one line: which file, what is wrong, what to do.</summary>
internal sealed class StorageException(string message, Exception? innerException = null)
    : IOException(message, innerException);
