namespace MeshOrleans.Proxy.Sidecar.Settings;

/// <summary>A setting cannot be used; the message is the one line the operator sees.</summary>
internal sealed class SettingsException(string message) : Exception(message);
