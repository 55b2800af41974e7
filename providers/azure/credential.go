package azure

import (
	"cmp"
	"context"
	"net/url"
	"os"
	"regexp"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"bifrost/internal/adapter"
	"bifrost/internal/httpx"
	"bifrost/schemas"
)

// Credential authorizes calls: with a key of the resource if there is one, else with a
// token of Microsoft Entra, which is kept until shortly before its end
// (https://learn.microsoft.com/azure/ai-foundry/openai/reference#authentication).
type Credential struct {
	cfg    schemas.AzureConfig
	cloud  cloud.Configuration
	scope  string
	client policy.Transporter
	tokens *adapter.Tokens

	source azcore.TokenCredential // nil until the first token; touched by fetch only
}

var _ adapter.Fetcher = (*Credential)(nil)

// keyHeader is where a key is.
var keyHeader = adapter.HeaderKey{Name: "Api-Key"}

// NewCredential returns a Credential for the resource at baseURL. It fetches tokens
// through doer, which it does not close. Nothing is read before the first call.
func NewCredential(cfg schemas.AzureConfig, baseURL string, doer httpx.Doer) *Credential {
	c := &Credential{cfg: cfg, client: newTransport(doer)}
	c.cloud, c.scope = cloudOf(baseURL)
	c.scope = cmp.Or(cfg.Scope, c.scope)
	c.tokens = adapter.NewTokens(c.fetch)
	return c
}

// authorityVariable names the environment's authority, which Microsoft's library reads
// where no cloud is chosen.
const authorityVariable = "AZURE_AUTHORITY_HOST"

// cloudOf returns the cloud of a resource, unless the environment names an authority,
// and the scope of its tokens. A host that is none of Microsoft's is of the public one.
func cloudOf(baseURL string) (chosen cloud.Configuration, scope string) {
	chosen, domain := cloud.AzurePublic, "com"
	if u, err := url.Parse(baseURL); err == nil && strings.HasSuffix(u.Hostname(), ".azure.us") {
		chosen, domain = cloud.AzureGovernment, "us"
	} else if err == nil && strings.HasSuffix(u.Hostname(), ".azure.cn") {
		chosen, domain = cloud.AzureChina, "cn"
	}
	if os.Getenv(authorityVariable) != "" {
		chosen = cloud.Configuration{}
	}
	return chosen, "https://cognitiveservices.azure." + domain + "/.default"
}

// Apply implements adapter.Credential. It blocks while a token is fetched.
func (c *Credential) Apply(ctx context.Context, key schemas.Key, req *httpx.Request) error {
	if key.Value != "" {
		req.Header.Del(adapter.Bearer.Name)
		return keyHeader.Apply(ctx, key, req)
	}
	token, err := c.tokens.Valid(ctx)
	if err != nil {
		return err
	}
	req.Header.Del(keyHeader.Name)
	return adapter.Bearer.Apply(ctx, schemas.Key{Value: token}, req)
}

// Refused implements adapter.Fetcher. Microsoft's library keeps tokens too, so it begins
// anew.
func (c *Credential) Refused(ctx context.Context, token string) {
	c.tokens.Drop(ctx, token, func() { c.source = nil })
}

// fetch asks for a new token.
func (c *Credential) fetch(ctx context.Context) (adapter.Token, error) {
	if c.source == nil {
		source, err := c.newSource()
		if err != nil {
			return adapter.Token{}, noToken(err)
		}
		c.source = source
	}
	token, err := c.source.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{c.scope}})
	if err != nil {
		return adapter.Token{}, noToken(err)
	}
	return adapter.Token{Value: token.Token, Expires: token.ExpiresOn}, nil
}

// newSource returns the source of the application, or the default chain. The authority
// is the operator's own choice, so that it is not looked up in Microsoft's list.
func (c *Credential) newSource() (azcore.TokenCredential, error) {
	opts := azcore.ClientOptions{Cloud: c.cloud, Transport: c.client}
	if c.cfg.ClientID == "" {
		return azidentity.NewDefaultAzureCredential(&azidentity.DefaultAzureCredentialOptions{ClientOptions: opts, DisableInstanceDiscovery: true})
	}
	return azidentity.NewClientSecretCredential(c.cfg.TenantID, c.cfg.ClientID, c.cfg.ClientSecret,
		&azidentity.ClientSecretCredentialOptions{ClientOptions: opts, DisableInstanceDiscovery: true})
}

// entraCode is a code of Microsoft Entra, which says what is wrong and no more
// (https://learn.microsoft.com/entra/identity-platform/reference-error-codes).
var entraCode = regexp.MustCompile(`AADSTS[0-9]{4,9}`)

// noToken has a code of the library's own words, which may quote an answer, and no more.
func noToken(err error) *schemas.Error {
	message := "no access token could be fetched from Microsoft Entra"
	if code := entraCode.FindString(err.Error()); code != "" {
		message += " (" + code + ")"
	}
	return &schemas.Error{Kind: schemas.KindUnauthorized, Message: message +
		"; add a key, or check azure.tenant_id, azure.client_id and azure.client_secret, or what Azure's default credentials read"}
}
