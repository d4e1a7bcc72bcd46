namespace Orleans.Runtime;

/// <summary>Something that has a grain's identity.</summary>
public interface IAddressable;

/// <summary>What a reference knows; implemented by the engine's call proxies.</summary>
internal interface IGrainReference
{
    GrainId GrainId { get; }
}
