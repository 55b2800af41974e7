package config

import (
	"strings"

	"bifrost/schemas"
)

var bedrockSection = section[schemas.BedrockConfig]{check: checkBedrock, fields: []field[schemas.BedrockConfig]{
	setting("region", `"us-east-1"`, func(c *schemas.BedrockConfig) *string { return &c.Region }),
	setting("access_key_id", `"env.AWS_ACCESS_KEY_ID"`, func(c *schemas.BedrockConfig) *string { return &c.AccessKeyID }),
	setting("secret_access_key", `"env.AWS_SECRET_ACCESS_KEY"`, func(c *schemas.BedrockConfig) *string { return &c.SecretAccessKey }),
	setting("session_token", `"env.AWS_SESSION_TOKEN"`, func(c *schemas.BedrockConfig) *string { return &c.SessionToken }),
	setting("profile", `"default"`, func(c *schemas.BedrockConfig) *string { return &c.Profile }),
}}

var vertexSection = section[schemas.VertexConfig]{fields: []field[schemas.VertexConfig]{
	setting("project", `"my-project"`, func(c *schemas.VertexConfig) *string { return &c.Project }),
	setting("location", `"europe-west4"`, func(c *schemas.VertexConfig) *string { return &c.Location }),
	setting("credentials_file", `"/etc/bifrost/vertex.json"`, func(c *schemas.VertexConfig) *string { return &c.CredentialsFile }),
}}

// setting is a field that is text, or a reference to an environment variable.
func setting[T any](name, example string, target func(*T) *string) field[T] {
	return field[T]{name: name, read: func(r *reader, v value, into *T) {
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
	for _, name := range []string{"bedrock", "vertex"} {
		if v, ok := has[name]; ok && t.Name != name {
			r.fault(v.line, v.at, "is for a provider of type %s, and the type of this one is %s; remove it, or make the type %s", name, t.Name, name)
		}
	}
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

func printBedrock(c *schemas.BedrockConfig) *printedBedrock {
	if c == nil {
		return nil
	}
	return &printedBedrock{Region: c.Region, AccessKeyID: hidden(c.AccessKeyID), SecretAccessKey: hidden(c.SecretAccessKey),
		SessionToken: hidden(c.SessionToken), Profile: c.Profile}
}

func printVertex(c *schemas.VertexConfig) *printedVertex {
	if c == nil {
		return nil
	}
	out := printedVertex(*c)
	return &out
}

// hidden masks a value that is there.
func hidden(secret string) string {
	if secret == "" {
		return ""
	}
	return mask
}
