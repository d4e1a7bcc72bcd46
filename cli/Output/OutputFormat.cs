namespace MeshOrleans.Cli.Output;

/// <summary>How an answer is shown.</summary>
internal enum OutputFormat
{
    /// <summary>For people, within 120 columns.</summary>
    Table,

    /// <summary>Exactly what the API answered.</summary>
    Json,

    /// <summary>The API's answer as YAML.</summary>
    Yaml,

    /// <summary>For people, with every column.</summary>
    Wide,
}
