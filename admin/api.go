package admin

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
)

// healthy answers that the process serves.
func healthy(w http.ResponseWriter, _ *http.Request) *fault {
	sendJSON(w, http.StatusOK, map[string]string{"status": "ok"})
	return nil
}

func (h *Handler) getState(w http.ResponseWriter, _ *http.Request) *fault {
	sendJSON(w, http.StatusOK, h.state())
	return nil
}

func (h *Handler) getDeadLetters(w http.ResponseWriter, _ *http.Request) *fault {
	out := DeadLetters{ByReason: lettersOf(h.o.Client.Stats()), Recent: []FailureView{}}
	if h.o.Recorder != nil {
		out.Recent = failuresOf(h.o.Recorder.DeadLetters())
	}
	sendJSON(w, http.StatusOK, out)
	return nil
}

func (h *Handler) getConfig(w http.ResponseWriter, _ *http.Request) *fault {
	if h.o.Config == nil {
		return &fault{http.StatusNotImplemented, codeUnsupported, "this program has no configuration to show"}
	}
	sendJSON(w, http.StatusOK, h.o.Config())
	return nil
}

func (h *Handler) postReload(w http.ResponseWriter, r *http.Request) *fault {
	if h.o.Reload == nil {
		return &fault{http.StatusNotImplemented, codeUnsupported, "this program cannot reload; restart it"}
	}
	dry := false
	if text := r.URL.Query().Get("dry_run"); text != "" {
		var err error
		if dry, err = strconv.ParseBool(text); err != nil {
			return &fault{http.StatusBadRequest, codeInvalid, "dry_run is true or false"}
		}
	}
	out := h.o.Reload(r.Context(), dry)
	if out.Changes == nil {
		out.Changes = []Change{}
	}
	if out.Errors == nil {
		out.Errors = []string{}
	}
	sendJSON(w, http.StatusOK, out)
	return nil
}

func (h *Handler) getProvider(w http.ResponseWriter, r *http.Request) *fault {
	detail, err := h.detail(r.PathValue("name"))
	if err != nil {
		return err
	}
	sendJSON(w, http.StatusOK, detail)
	return nil
}

// detail is one provider as it is now.
func (h *Handler) detail(name string) (ProviderDetail, *fault) {
	if !slices.Contains(h.o.Client.Providers(), name) {
		return ProviderDetail{}, &fault{http.StatusNotFound, codeNotFound, fmt.Sprintf("there is no provider %q; /api/v1/state lists them", name)}
	}
	view, _ := h.provider(name, h.o.Client.Stats())
	out := ProviderDetail{ProviderView: view, WorkerList: h.workers(name), Errors: []FailureView{}}
	if h.o.Recorder != nil {
		out.Errors = failuresOf(h.o.Recorder.Failures(name))
	}
	return out, nil
}

// patchProvider answers with the provider as it is then.
func (h *Handler) patchProvider(w http.ResponseWriter, r *http.Request) *fault {
	name := r.PathValue("name")
	before, err := h.detail(name)
	if err != nil {
		return err
	}
	if before.Remote {
		return &fault{http.StatusConflict, codeRemote, fmt.Sprintf("provider %q is on another node; change it there", name)}
	}
	s, err := settingsIn(r)
	if err != nil {
		return err
	}
	if err := h.set(r, name, s); err != nil {
		return err
	}
	after, err := h.detail(name)
	if err != nil {
		return err
	}
	sendJSON(w, http.StatusOK, after)
	return nil
}

// patchSettings answers with the state as it is then.
func (h *Handler) patchSettings(w http.ResponseWriter, r *http.Request) *fault {
	s, err := settingsIn(r)
	if err != nil {
		return err
	}
	if s.Concurrency != nil || s.BufferSize != nil {
		return &fault{http.StatusUnprocessableEntity, codeSettings, "concurrency and buffer_size are a provider's; send them to /api/v1/providers/NAME"}
	}
	if err := h.set(r, "", s); err != nil {
		return err
	}
	sendJSON(w, http.StatusOK, h.state())
	return nil
}

func (h *Handler) set(r *http.Request, provider string, s Settings) *fault {
	if h.o.Set == nil {
		return &fault{http.StatusNotImplemented, codeUnsupported, "this program cannot change settings at run time"}
	}
	err := h.o.Set(r.Context(), provider, s)
	switch {
	case err == nil:
		return nil
	case r.Context().Err() != nil:
		return &fault{http.StatusServiceUnavailable, codeGone, "the caller has gone before the change was made"}
	}
	return &fault{http.StatusUnprocessableEntity, codeSettings, err.Error()}
}

// settingsIn reads settings, of which at least one is given.
func settingsIn(r *http.Request) (Settings, *fault) {
	var s Settings
	if err := readJSON(r, &s); err != nil {
		return s, err
	}
	switch {
	case s.Drop == nil && s.Concurrency == nil && s.BufferSize == nil:
		return s, &fault{http.StatusUnprocessableEntity, codeSettings, "nothing to change: give drop_excess_requests, concurrency or buffer_size"}
	case s.Concurrency != nil && *s.Concurrency < 1:
		return s, &fault{http.StatusUnprocessableEntity, codeSettings, "concurrency must be at least 1"}
	case s.BufferSize != nil && *s.BufferSize < 1:
		return s, &fault{http.StatusUnprocessableEntity, codeSettings, "buffer_size must be at least 1"}
	}
	return s, nil
}

// readJSON reads a body that is one value of the type of into and nothing else.
func readJSON(r *http.Request, into any) *fault {
	if err := wantJSON(r); err != nil {
		return err
	}
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	err := d.Decode(into)
	if err == nil {
		if _, err = d.Token(); errors.Is(err, io.EOF) {
			return nil
		}
		err = errors.Join(errors.New("something follows the JSON object"), err)
	}
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return &fault{http.StatusRequestEntityTooLarge, codeTooLarge, fmt.Sprintf("the body is larger than %d bytes", tooLarge.Limit)}
	}
	return &fault{http.StatusBadRequest, codeInvalid, "the body is not what this path takes: " + sayJSON(err)}
}

// sayJSON says what is wrong with a body, without its values.
func sayJSON(err error) string {
	if wrongType := (*json.UnmarshalTypeError)(nil); errors.As(err, &wrongType) {
		return fmt.Sprintf("%s must be a %s, not a %s", wrongType.Field, wrongType.Type, wrongType.Value)
	}
	return "it must be one JSON object, such as {\"concurrency\": 20}, with the fields of docs/admin.md only"
}

// wantJSON refuses what a form of another page can send.
func wantJSON(r *http.Request) *fault {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return &fault{http.StatusUnsupportedMediaType, codeMediaType, "send JSON, with the header Content-Type: application/json"}
	}
	return nil
}

// withJSON guards a handler of somebody else's that takes a body.
func withJSON(inner func(http.ResponseWriter, *http.Request) *fault) func(http.ResponseWriter, *http.Request) *fault {
	return func(w http.ResponseWriter, r *http.Request) *fault {
		if err := wantJSON(r); err != nil {
			return err
		}
		return inner(w, r)
	}
}
