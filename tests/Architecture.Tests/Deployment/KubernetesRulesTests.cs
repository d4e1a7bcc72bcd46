namespace MeshOrleans.Architecture.Tests.Deployment;

/// <summary>One mistake at a time in the Kubernetes manifests, and what is said about it.</summary>
public sealed class KubernetesRulesTests
{
    private const string Folder = "deploy/kubernetes/";

    private static readonly string[] Manifests =
        ["namespace", "rbac", "configmap", "secret.template", "silo", "gateway", "networkpolicy"];

    private static readonly Images Images = new(
        ComposeFile.Read(Repository.Read("docker-compose.yml")),
        Dockerfile.Read(Repository.Read("deploy/docker/Dockerfile")));

    [Theory]
    [InlineData(
        "configmap", "namespace: mesh-system", "namespace: mesh",
        "ConfigMap mesh-config: namespace 'mesh' is not defined")]
    [InlineData(
        "gateway", "  selector: { app.kubernetes.io/name: mesh-gateway }", "  selector: { app: gateway }",
        "Service mesh-xds: its selector takes no pod")]
    [InlineData("gateway", "targetPort: xds", "targetPort: xdss", "Deployment mesh-gateway has no port xdss")]
    [InlineData("gateway", "minAvailable: 1", "minAvailable: 2", "no pod of Deployment mesh-gateway may ever be moved")]
    [InlineData(
        "silo", "  maxUnavailable: 1\n  selector:\n    matchLabels: { app.kubernetes.io/name: mesh-silo }",
        "  maxUnavailable: 1\n  selector:\n    matchLabels: { app: silo }",
        "PodDisruptionBudget mesh-silo: its selector takes no pod")]
    [InlineData("silo", "serviceName: mesh-silo", "serviceName: mesh-silos", "there is no Service mesh-silos")]
    [InlineData("silo", "serviceName: mesh-silo", "serviceName: mesh-api", "Service mesh-api is not headless")]
    [InlineData(
        "silo", "            matchLabels: { app.kubernetes.io/name: mesh-silo }",
        "            matchLabels: { app: silo }", "a selector of it does not take its own pods")]
    [InlineData(
        "rbac", "kind: ServiceAccount\n    name: mesh-control-plane", "kind: ServiceAccount\n    name: mesh",
        "there is no ServiceAccount mesh")]
    [InlineData("rbac", "kind: Role\n  name: mesh-control-plane", "kind: Role\n  name: mesh", "there is no Role mesh")]
    [InlineData("networkpolicy", "port: grain", "port: grian", "its pods have no port grian")]
    [InlineData(
        "networkpolicy", "            matchLabels: { app.kubernetes.io/name: mesh-gateway }",
        "            matchLabels: { app: gateway }", "lets in pods that do not exist")]
    public void A_reference_that_leads_nowhere_is_found(string file, string right, string wrong, string finding) =>
        AssertFound(file, right, wrong, finding);

