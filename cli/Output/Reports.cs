using System.Text.Json;
using MeshOrleans.Cli.Connection;

namespace MeshOrleans.Cli.Output;

/// <summary>Shows an answer in the format that was asked for.</summary>
internal static class Reports
{
    /// <summary>Writes the answer itself when JSON or YAML was asked for; false when people are to be told.</summary>
    public static bool TryWriteRaw(CliHost host, OutputFormat format, string json)
    {
        switch (format)
        {
            case OutputFormat.Json:
                WriteText(host, json);
                return true;
            case OutputFormat.Yaml:
                WriteText(host, ToYaml(json));
                return true;
            default:
                return false;
        }
    }

    public static bool TryWriteRaw(CliHost host, OutputFormat format, ApiAnswer answer) =>
        TryWriteRaw(host, format, answer.Text);

    /// <summary>Writes text as it is; what is not empty ends with a line break.</summary>
    public static void WriteText(CliHost host, string text)
    {
        host.Out.Write(text);
        if (text.Length > 0 && !text.EndsWith('\n')) host.Out.Write('\n');
    }

    private static string ToYaml(string json)
    {
        try
        {
            return YamlText.FromJson(json);
        }
        catch (JsonException exception)
        {
            throw new CliException($"the control plane's answer is not JSON: {exception.Message}");
        }
    }
}
