package bedrock

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"

	"bifrost/internal/adapter"
	"bifrost/internal/httpx"
	"bifrost/schemas"
)

// service is the name that calls are signed for.
const service = "bedrock"

// Credential authorizes calls: with a key of the provider as a Bedrock API key, else
// by a signature (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html).
type Credential struct {
	cfg    schemas.BedrockConfig
	signIn func(*http.Transport)
	signer *v4.Signer
	now    func() time.Time

	// turn is held by who loads the chain, which is done once; nobody waits for it
	// longer than his own context lasts.
	turn  chan struct{}
	chain aws.CredentialsProvider
}

var _ adapter.Credential = (*Credential)(nil)

// NewCredential returns a Credential. signIn sets up the connections on which the chain
// asks for credentials; nil leaves them as AWS's library has them. Nothing is read before
// the first call.
func NewCredential(cfg schemas.BedrockConfig, signIn func(*http.Transport)) *Credential {
	return &Credential{cfg: cfg, signIn: signIn, signer: v4.NewSigner(), now: time.Now, turn: make(chan struct{}, 1)}
}

// Apply implements adapter.Credential. It blocks while credentials are fetched, as
// those of an instance's role are.
func (c *Credential) Apply(ctx context.Context, key schemas.Key, req *httpx.Request) error {
	for _, name := range []string{"Authorization", "X-Amz-Date", "X-Amz-Security-Token", "X-Amz-Content-Sha256"} {
		req.Header.Del(name) // of a raw call's own signature
	}
	if key.Value != "" {
		return adapter.Bearer.Apply(ctx, key, req)
	}
	creds, err := c.credentials(ctx)
	if err != nil {
		return err
	}
	return c.sign(ctx, creds, req)
}

// sign adds the signature. It covers the host, the path, the query, the body and its
// type; whatever else is in the header may still be changed on its way.
func (c *Credential) sign(ctx context.Context, creds aws.Credentials, req *httpx.Request) error {
	signed, err := http.NewRequestWithContext(ctx, req.Method, req.URL, nil)
	if err != nil {
		return &schemas.Error{Kind: schemas.KindInvalidRequest, Message: "the call's address is not valid; correct the model or network_config.base_url"}
	}
	if kind := req.Header.Get("Content-Type"); kind != "" {
		signed.Header.Set("Content-Type", kind)
	}
	sum := sha256.Sum256(req.Body)
	if err := c.signer.SignHTTP(ctx, creds, signed, hex.EncodeToString(sum[:]), service, c.cfg.Region, c.now()); err != nil {
		return &schemas.Error{Kind: schemas.KindUnauthorized, Message: "the call could not be signed; check the AWS credentials"}
	}
	for _, name := range []string{"Authorization", "X-Amz-Date", "X-Amz-Security-Token"} {
		if value := signed.Header.Get(name); value != "" {
			req.Header.Set(name, value)
		}
	}
	return nil
}

// credentials returns those of the configuration, or of the chain.
func (c *Credential) credentials(ctx context.Context) (aws.Credentials, error) {
	if c.cfg.AccessKeyID != "" {
		return aws.Credentials{AccessKeyID: c.cfg.AccessKeyID, SecretAccessKey: c.cfg.SecretAccessKey, SessionToken: c.cfg.SessionToken}, nil
	}
	chain, err := c.loaded(ctx)
	if err != nil {
		return aws.Credentials{}, err
	}
	creds, err := chain.Retrieve(ctx)
	if ended := httpx.Ended(ctx, false); err != nil && ended != nil {
		return aws.Credentials{}, ended
	}
	if err != nil {
		return aws.Credentials{}, noCredentials()
	}
	return creds, nil
}

// loaded returns the chain, which caches what it found and renews it in time. A
// failure is not kept.
func (c *Credential) loaded(ctx context.Context) (aws.CredentialsProvider, error) {
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return nil, httpx.Ended(ctx, false)
	}
	if c.chain != nil {
		return c.chain, nil
	}
	opts := []func(*config.LoadOptions) error{config.WithRegion(c.cfg.Region)}
	if c.signIn != nil { // of the type that the chain knows how to set up further
		opts = append(opts, config.WithHTTPClient(awshttp.NewBuildableClient().WithTransportOptions(c.signIn)))
	}
	if c.cfg.Profile != "" {
		opts = append(opts, config.WithSharedConfigProfile(c.cfg.Profile))
	}
	loaded, err := config.LoadDefaultConfig(ctx, opts...)
	if ended := httpx.Ended(ctx, false); err != nil && ended != nil {
		return nil, ended
	}
	if err != nil || loaded.Credentials == nil {
		return nil, noCredentials()
	}
	c.chain = loaded.Credentials
	return c.chain, nil
}

// noCredentials does not have the chain's own words, which may name files and roles.
func noCredentials() *schemas.Error {
	return &schemas.Error{Kind: schemas.KindUnauthorized,
		Message: "no AWS credentials were found; set bedrock.access_key_id, a key with a Bedrock API key, or what AWS's default chain reads"}
}
