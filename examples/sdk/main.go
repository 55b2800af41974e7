// Command sdk shows the official OpenAI client for Go sending its calls through
// Bifrost's actors: its HTTP client's transport is the provider's. It needs no
// key and no network: the provider is simulated.
//
// It is a module of its own, so that programs which embed Bifrost do not
// download the SDK.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"

	"bifrost"
	"bifrost/schemas"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "sdk:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer) error {
	client, err := bifrost.Init(schemas.BifrostConfig{
		Account: schemas.StaticAccount{"simulated": {Config: schemas.ProviderConfig{
			Simulation: &schemas.SimulationConfig{Latency: 50 * time.Millisecond, TokensPerSecond: 100},
		}}},
	})
	if err != nil {
		return err
	}
	sdk := openai.NewClient(
		option.WithAPIKey("replaced-by-bifrost"),
		option.WithHTTPClient(&http.Client{Transport: client.Transport("simulated")}),
	)
	return errors.Join(ask(ctx, &sdk, out), stream(ctx, &sdk, out), client.Shutdown(ctx))
}

func params(text string) openai.ChatCompletionNewParams {
	return openai.ChatCompletionNewParams{
		Model:    "sim-small",
		Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage(text)},
	}
}

func ask(ctx context.Context, sdk *openai.Client, out io.Writer) error {
	answer, err := sdk.Chat.Completions.New(ctx, params("What is a router?"))
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "chat:  ", answer.Choices[0].Message.Content)
	return nil
}

func stream(ctx context.Context, sdk *openai.Client, out io.Writer) error {
	chunks := sdk.Chat.Completions.NewStreaming(ctx, params("What is a dead letter?"))
	defer chunks.Close()
	fmt.Fprint(out, "stream: ")
	for chunks.Next() {
		for _, c := range chunks.Current().Choices {
			fmt.Fprint(out, c.Delta.Content)
		}
	}
	fmt.Fprintln(out)
	return chunks.Err()
}
