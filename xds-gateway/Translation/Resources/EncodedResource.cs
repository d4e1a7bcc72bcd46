using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MeshOrleans.Xds.Protocol;

namespace MeshOrleans.Xds.Translation.Resources;

/// <summary>One resource as it goes onto the wire: serialized once, the same bytes for every stream.</summary>
/// <param name="Name">The resource's name.</param>
/// <param name="Version">Hash of its content.</param>
/// <param name="AnyBytes">A serialized <c>google.protobuf.Any</c> that holds the resource.</param>
public sealed record EncodedResource(string Name, string Version, ReadOnlyMemory<byte> AnyBytes)
{
    /// <summary>Serializes a message. Maps are written in the order in which they were filled.</summary>
    public static EncodedResource Of(string name, IMessage message)
    {
        var any = new Any { TypeUrl = TypeUrls.Of(message), Value = message.ToByteString() };
        var bytes = any.ToByteArray();
        return new EncodedResource(name, ContentVersion.Of(bytes), bytes);
    }

    /// <summary>Reads the bytes back, for listings and tests.</summary>
    public Any ToAny() => Any.Parser.ParseFrom(AnyBytes.Span);

    /// <inheritdoc/>
    public bool Equals(EncodedResource? other) => other is not null && Name == other.Name && Version == other.Version;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Name, Version);
}
