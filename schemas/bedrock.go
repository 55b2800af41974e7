package schemas

import (
	"errors"
	"log/slog"
)

// BedrockConfig configures a provider of type "bedrock". Its credentials may be
// secret: String, GoString, LogValue and JSON show the region and the profile only.
type BedrockConfig struct {
	// Region is where the models are. Empty means the environment's AWS_REGION or
	// AWS_DEFAULT_REGION, else "us-east-1".
	Region string

	// AccessKeyID and SecretAccessKey sign the calls; SessionToken belongs to
	// temporary ones. Empty means the default chain of Amazon's SDKs: environment,
	// shared files, container and instance roles. A key of the provider, which is a
	// Bedrock API key, comes before either.
	AccessKeyID     string `json:"-"`
	SecretAccessKey string `json:"-"`
	SessionToken    string `json:"-"`

	// Profile is the profile of the shared files that the chain reads. Empty means its
	// own default.
	Profile string
}

// Validate reports every fault at once, joined; a nil receiver is valid.
func (c *BedrockConfig) Validate() error {
	if c == nil {
		return nil
	}
	var faults []error
	if (c.AccessKeyID == "") != (c.SecretAccessKey == "") {
		faults = append(faults, errors.New("bedrock.access_key_id and bedrock.secret_access_key belong together; set both or neither"))
	}
	if c.SessionToken != "" && c.AccessKeyID == "" {
		faults = append(faults, errors.New("bedrock.session_token belongs to an access_key_id; set it too"))
	}
	if c.Profile != "" && c.AccessKeyID != "" {
		faults = append(faults, errors.New("bedrock.profile has no effect beside an access_key_id; remove one of them"))
	}
	return errors.Join(faults...)
}

// String returns the region and profile.
func (c BedrockConfig) String() string { return "bedrock " + c.Region + " " + c.Profile }

// GoString is String.
func (c BedrockConfig) GoString() string { return c.String() }

// LogValue is String.
func (c BedrockConfig) LogValue() slog.Value { return slog.StringValue(c.String()) }
