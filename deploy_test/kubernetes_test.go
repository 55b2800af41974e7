package deploy_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/yaml"

	"bifrost/config"
)

const (
	manifests = "deploy/kubernetes"
	name      = "bifrost"
)

// manifest reads one file strictly, as the object of Kubernetes that it is: unknown fields,
// fields twice and wrong types fail.
func manifest[T runtime.Object](t *testing.T, file string) T {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{corev1.AddToScheme, appsv1.AddToScheme, networkingv1.AddToScheme, policyv1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	decoder := json.NewSerializerWithOptions(json.DefaultMetaFactory, scheme, scheme, json.SerializerOptions{Yaml: true, Strict: true})
	object, kind, err := decoder.Decode(read(t, file), nil, nil)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	typed, ok := object.(T)
	if !ok {
		t.Fatalf("%s is a %v", file, kind)
	}
	return typed
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, manifests, file))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// pod returns the deployment's pod and its container.
func pod(t *testing.T) (corev1.PodSpec, corev1.Container) {
	t.Helper()
	spec := manifest[*appsv1.Deployment](t, "deployment.yaml").Spec.Template.Spec
	if len(spec.Containers) != 1 {
		t.Fatalf("the pod has %d containers", len(spec.Containers))
	}
	return spec, spec.Containers[0]
}

