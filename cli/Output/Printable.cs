namespace MeshOrleans.Cli.Output;

/// <summary>Text of others (names, messages) as it may be shown: nothing in it commands the terminal.</summary>
internal static class Printable
{
    public static string Of(string? text) => string.IsNullOrEmpty(text) || !text.Any(char.IsControl)
        ? text ?? ""
        : string.Create(text.Length, text, static (span, source) =>
        {
            for (var i = 0; i < span.Length; i++) span[i] = char.IsControl(source[i]) ? ' ' : source[i];
        });
}
