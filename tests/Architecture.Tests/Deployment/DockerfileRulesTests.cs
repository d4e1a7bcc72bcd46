namespace MeshOrleans.Architecture.Tests.Deployment;

/// <summary>One mistake at a time in the Dockerfile, and what is said about it.</summary>
public sealed class DockerfileRulesTests
{
    [Theory]
    [InlineData("COPY global.json ", "COPY gobal.json ", "COPY gobal.json: it is not in the repository")]
    [InlineData(
        "COPY --chmod=0755 deploy/docker/mesh-ready ", "COPY tests/Testing ",
        "COPY tests/Testing: .dockerignore excludes it")]
    [InlineData(
        "COPY cli/MeshOrleans.Cli.csproj cli/\n", "", "cli/MeshOrleans.Cli.csproj is not copied before the restore")]
    [InlineData(
        "COPY cli/MeshOrleans.Cli.csproj cli/\n",
        "COPY cli/MeshOrleans.Cli.csproj samples/Demo/MeshOrleans.Samples.Demo.csproj cli/\n",
        "samples/Demo/MeshOrleans.Samples.Demo.csproj is copied before the restore, but nothing needs it")]
    [InlineData(
        "dotnet publish silo/MeshOrleans.Silo", "dotnet publish silo/MeshOrleans.Slio",
        "there is no project silo/MeshOrleans.Slio")]
    [InlineData("-c Release --no-restore -p:MeshEngine=orleans", "-c Release", "not built for Orleans")]
    [InlineData(
        "COPY --from=publish-silo", "COPY --from=publish-slio",
        "COPY --from=publish-slio: there is no such stage before")]
    [InlineData(
        "COPY --from=publish-silo", "COPY --from=publish-echo", "mesh-silo is not among what is copied into it")]
    [InlineData("FROM restore AS source", "FROM restor AS source", "FROM restor: neither a stage nor an argument")]
    [InlineData("FROM ${DOTNET_SDK}", "FROM ${DOTNET_SKD}", "FROM ${DOTNET_SKD}: neither a stage nor an argument")]
    [InlineData(
        "ENTRYPOINT [\"mesh-silo\"]", "ENTRYPOINT [\"mesh-slio\"]", "'mesh-slio' is no program of this repository")]
    [InlineData("EXPOSE 15012", "EXPOSE 15011", "exposes 15011, on which mesh-silo does not listen")]
    [InlineData("EXPOSE 15006", "EXPOSE 15000 15006", "exposes 15000, on which mesh-sidecar does not listen")]
    [InlineData("CMD [\"--address\"", "CMD [\"--adress\"", "mesh-echo has no flag '--adress'")]
    [InlineData("EXPOSE 8080", "EXPOSE 8081", "exposes 8081, on which mesh-echo does not listen")]
    [InlineData("HOME=/tmp ", "", "stage mesh-silo: sets no HOME")]
    [InlineData("USER $APP_UID\n", "", "stage mesh-silo: runs as root")]
    public void A_mistake_is_found(string right, string wrong, string finding)
    {
        var dockerfile = Dockerfile.Read(Mistake.In("deploy/docker/Dockerfile", right, wrong));

        var findings = DockerfileRules.Check(dockerfile, DockerIgnore.Read(Repository.Read(".dockerignore")));

        Assert.Contains(findings, f => f.Contains(finding, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("proxy/Sidecar/bin", true)]
    [InlineData("deploy/compose/bootstrap.sh", true)]
    [InlineData("deploy/docker/mesh-ready", false)]
    [InlineData("multicluster/Workloads", false)]
    public void Dockerignore_is_understood(string path, bool excluded) =>
        Assert.Equal(excluded, DockerIgnore.Read(Repository.Read(".dockerignore")).Excludes(path));

    [Fact]
    public void A_form_of_dockerignore_that_is_not_understood_is_refused() =>
        Assert.Throws<FormatException>(() => DockerIgnore.Read("tests\n!tests/Testing"));
}
