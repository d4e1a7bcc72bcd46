namespace MeshOrleans.Grains.Identity;

/// <summary>What is wrong with something that is tried again and again: it is told when it is new, not at each try.</summary>
internal sealed class ToldOnce
{
    /// <summary>What is wrong; empty when nothing is.</summary>
    public string Fault { get; private set; } = "";

    /// <summary>Whether this was not said before.</summary>
    public bool IsNew(string fault)
    {
        if (fault == Fault) return false;
        Fault = fault;
        return fault.Length > 0;
    }

    /// <summary>All is well: the same fault is new again.</summary>
    public void Clear() => Fault = "";
}
