package config

type printedClient struct {
	Keys              []string `toml:"keys"`
	Providers         []string `toml:"providers,omitempty"`
	Models            []string `toml:"models,omitempty"`
	RequestsPerMinute int      `toml:"requests_per_minute,omitzero"`
	TokensPerMinute   int      `toml:"tokens_per_minute,omitzero"`
	MaxInFlight       int      `toml:"max_in_flight,omitzero"`
	LogContent        bool     `toml:"log_content"`
}

type printedTracing struct {
	Endpoint    string            `toml:"endpoint"`
	Protocol    string            `toml:"protocol"`
	Headers     map[string]string `toml:"headers,omitempty"`
	SampleRatio float64           `toml:"sample_ratio"`
	ServiceName string            `toml:"service_name"`
}

type printedAccessLog struct {
	Enabled bool    `toml:"enabled"`
	Sample  float64 `toml:"sample"`
}

type printedPrice struct {
	Input       float64 `toml:"input"`
	CachedInput float64 `toml:"cached_input"`
	Output      float64 `toml:"output"`
}

func printClients(clients []Client, hide veil) map[string]printedClient {
	out := make(map[string]printedClient, len(clients))
	for _, c := range clients {
		printed := printedClient{Providers: c.Providers, Models: c.Models, RequestsPerMinute: c.RequestsPerMinute,
			TokensPerMinute: c.TokensPerMinute, MaxInFlight: c.MaxInFlight, LogContent: c.LogContent}
		for _, k := range c.Keys {
			printed.Keys = append(printed.Keys, hide(k))
		}
		out[c.Name] = printed
	}
	return out
}

func printTracing(t *Tracing, hide veil) *printedTracing {
	if t == nil {
		return nil
	}
	return &printedTracing{Endpoint: t.Endpoint, Protocol: t.Protocol, Headers: veiledHeaders(t.Headers, hide),
		SampleRatio: t.SampleRatio, ServiceName: t.ServiceName}
}

func printPrices(prices map[string]Price) map[string]printedPrice {
	out := make(map[string]printedPrice, len(prices))
	for name, p := range prices {
		out[name] = printedPrice(p)
	}
	return out
}

// veiledHeaders returns headers with what is shown of their values.
func veiledHeaders(headers map[string]string, hide veil) map[string]string {
	veiled := map[string]string{}
	for name, text := range headers {
		veiled[name] = hide(text)
	}
	return veiled
}
