package config_test

import (
	"errors"
	"fmt"

	"bifrost/config"
)

func ExampleLoad() {
	file, err := config.Load("../bifrost.toml")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, p := range file.Providers { // file.Bifrost is for Init
		fmt.Println(p.Name, p.Config.ConcurrencyAndBufferSize.Concurrency, p.Config.ConcurrencyAndBufferSize.BufferSize)
	}
	// Output: simulated 10 100
}

func ExampleParse() {
	text := `
drop_excess_requests = "yes"

[providers.openai]
keys = [{ value = "env.MY_KEY" }]

[providers.openai.concurrency_and_buffer_size]
buffer_size = 0
`
	nothingIsSet := func(string) (string, bool) { return "", false }
	_, err := config.Parse("my.toml", []byte(text), config.TOML, config.WithLookupEnv(nothingIsSet))
	fmt.Println(err)

	var faults config.Errors
	if errors.As(err, &faults) {
		fmt.Println(len(faults), "faults, the first on line", faults[0].Line)
	}
	// Output:
	// my.toml:2: drop_excess_requests: must be true or false, not text
	// my.toml:5: providers.openai.keys[0].value: needs the environment variable MY_KEY, which is not set; export it and start again
	// my.toml:8: providers.openai.concurrency_and_buffer_size.buffer_size: must be at least 1; leave it out for the default of 100
	// 3 faults, the first on line 2
}
