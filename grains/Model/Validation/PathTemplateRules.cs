namespace MeshOrleans.Model.Validation;

/// <summary>
/// Rules of path templates: <c>{*}</c> stands for one whole segment, <c>{**}</c> for any number, and no further wildcard behind it.
/// </summary>
/// <remarks>Source: Istio's CheckValidPathTemplate; Envoy refuses a whole listener where it does not hold.</remarks>
internal static class PathTemplateRules
{
    public static void Check(string path, FieldPath at, RuleReport report)
    {
        if (!path.Contains('{') && !path.Contains('}')) return;
        var segments = path.Split('/');
        var hasAny = false;
        foreach (var segment in segments)
        {
            var isWild = segment is "{*}" or "{**}";
            if (isWild && hasAny)
            {
                report.Error(at, $"invalid path template: {path}: {{**}} must be the last wildcard");
                return;
            }

            hasAny |= segment is "{**}";
            if (!isWild && segment.AsSpan().ContainsAny('{', '}', '*'))
            {
                report.Error(at, $"invalid path template: {path}");
                return;
            }
        }
    }
}
