using YamlDotNet.RepresentationModel;

namespace MeshOrleans.Architecture.Tests.Deployment;

/// <summary>One value of a YAML document. What is absent is empty, so that rules read without null checks.</summary>
internal readonly record struct Yaml(YamlNode? Node)
{
    private const string MergeKey = "<<";

    public bool Exists => Node is not null;

    public string Text => Node is YamlScalarNode { Value: { } value } ? value : "";

    public IEnumerable<Yaml> Items => Node is YamlSequenceNode list ? list.Children.Select(n => new Yaml(n)) : [];

    public IEnumerable<string> Texts => Items.Select(i => i.Text);

    /// <summary>The pairs of a mapping: its own, then those of what it merges in and does not replace.</summary>
    public IEnumerable<(string Key, Yaml Value)> Members => Own
        .Where(m => m.Key != MergeKey)
        .Concat(Own.Where(m => m.Key == MergeKey).SelectMany(m => Merged(m.Value)))
        .DistinctBy(m => m.Key);

    public Yaml this[string key] => Members.FirstOrDefault(m => m.Key == key).Value;

    public static IReadOnlyList<Yaml> ReadAll(string text)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(text));
        return [.. stream.Documents.Select(d => new Yaml(d.RootNode))];
    }

    /// <summary>A list of texts, or one text that stands for a list of one.</summary>
    public IReadOnlyList<string> TextOrTexts() => Node is YamlScalarNode ? [Text] : [.. Texts];

    private IEnumerable<(string Key, Yaml Value)> Own => Node is YamlMappingNode map
        ? map.Children.Select(c => (((YamlScalarNode)c.Key).Value ?? "", new Yaml(c.Value)))
        : [];

    private static IEnumerable<(string Key, Yaml Value)> Merged(Yaml value) =>
        value.Node is YamlSequenceNode ? value.Items.SelectMany(i => i.Members) : value.Members;
}
