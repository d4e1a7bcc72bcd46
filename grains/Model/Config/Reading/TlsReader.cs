namespace MeshOrleans.Model.Config.Reading;

internal static class TlsReader
{
    public static ClientTls Client(ObjectReader reader) => new()
    {
        Mode = reader.Choice<ClientTlsMode>("mode") ?? default,
        ClientCertificate = reader.Text("clientCertificate"),
        PrivateKey = reader.Text("privateKey"),
        CaCertificates = reader.Text("caCertificates"),
        CaCrl = reader.Text("caCrl"),
        CredentialName = reader.Text("credentialName"),
        SubjectAltNames = reader.Texts("subjectAltNames"),
        Sni = reader.Text("sni"),
        InsecureSkipVerify = reader.OptionalFlag("insecureSkipVerify"),
    };

    public static ServerTls Server(ObjectReader reader) => new()
    {
        HttpsRedirect = reader.Flag("httpsRedirect"),
        Mode = reader.Choice<ServerTlsMode>("mode"),
        ServerCertificate = reader.Text("serverCertificate"),
        PrivateKey = reader.Text("privateKey"),
        CaCertificates = reader.Text("caCertificates"),
        CaCrl = reader.Text("caCrl"),
        CredentialName = reader.Text("credentialName"),
        CredentialNames = reader.Texts("credentialNames"),
        CaCertCredentialName = reader.Text("caCertCredentialName"),
        TlsCertificates = reader.List("tlsCertificates", inner => new TlsCertificateFiles(
            inner.Text("serverCertificate"), inner.Text("privateKey"), inner.Text("caCertificates"))),
        SubjectAltNames = reader.Texts("subjectAltNames"),
        VerifyCertificateSpki = reader.Texts("verifyCertificateSpki"),
        VerifyCertificateHash = reader.Texts("verifyCertificateHash"),
        MinProtocolVersion = reader.Text("minProtocolVersion"),
        MaxProtocolVersion = reader.Text("maxProtocolVersion"),
        CipherSuites = reader.Texts("cipherSuites"),
    };
}
