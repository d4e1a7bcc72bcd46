namespace MeshOrleans.Grains.Tests.Grains;

public sealed class GrainContractsTests
{
    private const string Baseline = "grains/Abstractions/GrainContracts.txt";

    [Fact]
    public void The_contracts_are_those_of_the_baseline()
    {
        var path = Path.Combine(Root(), Baseline);
        var actual = GrainContracts.Describe();
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1") File.WriteAllText(path, actual);

        // A changed line breaks callers and saved states of the version before: add instead, or migrate.
        Assert.Equal(File.ReadAllText(path), actual);
    }

    [Fact]
    public void Every_interface_and_method_has_a_name_of_its_own()
    {
        foreach (var type in GrainContracts.Interfaces)
        {
            Assert.NotNull(GrainContracts.FindAlias(type));
            var aliases = type.GetMethods().Select(GrainContracts.FindAlias).ToList();
            Assert.DoesNotContain(null, aliases);
            Assert.Equal(aliases.Count, aliases.Distinct().Count());
        }
    }

    [Fact]
    public void Every_message_has_a_name_of_its_own()
    {
        var aliases = GrainContracts.Messages.Select(GrainContracts.FindAlias).ToList();

        Assert.DoesNotContain(null, aliases);
        Assert.Equal(aliases.Count, aliases.Distinct().Count());
    }

    [Fact]
    public void Every_stored_member_of_a_message_has_a_number_of_its_own()
    {
        foreach (var type in GrainContracts.Messages)
        {
            var ids = GrainContracts.Members(type).Select(m => m.Id).ToList();
            Assert.Equal(ids.Count, ids.Distinct().Count());
            Assert.Empty(GrainContracts.Unnumbered(type));
        }
    }

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "MeshOrleans.sln"))) folder = folder.Parent;
        return folder?.FullName ?? throw new DirectoryNotFoundException("MeshOrleans.sln is in no folder above the tests.");
    }
}
