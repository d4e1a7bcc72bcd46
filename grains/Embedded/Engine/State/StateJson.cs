using System.Reflection;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace MeshOrleans.Grains.Embedded;

/// <summary>How a state becomes text.</summary>
internal static class StateJson
{
    public static JsonSerializerOptions Options { get; } = Create();

    private static JsonSerializerOptions Create()
    {
        var options = new JsonSerializerOptions
        {
            AllowOutOfOrderMetadataProperties = true,
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            IncludeFields = true,
            NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
            TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { AddClosedSet, AddNonPublicSetters } },
            Converters = { new ImmutableArrayJsonConverterFactory() },
        };
        options.MakeReadOnly();
        return options;
    }

    /// <summary>An abstract record whose cases are nested in it is written with the name of the case.</summary>
    private static void AddClosedSet(JsonTypeInfo info)
    {
        if (!info.Type.IsAbstract || info.Type.IsInterface || info.Kind is not JsonTypeInfoKind.Object) return;
        if (info.PolymorphismOptions is not null) return;
        var cases = info.Type.GetNestedTypes(BindingFlags.Public | BindingFlags.NonPublic)
            .Where(t => t is { IsAbstract: false, ContainsGenericParameters: false } && t.IsSubclassOf(info.Type))
            .ToArray();
        if (cases.Length == 0) return;
        info.PolymorphismOptions = new JsonPolymorphismOptions();
        foreach (var type in cases) info.PolymorphismOptions.DerivedTypes.Add(new JsonDerivedType(type, type.Name));
    }

    /// <summary>A member with an [Id] is part of the state, whoever may set it.</summary>
    private static void AddNonPublicSetters(JsonTypeInfo info)
    {
        foreach (var property in info.Properties.Where(p => p.Set is null))
        {
            if (property.AttributeProvider is not PropertyInfo reflected || !reflected.IsDefined(typeof(IdAttribute)))
            {
                continue;
            }

            if (reflected.GetSetMethod(nonPublic: true) is { } setter)
                property.Set = (target, value) => setter.Invoke(target, [value]);
        }
    }
}
