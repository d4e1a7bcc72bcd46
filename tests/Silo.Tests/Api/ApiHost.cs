#if !MESH_ENGINE_ORLEANS
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using MeshOrleans.Grains;
using MeshOrleans.Grains.Embedded;
using MeshOrleans.Grains.Identity;
using MeshOrleans.Multicluster.Federation;
using MeshOrleans.Multicluster.Workloads;
using MeshOrleans.Silo.Api;
using MeshOrleans.Silo.Hosting;
using MeshOrleans.Silo.Storage;
using MeshOrleans.Testing;
using MeshOrleans.Xds.Gateway;
using MeshOrleans.Xds.Gateway.Status;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace MeshOrleans.Silo.Tests.Api;

/// <summary>The calls about proxies and gateways on a real Kestrel, over the real grains and a clock of the test's.</summary>
internal sealed class ApiHost : IAsyncDisposable
{
    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("mesh-api-");
    private readonly WebApplication _app;
    private readonly HttpClient _client;

    private ApiHost(string access)
    {
        var accessFile = "";
        if (access.Length > 0) File.WriteAllText(accessFile = AccessFilePath, access);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Services.AddSingleton<TimeProvider>(Clock);
        builder.Logging.SetMinimumLevel(LogLevel.Trace);
        builder.Logging.AddProvider(Log);
        builder.Services.Configure<SiloOptions>(options => (options.Data, options.ApiAccess) = (_data.FullName, accessFile));
        builder.Services.AddSqliteStorage(_data.FullName);
        builder.Services.AddSingleton<MeshOrleans.Grains.Identity.IAuthorityKeyStore>(
            new Identity.FileAuthorityKeyStore(Path.Combine(_data.FullName, "authority.pem")));
        builder.Services.AddMeshGrains();
        builder.Services.AddEmbeddedGrains(options => options.AddAssembly(typeof(MeshGrains).Assembly));
        builder.Services.AddXdsGateway();
        builder.Services.PostConfigure<OnboardingOptions>(o => o.XdsAddress = () => "10.0.0.1:15012");
        builder.Services.PostConfigure<GatewayAddresses>(
            a => (a.Xds, a.Api) = (() => "10.0.0.1:15012", () => "http://10.0.0.1:15080"));
        builder.Services.AddSingleton<AdminToken>();
        builder.Services.AddSingleton<ServingCertificate>();
        builder.Services.AddWorkloads();
        builder.Services.AddFederation(TimeSpan.FromSeconds(2));
        builder.Services.AddSingleton<Listeners>();
        builder.Services.AddApi();
        _app = builder.Build();
        _app.Use((context, next) =>
        {
            context.Connection.ClientCertificate = Certificate; // as the TLS port has it from the handshake
            return next(context);
        });
        _app.UseApiCalls();
        _client = new HttpClient();
    }

    public ManualTimeProvider Clock { get; } = new();

    /// <summary>The certificate of whoever calls.</summary>
    public X509Certificate2? Certificate { get; set; }

    public string Name => _app.Services.GetRequiredService<GatewayName>().Value;

    /// <summary>What the host has logged.</summary>
    public LineLog Log { get; } = new();

    /// <summary>Where the access file is, if there is one.</summary>
    public string AccessFilePath => Path.Combine(_data.FullName, "access.yaml");

    /// <summary>The address of the API.</summary>
    public Uri Address => _client.BaseAddress!;

    /// <summary>A service of the host.</summary>
    public T Service<T>()
        where T : notnull => _app.Services.GetRequiredService<T>();

    /// <summary>All endpoints.</summary>
    public IEnumerable<Endpoint> Endpoints => Service<EndpointDataSource>().Endpoints;

    /// <summary>Sends a request as it is, with nobody's credential.</summary>
    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request)
    {
        using var client = new HttpClient { BaseAddress = _client.BaseAddress };
        return await client.SendAsync(request);
    }

    /// <summary>Its data.</summary>
    public string Folder => _data.FullName;

    /// <summary>The admin credential.</summary>
    public string AdminCredential => _client.DefaultRequestHeaders.Authorization!.Parameter!;

    public static async Task<ApiHost> StartAsync(string access = "")
    {
        var host = new ApiHost(access);
        host._app.Services.GetRequiredService<AdminToken>();
        await host._app.StartAsync();
        host._client.BaseAddress = new Uri(host._app.Urls.Single());
        var token = await File.ReadAllTextAsync(Path.Combine(host._data.FullName, AdminToken.FileName));
        host._client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token.Trim());
        return host;
    }

    public TGrain Grain<TGrain>(string key = MeshKeys.Default)
        where TGrain : IGrainWithStringKey => _app.Services.GetRequiredService<IGrainFactory>().GetGrain<TGrain>(key);

    /// <summary>A new join token, with the rights of a grant as the API takes it.</summary>
    public async Task<string> MintAsync(string grant) =>
        (await PostAsync("/v1/tokens", grant)).Body.GetProperty("token").GetString()!;

    /// <summary>Whoever calls from now on has a certificate of an identity, for a node.</summary>
    /// <returns>Its serial.</returns>
    public async Task<string> BecomeAsync(string spiffeId, string node)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var csr = new CertificateRequest("CN=a", key, HashAlgorithmName.SHA256).CreateSigningRequest();
        var issued = Assert.IsType<IssueResult.Issued>(
            await Grain<IIdentityGrain>(spiffeId).IssueAsync(new IssueRequest([.. csr], node, null), default));
        Certificate = X509Certificate2.CreateFromPem(issued.ChainPem[0]);
        for (var end = DateTime.UtcNow.AddSeconds(20); ; await Task.Delay(20))
        {
            var (_, all) = await GetAsync("/v1/identities");
            if (all.EnumerateArray().Any(i => i.GetProperty("serial").GetString() == issued.View.Serial)) return issued.View.Serial;
            Assert.True(DateTime.UtcNow < end, "The certificate is not known.");
        }
    }

    public async Task<(HttpStatusCode Status, JsonElement Body)> GetAsync(string path)
    {
        using var response = await _client.GetAsync(new Uri(path, UriKind.Relative));
        using var document = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        return (response.StatusCode, document.RootElement.Clone());
    }

    public async Task<(HttpStatusCode Status, JsonElement Body)> PostAsync(string path, string json)
    {
        using var content = new StringContent(json, null, "application/json");
        using var response = await _client.PostAsync(new Uri(path, UriKind.Relative), content);
        using var document = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        return (response.StatusCode, document.RootElement.Clone());
    }

    public async Task<HttpStatusCode> PostAnonymouslyAsync(string path, string json)
    {
        using var client = new HttpClient { BaseAddress = _client.BaseAddress };
        using var content = new StringContent(json, null, "application/json");
        using var response = await client.PostAsync(new Uri(path, UriKind.Relative), content);
        return response.StatusCode;
    }

    public async Task<HttpStatusCode> GetAnonymouslyAsync(string path)
    {
        using var client = new HttpClient { BaseAddress = _client.BaseAddress };
        using var response = await client.GetAsync(new Uri(path, UriKind.Relative));
        return response.StatusCode;
    }

    /// <summary>Calls with another bearer, or none.</summary>
    public async Task<HttpResponseMessage> GetAsync(string path, string? bearer)
    {
        using var client = new HttpClient { BaseAddress = _client.BaseAddress };
        if (bearer is not null) client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", bearer);
        return await client.GetAsync(new Uri(path, UriKind.Relative));
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
        _data.Delete(recursive: true);
    }
}
#endif
