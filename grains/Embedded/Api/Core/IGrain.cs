
namespace Orleans;

/// <summary>A virtual actor.</summary>
public interface IGrain : IAddressable;

/// <summary>A grain named by a string.</summary>
public interface IGrainWithStringKey : IGrain;
