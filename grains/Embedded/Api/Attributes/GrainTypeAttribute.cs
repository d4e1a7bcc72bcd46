namespace Orleans;

/// <summary>
/// The name of a grain class in identities and in storage. Without it: the class name, less "Grain", in lower case.
/// </summary>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = false)]
public sealed class GrainTypeAttribute(string grainType) : Attribute
{
    public string GrainType { get; } = grainType;
}
