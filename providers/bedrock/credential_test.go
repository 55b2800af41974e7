package bedrock_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"bifrost/internal/httpx"
	"bifrost/providers/bedrock"
	"bifrost/schemas"
)

const (
	accessKey = "AKIDEXAMPLE"
	secretKey = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
)

func call(t *testing.T) *httpx.Request {
	t.Helper()
	return &httpx.Request{Method: http.MethodPost,
		URL:  "https://bedrock-runtime.us-east-1.amazonaws.com/model/anthropic.claude%3A0/converse?b=2&a=1",
		Body: []byte(`{"messages":[]}`),
		Header: http.Header{"Content-Type": {"application/json"}, "Accept": {"application/json"}, "Authorization": {"of the caller"},
			"X-Amz-Security-Token": {"of the caller"}}}
}

// signature computes a signature as the documentation has it.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
func signature(req *httpx.Request, region, path, query string) string {
	date := req.Header.Get("X-Amz-Date")
	headers, names := "content-type:application/json\nhost:bedrock-runtime.us-east-1.amazonaws.com\nx-amz-date:"+date+"\n", "content-type;host;x-amz-date"
	if token := req.Header.Get("X-Amz-Security-Token"); token != "" {
		headers, names = headers+"x-amz-security-token:"+token+"\n", names+";x-amz-security-token"
	}
	canonical := strings.Join([]string{req.Method, path, query, headers, names, sum(string(req.Body))}, "\n")
	scope := date[:8] + "/" + region + "/bedrock/aws4_request"
	key := []byte("AWS4" + secretKey)
	for part := range strings.SplitSeq(scope, "/") {
		key = mac(key, part)
	}
	signed := hex.EncodeToString(mac(key, strings.Join([]string{"AWS4-HMAC-SHA256", date, scope, sum(canonical)}, "\n")))
	return "AWS4-HMAC-SHA256 Credential=" + accessKey + "/" + scope + ", SignedHeaders=" + names + ", Signature=" + signed
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

func sum(text string) string {
	s := sha256.Sum256([]byte(text))
	return hex.EncodeToString(s[:])
}

func TestACallIsSignedAsTheDocumentationHasIt(t *testing.T) {
	for _, token := range []string{"", "a-token"} {
		c := bedrock.NewCredential(schemas.BedrockConfig{Region: "us-east-1", AccessKeyID: accessKey, SecretAccessKey: secretKey, SessionToken: token}, nil)
		req := call(t)
		if err := c.Apply(t.Context(), schemas.Key{}, req); err != nil {
			t.Fatal(err)
		}
		// What is escaped in the path is escaped once more.
		if want := signature(req, "us-east-1", "/model/anthropic.claude%253A0/converse", "a=1&b=2"); req.Header.Get("Authorization") != want {
			t.Errorf("got %s, want %s", req.Header.Get("Authorization"), want)
		}
		if got := req.Header.Get("X-Amz-Security-Token"); got != token {
			t.Errorf("got token %q, want %q", got, token)
		}
	}
}

func TestAKeyIsABedrockAPIKeyAndComesFirst(t *testing.T) {
	c := bedrock.NewCredential(schemas.BedrockConfig{Region: "us-east-1", AccessKeyID: accessKey, SecretAccessKey: secretKey}, nil)
	req := call(t)
	if err := c.Apply(t.Context(), schemas.Key{Value: "bedrock-api-key"}, req); err != nil {
		t.Fatal(err)
	}
	if req.Header.Get("Authorization") != "Bearer bedrock-api-key" || req.Header.Get("X-Amz-Date") != "" || req.Header.Get("X-Amz-Security-Token") != "" {
		t.Errorf("got %v", req.Header)
	}
}

// onlyFiles makes the default chain look into the given files and nowhere else.
func onlyFiles(t *testing.T, shared string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "credentials")
	if err := os.WriteFile(path, []byte(shared), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"AWS_SHARED_CREDENTIALS_FILE": path, "AWS_CONFIG_FILE": path + ".none", "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": "", "AWS_PROFILE": "", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "",
		"AWS_CONTAINER_CREDENTIALS_FULL_URI": "", "AWS_WEB_IDENTITY_TOKEN_FILE": "", "AWS_ROLE_ARN": ""} {
		t.Setenv(name, value)
	}
}