// configuration loads the bifrost.toml of the config map, in the environment that the
// deployment and the example of a secret give.
func configuration(t *testing.T) *config.File {
	t.Helper()
	_, container := pod(t)
	for _, e := range container.Env {
		value := strings.ReplaceAll(e.Value, "$(POD_IP)", "10.0.0.5")
		if e.ValueFrom != nil {
			value = "10.0.0.5"
		}
		t.Setenv(e.Name, value)
	}
	for k, v := range manifest[*corev1.Secret](t, "secret.example.yaml").StringData {
		t.Setenv(k, v)
	}
	path := filepath.Join(t.TempDir(), "bifrost.toml")
	text := manifest[*corev1.ConfigMap](t, "configmap.yaml").Data["bifrost.toml"]
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := config.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func TestEveryManifestIsListedAndHasNoUnknownField(t *testing.T) {
	manifest[*corev1.Service](t, "service.yaml")
	manifest[*corev1.Service](t, "service-nodes.yaml")
	manifest[*policyv1.PodDisruptionBudget](t, "poddisruptionbudget.yaml")
	manifest[*networkingv1.NetworkPolicy](t, "networkpolicy.yaml")
	var list struct {
		APIVersion, Kind string
		Resources        []string
		Images           []map[string]string
	}
	if err := yaml.UnmarshalStrict(read(t, "kustomization.yaml"), &list); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(root, manifests, "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	aside := []string{"kustomization.yaml", "secret.example.yaml", "servicemonitor.yaml"}
	for _, f := range files {
		if f := filepath.Base(f); slices.Contains(list.Resources, f) == slices.Contains(aside, f) {
			t.Errorf("%s should be a resource of kustomization.yaml, or one of %v", f, aside)
		}
	}
	if len(list.Resources)+len(aside) != len(files) {
		t.Errorf("%v are listed, and the files are %v", list.Resources, files)
	}
}

func TestTheConfigMapLoadsAndAgreesWithTheDeployment(t *testing.T) {
	file := configuration(t)
	spec, container := pod(t)
	ports := map[string]string{"gateway": file.Server.Listen, "admin": file.Admin.Listen, "nodes": file.Node.Listen}
	for _, p := range container.Ports {
		if want := fmt.Sprintf(":%d", p.ContainerPort); ports[p.Name] != want {
			t.Errorf("the port %s is %s, and bifrost.toml listens on %q", p.Name, want, ports[p.Name])
		}
	}
	if len(container.Ports) != len(ports) {
		t.Errorf("got ports %v", container.Ports)
	}
	needed := file.Server.ShutdownDelay + file.Server.ShutdownTimeout + 5*time.Second
	if grace := time.Duration(*spec.TerminationGracePeriodSeconds) * time.Second; grace < needed {
		t.Errorf("%v are given to end, and %v may be needed", grace, needed)
	}
	unready := time.Duration(container.ReadinessProbe.PeriodSeconds*container.ReadinessProbe.FailureThreshold) * time.Second
	if unready+2*time.Second > file.Server.ShutdownDelay {
		t.Errorf("%v until a pod is seen not to be ready, and admission ends after %v", unready, file.Server.ShutdownDelay)
	}
	if args := container.Args; !slices.Equal(args, []string{"serve", "--config", container.VolumeMounts[0].MountPath + "/bifrost.toml"}) {
		t.Errorf("got args %v", args)
	}
	if spec.Volumes[0].ConfigMap.Name != name || container.EnvFrom[0].SecretRef.Name != name {
		t.Error("the config map or the secret has another name")
	}
	if !strings.HasPrefix(file.Node.Discover[0], "dns:"+manifest[*corev1.Service](t, "service-nodes.yaml").Name+":") {
		t.Errorf("nodes are looked for at %v", file.Node.Discover)
	}
}

func TestProbesAskWhatTheGatewayServes(t *testing.T) {
	_, container := pod(t)
	for kind, probe := range map[string]*corev1.Probe{
		"/healthz": container.LivenessProbe, "/healthz ": container.StartupProbe, "/readyz": container.ReadinessProbe,
	} {
		if got := probe.HTTPGet; got.Path != strings.TrimSpace(kind) || got.Port != intstr.FromString("gateway") {
			t.Errorf("%s: got %v", kind, got)
		}
	}
}

func TestThePodMayDoNothingButServe(t *testing.T) {
	spec, container := pod(t)
	s := container.SecurityContext
	switch {
	case !*spec.SecurityContext.RunAsNonRoot, *spec.SecurityContext.RunAsUser == 0, *spec.AutomountServiceAccountToken:
		t.Error("it is root, or has a token of Kubernetes")
	case !*s.ReadOnlyRootFilesystem, *s.AllowPrivilegeEscalation, !slices.Equal(s.Capabilities.Drop, []corev1.Capability{"ALL"}):
		t.Error("it may write, or gain privileges")
	case spec.SecurityContext.SeccompProfile.Type != corev1.SeccompProfileTypeRuntimeDefault:
		t.Error("it has system calls that it does not need")
	}
	if container.Resources.Limits.Memory().IsZero() || container.Resources.Requests.Cpu().IsZero() {
		t.Error("it asks for no resources")
	}
	var limit int64
	for _, e := range container.Env {
		if e.Name == "GOMEMLIMIT" {
			_, err := fmt.Sscanf(e.Value, "%dMiB", &limit)
			if err != nil {
				t.Error(err)
			}
		}
	}
	if most := container.Resources.Limits.Memory().Value() >> 20; limit*100/most < 80 || limit*100/most > 95 {
		t.Errorf("Go's limit is %d MiB of %d MiB", limit, most)
	}
}

func TestEverythingSelectsTheDeploymentsPods(t *testing.T) {
	deployment := manifest[*appsv1.Deployment](t, "deployment.yaml")
	pods := deployment.Spec.Template.Labels
	selectors := map[string]map[string]string{
		"deployment.yaml":          deployment.Spec.Selector.MatchLabels,
		"service.yaml":             manifest[*corev1.Service](t, "service.yaml").Spec.Selector,
		"service-nodes.yaml":       manifest[*corev1.Service](t, "service-nodes.yaml").Spec.Selector,
		"poddisruptionbudget.yaml": manifest[*policyv1.PodDisruptionBudget](t, "poddisruptionbudget.yaml").Spec.Selector.MatchLabels,
		"networkpolicy.yaml":       manifest[*networkingv1.NetworkPolicy](t, "networkpolicy.yaml").Spec.PodSelector.MatchLabels,
	}
	for file, selector := range selectors {
		if len(selector) == 0 {
			t.Errorf("%s selects every pod", file)
		}
		for k, v := range selector {
			if pods[k] != v {
				t.Errorf("%s selects %s=%s, which the pods are not", file, k, v)
			}
		}
	}
	_, container := pod(t)
	for _, file := range []string{"service.yaml", "service-nodes.yaml"} {
		for _, p := range manifest[*corev1.Service](t, file).Spec.Ports {
			if !slices.ContainsFunc(container.Ports, func(c corev1.ContainerPort) bool { return c.Name == p.TargetPort.StrVal }) {
				t.Errorf("%s leads to the port %v, which the pods do not have", file, p.TargetPort)
			}
		}
	}
	for _, rule := range manifest[*networkingv1.NetworkPolicy](t, "networkpolicy.yaml").Spec.Ingress {
		if port := rule.Ports[0].Port.StrVal; port != "gateway" && len(rule.From) == 0 {
			t.Errorf("anybody may connect to the port %s", port)
		}
	}
}

// TestEverySecretOfTheConfigMapIsNamed finds each env.NAME in the deployment or the example.
func TestEverySecretOfTheConfigMapIsNamed(t *testing.T) {
	_, container := pod(t)
	given := manifest[*corev1.Secret](t, "secret.example.yaml").StringData
	text := manifest[*corev1.ConfigMap](t, "configmap.yaml").Data["bifrost.toml"]
	for _, m := range regexp.MustCompile(`"env\.(\w+)"`).FindAllStringSubmatch(text, -1) {
		_, secret := given[m[1]]
		if !secret && !slices.ContainsFunc(container.Env, func(e corev1.EnvVar) bool { return e.Name == m[1] }) {
			t.Errorf("%s is named in bifrost.toml, and in no secret", m[1])
		}
	}
	monitor := map[string]any{}
	if err := yaml.UnmarshalStrict(read(t, "servicemonitor.yaml"), &monitor); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(read(t, "servicemonitor.yaml")), "key: BIFROST_ADMIN_TOKEN") || given["BIFROST_ADMIN_TOKEN"] == "" {
		t.Error("the monitor's token is not the admin listener's")
	}
}
