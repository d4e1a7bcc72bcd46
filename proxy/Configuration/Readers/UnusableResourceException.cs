using MeshOrleans.Model.Validation;

namespace MeshOrleans.Proxy.Configuration.Readers;

/// <summary>
/// A resource asks for something this sidecar does not do, or contradicts itself; the text goes into the
/// NACK.
/// </summary>
internal sealed class UnusableResourceException(FieldPath field, string problem)
    : Exception(field.Text.Length == 0 ? problem : $"{field}: {problem}");