    [Theory]
    [InlineData(
        "silo", "serviceAccountName: mesh-control-plane", "serviceAccountName: mesh",
        "there is no ServiceAccount mesh")]
    [InlineData("silo", "name: mesh-config", "name: mesh-conf", "there is no ConfigMap mesh-conf")]
    [InlineData(
        "silo", "name: mesh-secrets, key: store", "name: mesh-secret, key: store", "there is no Secret mesh-secret")]
    [InlineData("silo", "key: store", "key: stor", "Secret mesh-secrets has no key stor")]
    [InlineData("silo", "secretName: mesh-secrets", "secretName: mesh-secret", "there is no Secret mesh-secret")]
    [InlineData("silo", "key: cluster-secret", "key: cluster", "Secret mesh-secrets has no key cluster")]
    [InlineData("silo", "- { name: tmp, mountPath", "- { name: temp, mountPath", "volume temp is not defined")]
    [InlineData("silo", "enableServiceLinks: false", "enableServiceLinks: true", "Services become variables")]
    [InlineData(
        "silo", "automountServiceAccountToken: false", "automountServiceAccountToken: true",
        "gets a token it has no use for")]
    [InlineData("silo", "runAsNonRoot: true", "runAsNonRoot: false", "may run as root")]
    [InlineData("silo", "terminationGracePeriodSeconds: 60", "", "says not how long it may drain")]
    [InlineData("silo", "readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false", "may write to its image")]
    [InlineData("silo", "allowPrivilegeEscalation: false", "privileged: false", "may gain rights")]
    [InlineData("silo", "drop: [ALL]", "drop: [CHOWN]", "keeps capabilities")]
    [InlineData("silo", "limits: { memory: 1Gi }", "limits: { cpu: 1 }", "has no memory limit")]
    public void A_pod_that_lacks_something_or_may_do_too_much_is_found(
        string file, string right, string wrong, string finding) =>
        AssertFound(file, right, wrong, finding);

    [Theory]
    [InlineData(
        "silo", "image: mesh-orleans/mesh-silo", "image: mesh-orleans/mesh-slio",
        "no image mesh-orleans/mesh-slio:0.1.0 is built")]
    [InlineData("configmap", "MESH_TRUST_DOMAIN:", "MESH_TRUSTDOMAIN:", "mesh-silo knows no variable MESH_TRUSTDOMAIN")]
    [InlineData("gateway", "name: MESH_NAME", "name: MESH_NAMES", "mesh-silo knows no variable MESH_NAMES")]
    [InlineData(
        "silo", "          envFrom:", "          args: [\"--rol\", \"silo\"]\n          envFrom:",
        "mesh-silo has no flag '--rol'")]
    [InlineData(
        "silo", "          envFrom:", "          command: [\"silo\"]\n          envFrom:",
        "'silo' is no program of this repository")]
    [InlineData(
        "silo", "containerPort: 30000", "containerPort: 30001", "declares port 30001, on which nothing listens")]
    [InlineData(
        "gateway", "containerPort: 15014", "containerPort: 11111",
        "Deployment mesh-gateway, container gateway: declares port 11111")]
    [InlineData(
        "configmap", "MESH_BIND: 0.0.0.0", "MESH_BIND: 127.0.0.1",
        "declares port 15012, on which nothing listens for others")]
    [InlineData(
        "silo", "path: /healthz/ready, port: monitoring", "path: /ready, port: monitoring",
        "readinessProbe asks /ready, which nobody answers")]
    [InlineData(
        "silo", "path: /healthz/ready, port: monitoring", "path: /healthz/ready, port: api",
        "readinessProbe asks port api, which answers no health")]
    [InlineData("silo", "livenessProbe:", "livenessCheck:", "has no livenessProbe")]
    [InlineData("configmap", "/var/lib/mesh/secrets", "/var/lib/secrets", "nothing is mounted at /var/lib/secrets")]
    [InlineData("configmap", "svc:15012", "svc:15013", "Service mesh-xds.mesh-system.svc has no port 15013")]
    [InlineData(
        "configmap", "MESH_GATEWAYS: mesh-xds", "MESH_GATEWAYS: mesh-xsd",
        "there is no Service mesh-xsd.mesh-system.svc")]
    public void A_container_that_does_not_fit_its_program_is_found(
        string file, string right, string wrong, string finding) =>
        AssertFound(file, right, wrong, finding);

    private static void AssertFound(string file, string right, string wrong, string finding)
    {
        var objects = KubernetesObjects.Read(Manifests.Select(m => m == file
            ? Mistake.In($"{Folder}{m}.yaml", right, wrong)
            : Repository.Read($"{Folder}{m}.yaml")));

        var findings = KubernetesRules.Check(objects, Images);

        Assert.Contains(findings, f => f.Contains(finding, StringComparison.Ordinal));
    }
}
