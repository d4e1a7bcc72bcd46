using System.Collections.Immutable;
using System.Text.RegularExpressions;

namespace MeshOrleans.Architecture.Tests.Deployment;

/// <summary>What the Dockerfile copies, builds, exposes and starts exists.</summary>
internal static partial class DockerfileRules
{
    public static IEnumerable<string> Check(Dockerfile dockerfile, DockerIgnore ignore) =>
    [
        .. CheckStages(dockerfile),
        .. CheckCopies(dockerfile, ignore),
        .. CheckBuilds(dockerfile),
        .. CheckRestore(dockerfile),
        .. dockerfile.Stages.Where(s => dockerfile.Words(s, "ENTRYPOINT").Count > 0)
            .SelectMany(s => CheckProgram(dockerfile, s)),
    ];

    private static IEnumerable<string> CheckStages(Dockerfile dockerfile)
    {
        var arguments = dockerfile.Of("ARG").Where(a => a.Stage.Length == 0)
            .Select(a => $"${{{a.Arguments.Split('=')[0]}}}").ToArray();
        var known = new HashSet<string>();
        foreach (var instruction in dockerfile.Instructions)
        {
            if (instruction.Keyword == "FROM")
            {
                var parent = instruction.Words[0];
                if (!arguments.Contains(parent) && !known.Contains(parent))
                {
                    yield return $"FROM {parent}: neither a stage nor an argument";
                }

                known.Add(instruction.Stage);
            }
            else if (instruction.Option("from") is { } from && !known.Contains(from))
            {
                yield return $"COPY --from={from}: there is no such stage before";
            }
        }
    }

    private static IEnumerable<string> CheckCopies(Dockerfile dockerfile, DockerIgnore ignore)
    {
        foreach (var copy in dockerfile.Of("COPY").Where(c => c.Option("from") is null))
        {
            foreach (var source in copy.Words[..^1])
            {
                if (!RepositoryPaths.Exists(source)) yield return $"COPY {source}: it is not in the repository";
                else if (ignore.Excludes(RepositoryPaths.Normalize(source)))
                {
                    yield return $"COPY {source}: .dockerignore excludes it";
                }
            }
        }
    }

    private static IEnumerable<string> CheckBuilds(Dockerfile dockerfile)
    {
        foreach (var run in dockerfile.Of("RUN"))
        {
            foreach (Match match in DotnetCommand().Matches(run.Arguments))
            {
                var project = match.Groups["project"].Value;
                if (!Repository.Files.Contains(project))
                {
                    yield return $"RUN {match.Value}: there is no project {project}";
                }

                if (!match.Value.Contains("-p:MeshEngine=orleans", StringComparison.Ordinal))
                {
                    yield return $"RUN {match.Value}: not built for Orleans";
                }
            }
        }
    }

    // A project that is not copied before the restore fails it; one that nobody needs makes a layer stale for nothing.
    private static IEnumerable<string> CheckRestore(Dockerfile dockerfile)
    {
        var restored = Projects(dockerfile, "restore").ToArray();
        var stages = dockerfile.Of("RUN")
            .Where(r => r.Arguments.StartsWith("dotnet restore", StringComparison.Ordinal))
            .Select(r => r.Stage).ToArray();
        var copied = dockerfile.Of("COPY").Where(c => stages.Contains(c.Stage))
            .SelectMany(c => c.Words[..^1]).Where(p => p.EndsWith(".csproj", StringComparison.Ordinal)).ToArray();
        var needed = ProjectClosure.Of(restored);
        return
        [
            .. needed.Except(copied).Select(p => $"{p} is not copied before the restore"),
            .. copied.Except(needed).Select(p => $"{p} is copied before the restore, but nothing needs it"),
            .. Projects(dockerfile, "publish").Except(restored).Select(p => $"{p} is published, but not restored"),
        ];
    }

    private static IEnumerable<string> CheckProgram(Dockerfile dockerfile, string stage)
    {
        var name = dockerfile.Words(stage, "ENTRYPOINT")[0];
        if (!MeshPrograms.All.TryGetValue(name, out var program))
        {
            yield return $"stage {stage}: '{name}' is no program of this repository";
            yield break;
        }

        var sources = dockerfile.Of("COPY").Where(c => c.Stage == stage).Select(c => c.Option("from"));
        var built = dockerfile.Of("RUN").Where(r => sources.Contains(r.Stage))
            .SelectMany(r => DotnetCommand().Matches(r.Arguments))
            .Select(m => ProjectClosure.AssemblyOf(m.Groups["project"].Value));
        if (!built.Contains(name)) yield return $"stage {stage}: {name} is not among what is copied into it";

        var launch = new Launch($"stage {stage}", program, [.. dockerfile.Words(stage, "CMD")], BoundToAll(program));
        foreach (var finding in launch.Findings()) yield return finding;
        var exposed = dockerfile.Of("EXPOSE").Where(e => e.Stage == stage).SelectMany(e => e.Words);
        foreach (var port in exposed.Except(launch.PublicPorts.Select(p => $"{p}")))
        {
            yield return $"stage {stage}: exposes {port}, on which {name} does not listen";
        }

        foreach (var finding in CheckUser(dockerfile, stage)) yield return finding;
    }

    private static IEnumerable<string> CheckUser(Dockerfile dockerfile, string stage)
    {
        if (dockerfile.Nearest(stage, "USER")?.Arguments is null or "root" or "0")
        {
            yield return $"stage {stage}: runs as root";
        }

        // Without a home, which an arbitrary user id has not, no chain of certificates can be built.
        var variables = dockerfile.Nearest(stage, "ENV")?.Words ?? [];
        if (!variables.Any(v => v.StartsWith("HOME=", StringComparison.Ordinal)))
        {
            yield return $"stage {stage}: sets no HOME";
        }
    }

    // Whoever runs the image says where it listens; EXPOSE is about the numbers.
    private static ImmutableDictionary<string, string> BoundToAll(MeshProgram program) => program.Variables
        .Where(v => program.BindFlags.Contains(v.Value))
        .ToImmutableDictionary(v => v.Key, _ => "0.0.0.0");

    private static IEnumerable<string> Projects(Dockerfile dockerfile, string verb) => dockerfile.Of("RUN")
        .SelectMany(r => DotnetCommand().Matches(r.Arguments))
        .Where(m => m.Groups["verb"].Value == verb)
        .Select(m => m.Groups["project"].Value);

    [GeneratedRegex(@"dotnet (?<verb>restore|publish) (?<project>\S+)[^&]*")]
    private static partial Regex DotnetCommand();
}
