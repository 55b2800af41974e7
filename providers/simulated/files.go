package simulated

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// What is kept of files: the newest ones, so that they take little more than 64 MiB.
const (
	keptFiles    = 64
	maxFileBytes = 1 << 20
	maxNameBytes = 1 << 10 // of a file's name and purpose
)

// files are what callers have uploaded. It is safe for concurrent use. The zero value is
// empty.
type files struct {
	mu     sync.Mutex
	stored []storedFile // the oldest first
	number int          // of those that were ever stored
}

// storedFile is one file, as the API describes it. Its content is not modified.
type storedFile struct {
	ID       string `json:"id"`
	Object   string `json:"object"`
	Bytes    int    `json:"bytes"`
	Created  int64  `json:"created_at"` // Unix seconds
	Filename string `json:"filename"`
	Purpose  string `json:"purpose"`
	Status   string `json:"status"`

	content []byte
}

func (f *files) add(up form) storedFile {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.number++
	file := storedFile{ID: "file-sim-" + strconv.Itoa(f.number), Object: "file", Bytes: len(up.content), Created: time.Now().Unix(),
		Filename: up.name, Purpose: up.fields["purpose"], Status: "processed", content: up.content}
	f.stored = append(f.stored, file)
	if len(f.stored) > keptFiles {
		f.stored = slices.Delete(f.stored, 0, 1)
	}
	return file
}

// list returns the files, the newest first.
func (f *files) list() []storedFile {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := append([]storedFile{}, f.stored...) // never null
	slices.Reverse(all)
	return all
}

func (f *files) get(id string) (storedFile, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := f.indexLocked(id)
	if i < 0 {
		return storedFile{}, false
	}
	return f.stored[i], true
}

func (f *files) remove(id string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := f.indexLocked(id)
	if i < 0 {
		return false
	}
	f.stored = slices.Delete(f.stored, i, i+1)
	return true
}

func (f *files) indexLocked(id string) int {
	return slices.IndexFunc(f.stored, func(file storedFile) bool { return file.ID == id })
}

// fileRequest is a call about files: an upload, or what is asked of those that are kept.
type fileRequest struct {
	upload  *form
	id      string // "": all of them
	content bool   // the file itself, not its description
	remove  bool
	purpose string // of the list: only these; "" for all
}

// routeFiles returns the operation of a path below /files, and its method.
func routeFiles(method, rest string) (want string, op operation) {
	id, content := strings.CutSuffix(strings.TrimPrefix(rest, "/"), "/content")
	r := fileRequest{id: id, content: content}
	switch {
	case id == "" && method == http.MethodPost:
		return method, parseUpload
	case id != "" && !content && method == http.MethodDelete:
		r.remove = true
		return method, func(*Upstream, call) (job, *refusal) { return r, nil }
	}
	return http.MethodGet, func(_ *Upstream, c call) (job, *refusal) {
		for pair := range strings.SplitSeq(c.query, "&") {
			if value, ok := strings.CutPrefix(pair, "purpose="); ok {
				r.purpose = value
			}
		}
		return r, nil
	}
}

func parseUpload(_ *Upstream, c call) (job, *refusal) {
	f, fault := readForm(c)
	switch {
	case fault != nil:
		return nil, fault
	case f.name == "":
		return nil, badRequest("file", "file is missing; send one with its name")
	case f.fields["purpose"] == "":
		return nil, badRequest("purpose", "purpose is missing; say what the file is for")
	case len(f.fields["purpose"])+len(f.name) > maxNameBytes:
		return nil, badRequest("purpose", "purpose and the file's name are longer than 1 KiB; shorten them")
	case len(f.content) > maxFileBytes:
		return nil, &refusal{status: http.StatusRequestEntityTooLarge, code: "file_too_large", param: "file",
			message: "the simulated provider keeps files of up to 1 MiB; send less"}
	}
	return fileRequest{upload: &f}, nil
}

func (fileRequest) streams() bool { return false }

func (r fileRequest) reply(_ context.Context, u *Upstream, _ ticket, _ switches) reply {
	switch {
	case r.upload != nil:
		return jsonReply(http.StatusOK, u.files.add(*r.upload))
	case r.id == "":
		return r.list(u)
	case r.remove:
		if u.files.remove(r.id) {
			return jsonReply(http.StatusOK, map[string]any{"id": r.id, "object": "file", "deleted": true})
		}
	default:
		if file, ok := u.files.get(r.id); ok && r.content {
			return newReply(http.StatusOK, "application/octet-stream", file.content)
		} else if ok {
			return jsonReply(http.StatusOK, file)
		}
	}
	f := refusal{status: http.StatusNotFound, code: "file_not_found", param: "id",
		message: "the simulated provider has no such file; see the list of files"}
	return f.reply()
}

func (r fileRequest) list(u *Upstream) reply {
	all := slices.DeleteFunc(u.files.list(), func(f storedFile) bool { return r.purpose != "" && f.Purpose != r.purpose })
	return jsonReply(http.StatusOK, struct {
		Object  string       `json:"object"`
		Data    []storedFile `json:"data"`
		HasMore bool         `json:"has_more"`
	}{"list", all, false})
}
