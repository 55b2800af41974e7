package bedrock

import (
	"cmp"
	"errors"
	"net/http"
	"os"
	"regexp"

	"bifrost/internal/adapter"
	dialect "bifrost/internal/dialect/bedrock"
	"bifrost/schemas"
)

// Type is the type's name.
const Type = "bedrock"

// defaultRegion is where all of the service's models are first.
const defaultRegion = "us-east-1"

// operations are what the runtime's host has: the list of models is another's.
var operations = []schemas.Operation{schemas.OperationChat, schemas.OperationChatStream, schemas.OperationCountTokens,
	schemas.OperationEmbeddings, schemas.OperationRaw}

// Options returns the adapter's options but for name, extra headers and Doer. An empty
// baseURL means the region's own. signIn is NewCredential's.
func Options(cfg schemas.BedrockConfig, baseURL string, signIn func(*http.Transport)) (adapter.Options, error) {
	cfg.Region = cmp.Or(cfg.Region, os.Getenv("AWS_REGION"), os.Getenv("AWS_DEFAULT_REGION"), defaultRegion)
	if !regionName.MatchString(cfg.Region) {
		return adapter.Options{}, errors.New(`bedrock.region is not the name of a region; write one like "us-east-1"`)
	}
	if baseURL == "" {
		baseURL = "https://bedrock-runtime." + cfg.Region + "." + domain(cfg.Region)
	}
	return adapter.Options{Type: Type, BaseURL: baseURL, Codec: dialect.Codec{}, Credential: NewCredential(cfg, signIn),
		KeyOptional: true, Operations: operations}, nil
}

var regionName = regexp.MustCompile(`^[a-z]{2,}(-[a-z0-9]+)+$`)

// domain returns the domain of a region's partition.
func domain(region string) string {
	if len(region) > 3 && region[:3] == "cn-" {
		return "amazonaws.com.cn"
	}
	return "amazonaws.com"
}
