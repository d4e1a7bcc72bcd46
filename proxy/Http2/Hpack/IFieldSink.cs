namespace MeshOrleans.Proxy.Http2.Hpack;

/// <summary>Takes the fields of a block as they are read.</summary>
internal interface IFieldSink
{
    void Take(string name, string value);
}
