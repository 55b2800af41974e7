package config

import (
	"strings"

	"bifrost/schemas"
)

var azureSection = section[schemas.AzureConfig]{check: checkAzure, fields: []field[schemas.AzureConfig]{
	setting("api_version", `"2024-10-21"`, func(c *schemas.AzureConfig) *string { return &c.APIVersion }).
		doc("the v1 API", "a date: chat, completions, embeddings, images and audio have the paths of their deployment, and all else, "+
			"such as responses, files and batches, is of the v1 API; a caller's own `api-version` is replaced",
			"a date such as `2024-10-21` or `2025-04-01-preview`; or `preview` or `latest`, of the v1 API"),
	custom("deployments", tableOf(ofReference(), "names of deployments"), readDeployments).
		doc("each model's own name", "the names of deployments by model; a raw call's form, as audio is sent, keeps its model in the v1 API"),
	setting("tenant_id", `"env.AZURE_TENANT_ID"`, func(c *schemas.AzureConfig) *string { return &c.TenantID }).
		doc(azureDefault, "the tenant of an application", "with `client_id` and `client_secret`").needs("client_id", "client_secret"),
	setting("client_id", `"env.AZURE_CLIENT_ID"`, func(c *schemas.AzureConfig) *string { return &c.ClientID }).
		doc(azureDefault, "the application", "with `tenant_id` and `client_secret`").needs("tenant_id", "client_secret"),
	setting("client_secret", `"env.AZURE_CLIENT_SECRET"`, func(c *schemas.AzureConfig) *string { return &c.ClientSecret }).
		doc(azureDefault, "its secret", "with `tenant_id` and `client_id`").needs("tenant_id", "client_id"),
	setting("scope", `"https://cognitiveservices.azure.com/.default"`, func(c *schemas.AzureConfig) *string { return &c.Scope }).
		doc("`https://cognitiveservices.azure.com/.default`, or that of the resource's cloud", "what a token is asked for", "a scope"),
}}

const azureDefault = "Azure's default credentials"

var bedrockSection = section[schemas.BedrockConfig]{check: checkBedrock, fields: []field[schemas.BedrockConfig]{
	setting("region", `"us-east-1"`, func(c *schemas.BedrockConfig) *string { return &c.Region }).
		doc("the environment's `AWS_REGION` or `AWS_DEFAULT_REGION`, else `us-east-1`", "where the models are, and what calls are signed for", "a region's name"),
	setting("access_key_id", `"env.AWS_ACCESS_KEY_ID"`, func(c *schemas.BedrockConfig) *string { return &c.AccessKeyID }).
		doc("the default chain", "signs the calls", "with `secret_access_key`").needs("secret_access_key"),
	setting("secret_access_key", `"env.AWS_SECRET_ACCESS_KEY"`, func(c *schemas.BedrockConfig) *string { return &c.SecretAccessKey }).
		doc("the default chain", "signs the calls", "with `access_key_id`").needs("access_key_id"),
	setting("session_token", `"env.AWS_SESSION_TOKEN"`, func(c *schemas.BedrockConfig) *string { return &c.SessionToken }).
		doc("none", "belongs to temporary access keys", "with `access_key_id`").needs("access_key_id"),
	setting("profile", `"default"`, func(c *schemas.BedrockConfig) *string { return &c.Profile }).
		doc("the default chain's own", "the profile of AWS's shared files", "without `access_key_id`"),
}}

var vertexSection = section[schemas.VertexConfig]{fields: []field[schemas.VertexConfig]{
	setting("project", `"my-project"`, func(c *schemas.VertexConfig) *string { return &c.Project }).
		doc("the environment's `GOOGLE_CLOUD_PROJECT`", "the Google Cloud project's id"),
	setting("location", `"europe-west4"`, func(c *schemas.VertexConfig) *string { return &c.Location }).
		doc("the location `global`", "where the models are"),
	setting("credentials_file", `"/etc/bifrost/vertex.json"`, func(c *schemas.VertexConfig) *string { return &c.CredentialsFile }).
		doc("Google's application default credentials", "the path of a service account's file"),
}}

// setting is a field that is text, or a reference to an environment variable.
func setting[T any](name, example string, target func(*T) *string) field[T] {
	return field[T]{name: name, shape: ofReference(), read: func(r *reader, v value, into *T) {
		text, ok := r.reference(v, example)
		switch {
		case !ok:
		case text == "":
			r.fault(v.line, v.at, "must not be empty; leave it out for the default")
		case strings.TrimSpace(text) != text || strings.IndexFunc(text, isControl) >= 0:
			r.fault(v.line, v.at, "has white space at an end, or a control character; remove it")
		default:
			*target(into) = text
		}
	}}
}

