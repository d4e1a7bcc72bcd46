using System.Reflection;
using Xunit.Sdk;

namespace MeshOrleans.Interop.Tests.Foreign;

/// <summary>Runs a theory against one kind, or skips it and says why.</summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
public sealed class OnForeignAttribute : DataAttribute
{
    private readonly ForeignKind _kind;

    public OnForeignAttribute(ForeignKind kind)
    {
        _kind = kind;
        Skip = Prerequisites.Missing(kind)!; // null: not skipped
    }

    public override IEnumerable<object[]> GetData(MethodInfo testMethod) => [[_kind]];
}
