namespace MeshOrleans.Model.Config.Reading;

internal static class ServiceEntryReader
{
    public static ServiceEntry Read(ObjectReader reader) => new()
    {
        Hosts = reader.Texts("hosts"),
        Addresses = reader.Texts("addresses"),
        Ports = reader.List("ports", CommonReader.NamedPort),
        Location = reader.Choice<ServiceLocation>("location") ?? default,
        Resolution = reader.Choice<ServiceResolution>("resolution") ?? default,
        Endpoints = reader.List("endpoints", WorkloadReader.Entry),
        WorkloadSelector = reader.Object("workloadSelector", CommonReader.Labels),
        ExportTo = reader.Texts("exportTo"),
        SubjectAltNames = reader.Texts("subjectAltNames"),
    };
}
