package codec

import "bifrost/schemas"

// byPlace are texts of a list's elements, which their types hide from JSON. It is nil, or
// as long as the list.
type byPlace []string

// set notes the text of one of n elements. It is not empty for nothing: most lists have none.
func (p *byPlace) set(i, n int, text string) {
	if text == "" {
		return
	}
	if *p == nil {
		*p = make(byPlace, n)
	}
	(*p)[i] = text
}

// get returns the text of an element, or "". The list may be a peer's.
func (p byPlace) get(i int) string {
	if i < len(p) {
		return p[i]
	}
	return ""
}

// chatAnswer is a chat's answer with what it hides.
type chatAnswer struct {
	*schemas.ChatResponse
	Own hiddenStops `json:"bifrost,omitzero"`
}

type hiddenStops struct {
	StopSequences byPlace `json:"stop_sequences,omitempty"`
}

// rerankAnswer is the answer of a reranking with what it hides.
type rerankAnswer struct {
	*schemas.RerankResponse
	Own hiddenDocuments `json:"bifrost,omitzero"`
}

type hiddenDocuments struct {
	Documents byPlace `json:"documents,omitempty"`
}

// wholeAnswer returns what is written as JSON of an answer in one piece; nil if there is none.
func wholeAnswer(resp *schemas.Response) any {
	switch {
	case resp.Chat != nil:
		a := &chatAnswer{ChatResponse: resp.Chat}
		for i := range a.Choices {
			a.Own.StopSequences.set(i, len(a.Choices), a.Choices[i].StopSequence)
		}
		return a
	case resp.Tokens != nil:
		return resp.Tokens
	case resp.Completion != nil:
		return resp.Completion
	case resp.Embedding != nil:
		return resp.Embedding
	case resp.Rerank != nil:
		a := &rerankAnswer{RerankResponse: resp.Rerank}
		for i := range a.Results {
			a.Own.Documents.set(i, len(a.Results), a.Results[i].Document)
		}
		return a
	case resp.Moderation != nil:
		return resp.Moderation
	case resp.Image != nil:
		return resp.Image
	case resp.Transcription != nil:
		return resp.Transcription
	case resp.Models != nil:
		return resp.Models
	}
	return nil
}

// readers read the whole answers in JSON, each into its field.
var readers = map[schemas.Operation]func(*schemas.Response, []byte) error{
	schemas.OperationChat:          readChatAnswer,
	schemas.OperationRerank:        readRerankAnswer,
	schemas.OperationTranscription: readerOf(func(r *schemas.Response) **schemas.TranscriptionResponse { return &r.Transcription }),
	schemas.OperationTranslation:   readerOf(func(r *schemas.Response) **schemas.TranscriptionResponse { return &r.Transcription }),
	schemas.OperationCountTokens:   readerOf(func(r *schemas.Response) **schemas.TokenCount { return &r.Tokens }),
	schemas.OperationCompletion:    readerOf(func(r *schemas.Response) **schemas.CompletionResponse { return &r.Completion }),
	schemas.OperationEmbeddings:    readerOf(func(r *schemas.Response) **schemas.EmbeddingResponse { return &r.Embedding }),
	schemas.OperationModeration:    readerOf(func(r *schemas.Response) **schemas.ModerationResponse { return &r.Moderation }),
	schemas.OperationImage:         readerOf(func(r *schemas.Response) **schemas.ImageResponse { return &r.Image }),
	schemas.OperationListModels:    readerOf(func(r *schemas.Response) **schemas.ModelList { return &r.Models }),
}

// messageReaders read the whole answers that may be protobuf messages.
var messageReaders = map[schemas.Operation]func(*schemas.Response, []byte) error{
	schemas.OperationChat:       unmarshalChat,
	schemas.OperationEmbeddings: unmarshalEmbeddings,
}

// readerOf reads an answer that hides nothing.
func readerOf[T any](at func(*schemas.Response) **T) func(*schemas.Response, []byte) error {
	return func(resp *schemas.Response, body []byte) error {
		out := new(T)
		if err := readObject(body, out); err != nil {
			return err
		}
		*at(resp) = out
		return nil
	}
}

func readChatAnswer(resp *schemas.Response, body []byte) error {
	a := chatAnswer{ChatResponse: &schemas.ChatResponse{}}
	if err := readObject(body, &a); err != nil {
		return err
	}
	for i := range a.Choices {
		a.Choices[i].StopSequence = a.Own.StopSequences.get(i)
	}
	resp.Chat = a.ChatResponse
	return nil
}

func readRerankAnswer(resp *schemas.Response, body []byte) error {
	a := rerankAnswer{RerankResponse: &schemas.RerankResponse{}}
	if err := readObject(body, &a); err != nil {
		return err
	}
	for i := range a.Results {
		a.Results[i].Document = a.Own.Documents.get(i)
	}
	resp.Rerank = a.RerankResponse
	return nil
}
