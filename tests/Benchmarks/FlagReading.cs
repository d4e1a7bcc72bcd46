using System.Globalization;

namespace MeshOrleans.Benchmarks;

/// <summary>Puts one flag with its value into the arguments; says in <paramref name="error"/> what is wrong with it.</summary>
internal delegate T FlagSetter<T>(T arguments, string flag, string value, ref string error);

/// <summary>What all benchmarks read of their flags in the same way.</summary>
internal static class FlagReading
{
    /// <summary>Reads pairs of flag and value, and <c>--json</c>, until something is wrong.</summary>
    public static T Read<T>(
        IEnumerable<string> flags, T arguments, Func<T, T> asJson, FlagSetter<T> set, ref string error)
    {
        using var words = flags.GetEnumerator();
        while (error.Length == 0 && words.MoveNext())
        {
            var flag = words.Current;
            if (flag == "--json") arguments = asJson(arguments);
            else if (!words.MoveNext()) error = $"flag '{flag}' is unknown or needs a value; see --help";
            else arguments = set(arguments, flag, words.Current, ref error);
        }

        return arguments;
    }

    /// <summary>A number within bounds; the least one when it is none.</summary>
    public static int Number(string flag, string value, int least, int most, ref string error)
    {
        if (int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number >= least && number <= most)
        {
            return number;
        }

        error = $"{flag} must be a number from {least} to {most}, not '{value}'";
        return least;
    }
}
