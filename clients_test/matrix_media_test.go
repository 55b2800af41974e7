package clients_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"io"
	"strings"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
)

// mediaFeatures are about pictures, sound and files.
func mediaFeatures(c openai.Client) []feature {
	return []feature{
		ask("images", func(ctx context.Context, model string) error {
			r, err := c.Images.Generate(ctx, openai.ImageGenerateParams{Model: model, Prompt: "A grey square", N: openai.Int(2)})
			if err := has(err, err == nil && len(r.Data) == 2, "got %+v", r); err != nil {
				return err
			}
			picture, err := base64.StdEncoding.DecodeString(r.Data[0].B64JSON)
			return has(err, bytes.HasPrefix(picture, []byte("\x89PNG")), "got %q", picture)
		}),
		ask("speech", func(ctx context.Context, model string) error {
			r, err := c.Audio.Speech.New(ctx, openai.AudioSpeechNewParams{Model: model, Input: "Hello world",
				Voice: openai.AudioSpeechNewParamsVoiceUnion{OfString: openai.String("alloy")}, ResponseFormat: openai.AudioSpeechNewParamsResponseFormatWAV})
			if err != nil {
				return err
			}
			defer r.Body.Close()
			sound, err := io.ReadAll(r.Body)
			return has(err, len(sound) > 44 && string(sound[:4]) == "RIFF" && int(binary.LittleEndian.Uint32(sound[4:]))+8 == len(sound) &&
				r.Header.Get("Content-Type") == "audio/wav", "got %d bytes of %s", len(sound), r.Header.Get("Content-Type"))
		}),
		ask("transcription", func(ctx context.Context, model string) error {
			r, err := c.Audio.Transcriptions.New(ctx, openai.AudioTranscriptionNewParams{Model: model,
				File: openai.File(strings.NewReader(strings.Repeat("s", 1000)), "ö.wav", "audio/wav")})
			return has(err, err == nil && strings.Contains(r.Text, "1000 bytes"), "got %+v", r)
		}),
		ask("files", func(ctx context.Context, model string) error { return keepsFiles(ctx, c, model) }),
	}
}

// keepsFiles stores a file, finds it again and removes it.
func keepsFiles(ctx context.Context, c openai.Client, model string) error {
	content := []byte("{\"a\":1}\n")
	var whose []option.RequestOption
	if provider, _, several := strings.Cut(model, "/"); several {
		whose = append(whose, option.WithHeader("X-Bifrost-Provider", provider))
	}
	file, err := c.Files.New(ctx, openai.FileNewParams{File: openai.File(bytes.NewReader(content), "ö.jsonl", "application/jsonl"),
		Purpose: openai.FilePurposeBatch}, whose...)
	if err != nil {
		return err
	}
	found := false
	list := c.Files.ListAutoPaging(ctx, openai.FileListParams{}, whose...)
	for list.Next() {
		found = found || list.Current().ID == file.ID && list.Current().Filename == "ö.jsonl"
	}
	if err := has(list.Err(), found, "%s is not listed", file.ID); err != nil {
		return err
	}
	r, err := c.Files.Content(ctx, file.ID, whose...)
	if err != nil {
		return err
	}
	defer r.Body.Close()
	got, err := io.ReadAll(r.Body)
	if err := has(err, bytes.Equal(got, content), "got %q", got); err != nil {
		return err
	}
	if _, err := c.Files.Delete(ctx, file.ID, whose...); err != nil {
		return err
	}
	_, err = c.Files.Get(ctx, file.ID, whose...)
	return failsWith(err, func(e *openai.Error) bool { return e.StatusCode == 404 })
}