func TestWithoutCredentialsTheDefaultChainIsAsked(t *testing.T) {
	onlyFiles(t, "[default]\naws_access_key_id = AKIDDEFAULT\naws_secret_access_key = s\n[team]\naws_access_key_id = AKIDTEAM\naws_secret_access_key = s\n")
	for profile, want := range map[string]string{"": "AKIDDEFAULT", "team": "AKIDTEAM"} {
		c := bedrock.NewCredential(schemas.BedrockConfig{Region: "eu-west-1", Profile: profile}, nil)
		for range 2 {
			req := call(t)
			if err := c.Apply(t.Context(), schemas.Key{}, req); err != nil {
				t.Fatal(err)
			}
			if got := req.Header.Get("Authorization"); !regexp.MustCompile(`Credential=` + want + `/\d{8}/eu-west-1/bedrock/`).MatchString(got) {
				t.Errorf("got %s", got)
			}
		}
	}
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIDENV")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "s")
	req := call(t)
	if err := bedrock.NewCredential(schemas.BedrockConfig{Region: "eu-west-1"}, nil).Apply(t.Context(), schemas.Key{}, req); err != nil || !strings.Contains(req.Header.Get("Authorization"), "AKIDENV") {
		t.Errorf("got %v, %v", req.Header, err)
	}
}

func TestAChainThatFindsNothingSaysWhatToSet(t *testing.T) {
	onlyFiles(t, "")
	for _, profile := range []string{"", "nobody"} {
		err := bedrock.NewCredential(schemas.BedrockConfig{Region: "us-east-1", Profile: profile}, nil).Apply(t.Context(), schemas.Key{}, call(t))
		if !errors.Is(err, schemas.ErrUnauthorized) || !strings.Contains(err.Error(), "bedrock.access_key_id") {
			t.Errorf("%q: got %v", profile, err)
		}
	}
}

func TestCredentialsThatDoNotComeEndWithTheCall(t *testing.T) {
	onlyFiles(t, "")
	asked, over := make(chan struct{}, 8), make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		select {
		case <-r.Context().Done():
		case <-over:
		}
	}))
	defer slow.Close()
	defer close(over)
	t.Setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", slow.URL)
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error, 1)
	c := bedrock.NewCredential(schemas.BedrockConfig{Region: "us-east-1"}, nil)
	go func() { failed <- c.Apply(ctx, schemas.Key{}, call(t)) }() // ends with ctx
	<-asked
	cancel()
	if err := <-failed; !errors.Is(err, schemas.ErrCanceled) || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestTheAddressIsTheRegions(t *testing.T) {
	t.Setenv("AWS_REGION", "")
	t.Setenv("AWS_DEFAULT_REGION", "")
	for region, want := range map[string]string{"": "https://bedrock-runtime.us-east-1.amazonaws.com", "eu-central-1": "https://bedrock-runtime.eu-central-1.amazonaws.com",
		"us-gov-west-1": "https://bedrock-runtime.us-gov-west-1.amazonaws.com", "cn-north-1": "https://bedrock-runtime.cn-north-1.amazonaws.com.cn"} {
		opts, err := bedrock.Options(schemas.BedrockConfig{Region: region}, "", nil)
		if err != nil || opts.BaseURL != want {
			t.Errorf("%q: got %s, %v", region, opts.BaseURL, err)
		}
	}
	t.Setenv("AWS_DEFAULT_REGION", "ap-south-1")
	if opts, err := bedrock.Options(schemas.BedrockConfig{}, "", nil); err != nil || !strings.Contains(opts.BaseURL, "ap-south-1") {
		t.Errorf("got %s, %v", opts.BaseURL, err)
	}
	for _, region := range []string{"evil.example/", "US-EAST-1", "a"} {
		if _, err := bedrock.Options(schemas.BedrockConfig{Region: region}, "", nil); err == nil || strings.Contains(err.Error(), region+"/") {
			t.Errorf("%q: got %v", region, err)
		}
	}
}
