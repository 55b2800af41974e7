package clients_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/responses"
)

// serving is a site whose provider is a function over HTTP.
func serving(h http.HandlerFunc) site {
	return site{upstream: func(*testing.T) http.Handler { return h }}
}

// sendJSON answers with 200.
func sendJSON(w http.ResponseWriter, body string) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, body)
}

const wholeChat = `{"id":"c1","object":"chat.completion","created":1,"model":"m","x_new":{"a":[1]},` +
	`"choices":[{"index":0,"message":{"role":"assistant","content":"hello"},"finish_reason":"stop"}]}`

func TestModelsAreListedByTheNamesThatTheDoorTakes(t *testing.T) {
	site{}.each(t, func(t *testing.T, d *door) {
		page, err := d.sdk.Models.List(t.Context())
		if err != nil {
			t.Fatal(describe(err))
		}
		var names []string
		for _, m := range page.Data {
			if m.Object != "model" || m.OwnedBy != "simulated" {
				t.Errorf("got %s", m.RawJSON())
			}
			names = append(names, m.ID)
		}
		if want := []string{d.model("sim-small"), d.model("sim-large")}; !slices.Equal(names, want) {
			t.Fatalf("got %v, want %v", names, want)
		}
		for _, name := range names {
			p := d.ask("a listed model")
			p.Model = name
			d.chat(t, p)
		}
	})
}

func TestOperationThatTheProviderLacksIsRefusedInSoManyWords(t *testing.T) {
	site{}.each(t, func(t *testing.T, d *door) {
		_, err := d.sdk.Moderations.New(t.Context(), openai.ModerationNewParams{
			Model: d.model("any"), Input: openai.ModerationNewParamsInputUnion{OfString: openai.String("text")}})
		e := refusalOf(t, err)
		if d.ours() && d.provider == "simulated" { // which is known to lack it
			checkRefusal(t, err, 400, "invalid_request_error", "unsupported_operation")
			if !strings.Contains(e.Message, "the provider has no moderation; it has chat, ") || e.Response.Header.Get("X-Should-Retry") != "false" {
				t.Errorf("got %s, %v", describe(e), e.Response.Header)
			}
			return
		}
		if e.StatusCode != 404 || e.Type != "invalid_request_error" || e.Code != "unknown_url" || !strings.HasPrefix(e.Message, "unknown path") {
			t.Errorf("got %s", describe(e))
		}
		if d.ours() && (e.Response.Header.Get("X-Bifrost-Code") != "not_found" || e.Response.Header.Get("X-Bifrost-Origin") != "upstream") {
			t.Errorf("got headers %v", e.Response.Header)
		}
	})
}

func TestOperationWithoutARouteOfItsOwnPassesThrough(t *testing.T) {
	serving(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1/moderations" {
			http.NotFound(w, r)
			return
		}
		sendJSON(w, `{"id":"mod-1","model":"any","results":[{"flagged":true,"category_scores":{"violence":0.25}}]}`)
	}).each(t, func(t *testing.T, d *door) {
		answer, err := d.sdk.Moderations.New(t.Context(), openai.ModerationNewParams{
			Model: d.model("any"), Input: openai.ModerationNewParamsInputUnion{OfString: openai.String("text")}})
		if err != nil {
			t.Fatal(describe(err))
		}
		if len(answer.Results) != 1 || !answer.Results[0].Flagged || answer.Results[0].CategoryScores.Violence != 0.25 {
			t.Errorf("got %s", answer.RawJSON())
		}
	})
}

const responseEvents = "event: response.created\ndata: {\"type\":\"response.created\",\"sequence_number\":0,\"response\":{\"id\":\"r1\"}}\n\n" +
	"event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"sequence_number\":1,\"delta\":\"hel\"}\n\n" +
	": a comment\n\n" +
	"event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"sequence_number\":2,\"delta\":\"lo\"}\n\n" +
	"event: response.completed\ndata: {\"type\":\"response.completed\",\"sequence_number\":3,\"response\":{\"id\":\"r1\"}}\n\n"

func TestResponsesAPIStreamsThroughWithItsNamedEvents(t *testing.T) {
	serving(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, responseEvents)
	}).each(t, func(t *testing.T, d *door) {
		stream := d.sdk.Responses.NewStreaming(t.Context(), responses.ResponseNewParams{
			Model: d.model("m"), Input: responses.ResponseNewParamsInputUnion{OfString: openai.String("text")}})
		var kinds, text []string
		for stream.Next() {
			kinds = append(kinds, stream.Current().Type)
			text = append(text, stream.Current().Delta)
		}
		if err := stream.Err(); err != nil {
			t.Fatal(describe(err))
		}
		if len(kinds) != 4 || kinds[3] != "response.completed" || strings.Join(text, "") != "hello" {
			t.Errorf("got %v with %q", kinds, text)
		}
	})
}

