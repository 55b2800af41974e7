package config

import (
	"bytes"
	"os"
	"testing"

	"bifrost/schemas"
)

func readTestdata(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestTheSpecificationsExampleIsTestedByteForByte(t *testing.T) {
	page := readTestdata(t, "memory-and-concurrency.md")
	_, rest, ok := bytes.Cut(page, []byte("```json\n"))
	example, _, end := bytes.Cut(rest, []byte("```"))
	if !ok || !end {
		t.Fatal("the page has no JSON example")
	}
	if !bytes.Equal(example, readTestdata(t, "specification.json")) {
		t.Error("testdata/specification.json differs from the example on the page")
	}
}

func TestTheSpecificationsExampleLoadsUnchanged(t *testing.T) {
	f, err := Load("testdata/specification.json", WithLookupEnv(testEnv))
	if err != nil {
		t.Fatal(err)
	}
	keys, err := f.Account().GetKeysForProvider(t.Context(), "openai")
	if err != nil {
		t.Fatal(err)
	}
	if len(keys) != 1 || keys[0].Value != "sk-secret-openai" || keys[0].Weight != 1 ||
		len(keys[0].Models) != 1 || keys[0].Models[0] != "gpt-4o-mini" {
		t.Errorf("got keys %v", keys)
	}
	cfg, err := f.Account().GetConfigForProvider("openai")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := cfg.ConcurrencyAndBufferSize, (schemas.ConcurrencyAndBufferSize{Concurrency: 20, BufferSize: 200}); got != want {
		t.Errorf("got sizes %+v, want %+v", got, want)
	}
	if f.Bifrost.InitialPoolSize != 100 || f.Bifrost.DropExcessRequests {
		t.Errorf("got %+v, want the defaults of the specification", f.Bifrost)
	}
}
