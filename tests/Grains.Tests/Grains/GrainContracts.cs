using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;

namespace MeshOrleans.Grains.Tests.Grains;

/// <summary>
/// Writes down what must stay readable by another version of this program: the names under which grains are called,
/// and the numbers under which the members of messages and saved states travel.
/// </summary>
internal static class GrainContracts
{
    private static readonly Assembly[] _assemblies = [typeof(MeshKeys).Assembly, typeof(StorageNames).Assembly];

    public static IEnumerable<Type> Interfaces => Types
        .Where(t => t.IsInterface && typeof(IGrainWithStringKey).IsAssignableFrom(t))
        .OrderBy(t => t.FullName, StringComparer.Ordinal);

    public static IEnumerable<Type> Messages => Types
        .Where(t => t.IsDefined(typeof(GenerateSerializerAttribute), inherit: false))
        .OrderBy(Alias, StringComparer.Ordinal);

    private static IEnumerable<Type> Types => _assemblies.SelectMany(a => a.GetTypes());

    public static string Describe()
    {
        var text = new StringBuilder();
        foreach (var type in Interfaces)
        {
            text.Append("interface ").Append(Alias(type)).Append('\n');
            foreach (var method in type.GetMethods().OrderBy(Alias, StringComparer.Ordinal))
            {
                var parameters = method.GetParameters().Select(p => $"{Name(p.ParameterType)} {p.Name}");
                text.Append($"  {Alias(method)}({string.Join(", ", parameters)}): {Name(method.ReturnType)}\n");
            }
        }

        foreach (var type in Messages)
        {
            text.Append(type.IsEnum ? "enum " : "message ").Append(Alias(type)).Append('\n');
            var members = type.IsEnum
                ? Enum.GetValues(type).Cast<object>().Select(v => $"{Convert.ToInt64(v, null)} {v}")
                : Members(type).OrderBy(m => m.Id).Select(m => $"{m.Id} {m.Property.Name}: {Name(m.Property.PropertyType)}");
            foreach (var member in members) text.Append("  ").Append(member).Append('\n');
        }

        return text.ToString();
    }

    public static IEnumerable<(uint Id, PropertyInfo Property)> Members(Type type) =>
        from property in Properties(type)
        let id = property.GetCustomAttribute<IdAttribute>()
        where id is not null
        select (id.Id, property);

    /// <summary>Members that would be lost on the way: stored, but without a number.</summary>
    public static IEnumerable<PropertyInfo> Unnumbered(Type type) => Properties(type)
        .Where(p => !p.IsDefined(typeof(IdAttribute)))
        .Where(p => type.GetField($"<{p.Name}>k__BackingField", BindingFlags.Instance | BindingFlags.NonPublic)
            ?.IsDefined(typeof(CompilerGeneratedAttribute)) == true);

    public static string? FindAlias(MemberInfo member) => member.GetCustomAttributes<AliasAttribute>(inherit: false).SingleOrDefault()?.Alias;

    private static string Alias(MemberInfo member) => FindAlias(member) ?? $"(no alias) {member.Name}";

    private static PropertyInfo[] Properties(Type type) => type.GetProperties(
        BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly);

    private static string Name(Type type)
    {
        if (Nullable.GetUnderlyingType(type) is { } inner) return $"{Name(inner)}?";
        if (!type.IsGenericType) return FindAlias(type) ?? type.Name;
        return $"{type.Name.Split('`')[0]}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>";
    }
}