func TestBinaryAnswerArrivesUnchanged(t *testing.T) {
	sound := bytes.Repeat([]byte{0, 255, '\n', 'd', 'a', 't', 'a', ':'}, 20_000)
	serving(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "audio/mpeg")
		_, _ = w.Write(sound)
	}).each(t, func(t *testing.T, d *door) {
		resp, err := d.sdk.Audio.Speech.New(t.Context(), openai.AudioSpeechNewParams{Model: d.model("tts"), Input: "hello",
			Voice: openai.AudioSpeechNewParamsVoiceUnion{OfString: openai.String("alloy")}})
		if err != nil {
			t.Fatal(describe(err))
		}
		defer resp.Body.Close()
		got, err := io.ReadAll(resp.Body)
		if err != nil || !bytes.Equal(got, sound) || resp.Header.Get("Content-Type") != "audio/mpeg" {
			t.Errorf("got %d bytes of %s (%v), want %d", len(got), resp.Header.Get("Content-Type"), err, len(sound))
		}
	})
}

func TestUploadPassesThroughWithTheProvidersNameOfTheModel(t *testing.T) {
	serving(func(w http.ResponseWriter, r *http.Request) {
		f, head, err := r.FormFile("file")
		if err != nil {
			http.Error(w, "no file", http.StatusBadRequest)
			return
		}
		defer f.Close()
		data, _ := io.ReadAll(f)
		sendJSON(w, `{"text":"`+string(data)+" "+head.Filename+" "+r.FormValue("model")+`"}`)
	}).each(t, func(t *testing.T, d *door) {
		answer, err := d.sdk.Audio.Transcriptions.New(t.Context(), openai.AudioTranscriptionNewParams{
			Model: d.model("whisper"), File: openai.File(strings.NewReader("noise"), "a.wav", "audio/wav")})
		if err != nil {
			t.Fatal(describe(err))
		}
		if answer.Text != "noise a.wav whisper" {
			t.Errorf("got %q", answer.Text)
		}
	})
}

// TestUnknownFieldsPassBothWays compares the bodies byte by byte: of a request,
// only the model's name may change.
func TestUnknownFieldsPassBothWays(t *testing.T) {
	bodies := make(chan string, 1)
	var seen []string
	serving(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		bodies <- r.URL.RawQuery + string(body)
		sendJSON(w, wholeChat)
	}).each(t, func(t *testing.T, d *door) {
		answer := d.chat(t, d.ask("<&> \u2028 model"), option.WithJSONSet("x_future", map[string]any{"model": "a/b", "n": 1e30}),
			option.WithJSONSet("service_tier", "flex"), option.WithQuery("api-version", "1 2"))
		seen = append(seen, await(t, bodies, "the request"))
		if raw := answer.JSON.ExtraFields["x_new"].Raw(); raw != `{"a":[1]}` || answer.RawJSON() != wholeChat {
			t.Errorf("got %s", answer.RawJSON())
		}
	})
	if len(seen) != 3 || !strings.Contains(seen[2], `"x_future":{"model":"a/b"`) || !strings.HasPrefix(seen[2], "api-version=1+2{") {
		t.Fatalf("the control has sent %q", seen)
	}
	for _, body := range seen[:2] {
		if body != seen[2] {
			t.Errorf("the provider was sent\n%s\nand by the control\n%s", body, seen[2])
		}
	}
}

func TestCompressingProviderIsReadAllTheSame(t *testing.T) {
	serving(func(w http.ResponseWriter, r *http.Request) {
		if !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			sendJSON(w, wholeChat)
			return
		}
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Set("Content-Type", "application/json")
		z := gzip.NewWriter(w)
		defer z.Close()
		_, _ = io.WriteString(z, wholeChat)
	}).each(t, func(t *testing.T, d *door) {
		if got := d.chat(t, d.ask("small")).RawJSON(); got != wholeChat {
			t.Errorf("got %q", got)
		}
	})
}

func TestPathOfAnOperationStaysEscaped(t *testing.T) {
	s := serving(func(w http.ResponseWriter, r *http.Request) {
		sendJSON(w, `{"object":"model","id":"`+r.URL.EscapedPath()+`"}`)
	})
	s.entrances = []entrance{transport, direct} // the gateway asks no provider for one model
	s.each(t, func(t *testing.T, d *door) {
		m, err := d.sdk.Models.Get(t.Context(), "meta-llama/x y?z")
		if err != nil {
			t.Fatal(describe(err))
		}
		if m.ID != "/v1/models/meta-llama%2Fx%20y%3Fz" {
			t.Errorf("got %s", m.ID)
		}
	})
}

func TestTransportTakesAnyBaseURLOfTheSDK(t *testing.T) {
	s := site{entrances: []entrance{transport}}
	s.each(t, func(t *testing.T, d *door) {
		for _, base := range []string{"http://any.invalid", "https://any.invalid/v1", "https://any.invalid/openai/v1/", "https://any.invalid/api/v1"} {
			sdk := newSDK(option.WithBaseURL(base), option.WithHTTPClient(&http.Client{Transport: d.client.Transport(d.provider)}))
			if _, err := sdk.Chat.Completions.New(t.Context(), d.ask("hello")); err != nil {
				t.Errorf("%s: %s", base, describe(err))
			}
		}
	})
}

func TestLongRequestsAndLongStreamsPassWhole(t *testing.T) {
	const tokens = 2000
	site{}.each(t, func(t *testing.T, d *door) {
		words := strings.Repeat("word ", 100_000)
		chunks := d.stream(t, d.ask(words), simulate("tokens=2000"))
		if text := accumulate(t, chunks).Choices[0].Message.Content; len(chunks) != tokens+2 || len(strings.Fields(text)) != tokens {
			t.Errorf("got %d chunks with %d words", len(chunks), len(strings.Fields(text)))
		}
	})
}
