namespace MeshOrleans.Silo.Issuers;

/// <summary>Keys of an issuer could not be fetched, for a reason that an operator can do something about.</summary>
internal sealed class KeyFetchException(string message, Exception? inner = null) : Exception(message, inner);
