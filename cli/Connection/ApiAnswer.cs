using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace MeshOrleans.Cli.Connection;

/// <summary>A successful answer: its text as it came.</summary>
internal sealed record ApiAnswer(string Text)
{
    /// <exception cref="CliException">The text is not what this version expects.</exception>
    public T Read<T>(JsonTypeInfo<T> type)
    {
        try
        {
            return JsonSerializer.Deserialize(Text, type) ?? throw new JsonException("it is null");
        }
        catch (JsonException exception)
        {
            throw new CliException(
                $"the control plane's answer is not understood ({exception.Message}); "
                + "is it of another version than meshctl?");
        }
    }
}