// readDeployments reads the names of deployments by model.
func readDeployments(r *reader, v value, into *schemas.AzureConfig) {
	if !r.want(v, kindTable, "") {
		return
	}
	for _, m := range v.members {
		d := value{m.node, v.at.key(m.name)}
		text, ok := r.reference(d, `"my-gpt-4o"`)
		if !ok {
			continue
		}
		if err := schemas.CheckDeployment(text); err != nil {
			r.fault(d.line, d.at, "%v", err)
			continue
		}
		if into.Deployments == nil {
			into.Deployments = map[string]string{}
		}
		into.Deployments[m.name] = text
	}
}

// checkAzure looks at the version, and at the three settings of an application, which
// belong together. What is there and has a fault counts as given.
func checkAzure(r *reader, _ value, has given, into *schemas.AzureConfig) {
	if err := schemas.CheckAzureVersion(into.APIVersion); err != nil {
		v := has["api_version"]
		r.fault(v.line, v.at, "%v", err)
	}
	names := []string{"tenant_id", "client_id", "client_secret"}
	var missing []string
	var first *value
	for _, name := range names {
		if v, ok := has[name]; !ok {
			missing = append(missing, name)
		} else if first == nil {
			first = &v
		}
	}
	if first != nil && len(missing) > 0 {
		r.fault(first.line, first.at, "needs %s beside it; add it, or remove it for Azure's default credentials", strings.Join(missing, " and "))
	}
}

// checkBedrock looks at the credentials, which belong together. What is there and has
// a fault counts as given.
func checkBedrock(r *reader, table value, has given, _ *schemas.BedrockConfig) {
	id, withID := has["access_key_id"]
	secret, withSecret := has["secret_access_key"]
	token, withToken := has["session_token"]
	profile, withProfile := has["profile"]
	switch {
	case withID && !withSecret:
		r.fault(id.line, id.at, "needs secret_access_key beside it; add it")
	case withSecret && !withID:
		r.fault(secret.line, secret.at, "needs access_key_id beside it; add it")
	case withToken && !withID:
		r.fault(token.line, token.at, "needs access_key_id and secret_access_key beside it; add them")
	}
	if withProfile && withID {
		r.fault(profile.line, profile.at, "has no effect beside access_key_id; remove one of them")
	}
}

// checkClouds makes a fault for a table that is named after another type.
func (r *reader) checkClouds(has given, t Type) {
	for _, name := range []string{"azure", "bedrock", "vertex"} {
		if v, ok := has[name]; ok && t.Name != name {
			r.fault(v.line, v.at, "is for a provider of type %s, and the type of this one is %s; remove it, or make the type %s", name, t.Name, name)
		}
	}
}

type printedAzure struct {
	APIVersion   string            `toml:"api_version,omitempty"`
	TenantID     string            `toml:"tenant_id,omitempty"`
	ClientID     string            `toml:"client_id,omitempty"`
	ClientSecret string            `toml:"client_secret,omitempty"`
	Scope        string            `toml:"scope,omitempty"`
	Deployments  map[string]string `toml:"deployments,omitempty"`
}

type printedBedrock struct {
	Region          string `toml:"region,omitempty"`
	AccessKeyID     string `toml:"access_key_id,omitempty"`
	SecretAccessKey string `toml:"secret_access_key,omitempty"`
	SessionToken    string `toml:"session_token,omitempty"`
	Profile         string `toml:"profile,omitempty"`
}

type printedVertex struct {
	Project         string `toml:"project,omitempty"`
	Location        string `toml:"location,omitempty"`
	CredentialsFile string `toml:"credentials_file,omitempty"`
}

func printAzure(c *schemas.AzureConfig, hide veil) *printedAzure {
	if c == nil {
		return nil
	}
	return &printedAzure{APIVersion: c.APIVersion, TenantID: c.TenantID, ClientID: c.ClientID, ClientSecret: hide(c.ClientSecret),
		Scope: c.Scope, Deployments: c.Deployments}
}

func printBedrock(c *schemas.BedrockConfig, hide veil) *printedBedrock {
	if c == nil {
		return nil
	}
	return &printedBedrock{Region: c.Region, AccessKeyID: hide(c.AccessKeyID), SecretAccessKey: hide(c.SecretAccessKey),
		SessionToken: hide(c.SessionToken), Profile: c.Profile}
}

func printVertex(c *schemas.VertexConfig) *printedVertex {
	if c == nil {
		return nil
	}
	out := printedVertex(*c)
	return &out
}
