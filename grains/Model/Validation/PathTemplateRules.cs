namespace MeshOrleans.Model.Validation;

/// <summary>Rules of path templates: <c>{*}</c> stands for one whole segment, <c>{**}</c> for the rest.</summary>
internal static class PathTemplateRules
{
    public static void Check(string path, FieldPath at, RuleReport report)
    {
        if (!path.Contains('{') && !path.Contains('}')) return;
        var segments = path.Split('/');
        for (var i = 0; i < segments.Length; i++)
        {
            var isLast = i == segments.Length - 1;
            if (segments[i] == "{*}" || (segments[i] == "{**}" && isLast)) continue;
            if (segments[i].AsSpan().ContainsAny('{', '}', '*'))
            {
                report.Error(at, $"invalid path template: {path}");
                return;
            }
        }
    }
}
