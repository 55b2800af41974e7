package schemas_test

import (
	"strings"
	"testing"

	"bifrost/schemas"
)

func TestAHeaderThatCannotBeSentIsRefusedWithoutItsValue(t *testing.T) {
	for _, c := range []struct{ name, value, says string }{
		{"", "secret", "is not the name of a header"},
		{"a b", "secret", "is not the name of a header"},
		{"ä", "secret", "is not the name of a header"},
		{"Host", "secret", "cannot be set"},
		{"content-LENGTH", "secret", "cannot be set"},
		{"Transfer-Encoding", "secret", "cannot be set"},
		{"X-A", "secret\n", "control character"},
		{"X-A", "secret\x7fsecret", "control character"},
		{"X-A", " secret", "white space"},
	} {
		err := schemas.CheckHeader(c.name, c.value)
		if err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: got %v, want %q", c.name, err, c.says)
		}
	}
	for _, name := range []string{"X-Team", "authorization", "x_a.b~1", "User-Agent"} {
		if err := schemas.CheckHeader(name, "a value\twith a tab"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEveryFaultOfTheExtraHeadersIsReportedByTheSettingsWithItsKey(t *testing.T) {
	c := schemas.ProviderConfig{NetworkConfig: schemas.NetworkConfig{ExtraHeaders: schemas.Headers{
		"Host": "secret", "a b": "secret", "X-Team": "secret", "x-team": "secret", "X-Good": "secret",
	}}}
	err := c.Validate()
	if err == nil {
		t.Fatal("no fault")
	}
	want := `network_config.extra_headers.Host is decided by the connection and cannot be set; remove it
network_config.extra_headers."a b" is not the name of a header; write letters, digits and hyphens, such as X-Team
network_config.extra_headers.x-team is the same header as X-Team; keep one`
	if err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}
