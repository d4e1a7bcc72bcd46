using System.Collections;
using System.Collections.Immutable;
using System.Globalization;
using System.Reflection;

namespace MeshOrleans.Grains.Tests.Contract;

/// <summary>
/// Makes a value of any message or saved state with every member set to something that is not its default, and writes any
/// value down, so that two can be compared member by member.
/// </summary>
internal sealed class SampleValues
{
    private int _last;

    /// <summary>A value of a type; of a closed set of records, one of the given case.</summary>
    public object Make(Type type)
    {
        var number = ++_last;
        if (Nullable.GetUnderlyingType(type) is { } inner) return Make(inner);
        if (type == typeof(string)) return $"text {number}";
        if (type == typeof(bool)) return true;
        if (type == typeof(TimeSpan)) return TimeSpan.FromSeconds(number);
        if (type == typeof(DateTimeOffset)) return DateTimeOffset.UnixEpoch.AddSeconds(number).ToOffset(TimeSpan.FromHours(1));
        if (type.IsEnum) return Enum.GetValues(type).Cast<object>().Last();
        if (type.IsPrimitive) return Convert.ChangeType(number % 100, type, CultureInfo.InvariantCulture);
        if (type.IsGenericType) return MakeCollection(type);
        return type.IsAbstract ? Make(CasesOf(type)[0]) : MakeRecord(type);
    }

    /// <summary>The cases of a closed set of records.</summary>
    public static Type[] CasesOf(Type type) => type.GetNestedTypes().Where(t => t.BaseType == type).ToArray();

    /// <summary>The value with all that is in it.</summary>
    public static string Write(object? value) => value switch
    {
        null => "null",
        string text => $"'{text}'",
        IFormattable plain => plain.ToString(value is DateTimeOffset ? "O" : null, CultureInfo.InvariantCulture),
        bool truth => truth.ToString(),
        IEnumerable items => $"[{string.Join(", ", items.Cast<object?>().Select(Write).Order(StringComparer.Ordinal))}]",
        Exception exception => $"{exception.GetType().Name}({exception.Message})",
        _ => $"{value.GetType().Name}({string.Join(", ", Stored(value.GetType()).Select(p => $"{p.Name}={Write(p.GetValue(value))}"))})",
    };

    private static IEnumerable<PropertyInfo> Stored(Type type) => type
        .GetProperties(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
        .Where(p => p.GetIndexParameters().Length == 0 && p.Name != "EqualityContract");

    private object MakeCollection(Type type)
    {
        var arguments = type.GetGenericArguments();
        var name = type.GetGenericTypeDefinition();
        if (name == typeof(ImmutableArray<>)) return Collect(typeof(ImmutableArray), arguments[0]);
        if (name == typeof(ImmutableHashSet<>)) return Collect(typeof(ImmutableHashSet), arguments[0]);
        if (name != typeof(ImmutableDictionary<,>)) throw new NotSupportedException($"No sample of {type}: add one.");
        var map = type.GetField("Empty")!.GetValue(null)!;
        var set = type.GetMethod("SetItem", arguments)!;
        for (var i = 0; i < 2; i++) map = set.Invoke(map, [Make(arguments[0]), Make(arguments[1])])!;
        return map;
    }

    private object Collect(Type factory, Type item)
    {
        var items = Array.CreateInstance(item, 2);
        for (var i = 0; i < items.Length; i++) items.SetValue(Make(item), i);
        return factory.GetMethods().Single(m => m.Name == "Create" && m.GetParameters() is [{ ParameterType: { IsArray: true } }])
            .MakeGenericMethod(item).Invoke(null, [items])!;
    }

    private object MakeRecord(Type type)
    {
        if (typeof(Exception).IsAssignableFrom(type)) return Activator.CreateInstance(type, $"text {++_last}")!;
        var constructor = type.GetConstructors().OrderByDescending(c => c.GetParameters().Length).First();
        var value = constructor.Invoke([.. constructor.GetParameters().Select(p => Make(p.ParameterType))]);
        foreach (var property in Stored(type).Where(p => p.CanWrite)) property.SetValue(value, Make(property.PropertyType));
        return value;
    }
}
