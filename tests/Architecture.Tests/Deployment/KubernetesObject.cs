namespace MeshOrleans.Architecture.Tests.Deployment;

/// <summary>One object of a Kubernetes manifest.</summary>
internal sealed record KubernetesObject(Yaml Yaml)
{
    public string Kind => Yaml["kind"].Text;

    public string Name => Yaml["metadata"]["name"].Text;

    public string Namespace => Yaml["metadata"]["namespace"].Text;

    public string Where => $"{Kind} {Name}";

    public Yaml Spec => Yaml["spec"];

    /// <summary>The pods it makes; absent for what makes none.</summary>
    public Yaml Template => Spec["template"];

    public Yaml Pod => Template["spec"];

    public IReadOnlyDictionary<string, string> PodLabels => Labels(Template["metadata"]["labels"]);

    public IEnumerable<Yaml> Containers => Pod["initContainers"].Items.Concat(Pod["containers"].Items);

    public static IReadOnlyDictionary<string, string> Labels(Yaml map) =>
        map.Members.ToDictionary(m => m.Key, m => m.Value.Text);
}

/// <summary>Everything that deploy/kubernetes defines.</summary>
internal sealed class KubernetesObjects
{
    private KubernetesObjects(IEnumerable<KubernetesObject> objects) => All = [.. objects];

    public IReadOnlyList<KubernetesObject> All { get; }

    public IEnumerable<KubernetesObject> Workloads => All.Where(o => o.Template.Exists);

    public static KubernetesObjects Read(IEnumerable<string> texts) =>
        new(texts.SelectMany(Yaml.ReadAll).Select(y => new KubernetesObject(y)));

    public KubernetesObject? Find(string kind, string name) =>
        All.FirstOrDefault(o => o.Kind == kind && o.Name == name);

    /// <summary>The workloads whose pods a selector takes; an empty one takes none: it is always a mistake.</summary>
    public IEnumerable<KubernetesObject> Selected(Yaml labels)
    {
        var wanted = KubernetesObject.Labels(labels);
        return Workloads.Where(w => wanted.Count > 0
            && wanted.All(l => w.PodLabels.GetValueOrDefault(l.Key) == l.Value));
    }
}
