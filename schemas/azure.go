package schemas

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// AzureConfig configures a provider of type "azure". Its secret is never shown by
// String, GoString, LogValue and JSON.
type AzureConfig struct {
	// APIVersion says which of the service's two APIs is used. Empty means the v1 API,
	// where the deployment is named in the body; "preview" and "latest" are versions of
	// it. A date, such as "2024-10-21" or "2025-04-01-preview", means the paths of
	// deployments, for the calls that have one.
	APIVersion string

	// Deployments are the names of deployments by model. The deployment of a model that
	// is not in it has the model's own name.
	Deployments map[string]string

	// TenantID, ClientID and ClientSecret are those of an application of Microsoft
	// Entra. Empty means the default chain of Microsoft's SDKs: environment, workload
	// identity, managed identity, command line tools. A key of the provider, which is one
	// of the resource's own, comes before either.
	TenantID     string
	ClientID     string
	ClientSecret string `json:"-"`

	// Scope is what a token is asked for. Empty means the Azure AI services of the
	// endpoint's cloud.
	Scope string
}

// Validate reports every fault at once, joined; a nil receiver is valid.
func (c *AzureConfig) Validate() error {
	if c == nil {
		return nil
	}
	var faults []error
	if err := CheckAzureVersion(c.APIVersion); err != nil {
		faults = append(faults, fmt.Errorf("azure.api_version %w", err))
	}
	for _, model := range slices.Sorted(maps.Keys(c.Deployments)) {
		if err := CheckDeployment(c.Deployments[model]); err != nil {
			faults = append(faults, fmt.Errorf("azure.deployments.%q %w", model, err))
		}
	}
	if n := given(c.TenantID) + given(c.ClientID) + given(c.ClientSecret); n != 0 && n != 3 {
		faults = append(faults, errors.New("azure.tenant_id, azure.client_id and azure.client_secret belong together; set all or none"))
	}
	return errors.Join(faults...)
}

// given is 1 for a text that is there.
func given(text string) int { return min(len(text), 1) }

var datedVersion = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}(-preview)?$`)

// CheckAzureVersion returns nil, or the error for what is no version of the service's
// API; it continues a sentence that begins with the setting's name.
func CheckAzureVersion(version string) error {
	if version == "" || version == "preview" || version == "latest" || datedVersion.MatchString(version) {
		return nil
	}
	return errors.New(`must be a date, such as "2024-10-21", or "preview" or "latest"; leave it out for the v1 API`)
}

// CheckDeployment returns nil, or the error for what cannot be the name of a
// deployment; it continues a sentence that begins with the setting's name.
func CheckDeployment(name string) error {
	notOfName := func(r rune) bool { return r <= ' ' || r == 0x7f || strings.ContainsRune(`/\?#%`, r) }
	if name == "" || name == "." || name == ".." || strings.ContainsFunc(name, notOfName) {
		return errors.New(`must be the name of a deployment, such as "my-gpt-4o"`)
	}
	return nil
}

// String names the version, the tenant and the client.
func (c AzureConfig) String() string {
	return "azure " + c.APIVersion + " " + c.TenantID + " " + c.ClientID
}

// GoString is String.
func (c AzureConfig) GoString() string { return c.String() }

// LogValue is String.
func (c AzureConfig) LogValue() slog.Value { return slog.StringValue(c.String()) }
