package admin

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"
)

// dist is the dashboard as `make ui` builds it.
//
//go:embed ui/dist
var dist embed.FS

// A page is one file of the dashboard.
type page struct {
	kind   string // its Content-Type
	tag    string // its ETag
	body   []byte
	zipped []byte
}

// pages has the dashboard's files by name. They are compressed once, when the first
// handler with a dashboard is made.
var pages = sync.OnceValues(func() (map[string]page, error) {
	out := map[string]page{}
	files, err := fs.Sub(dist, "ui/dist")
	if err != nil {
		return nil, err
	}
	err = fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		body, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		zipped, err := zip(body)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(body)
		out[name] = page{kind: kindOf(name), tag: `"` + hex.EncodeToString(sum[:8]) + `"`, body: body, zipped: zipped}
		return nil
	})
	return out, err
})

func zip(body []byte) ([]byte, error) {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(body); err != nil {
		return nil, err
	}
	err = w.Close()
	return b.Bytes(), err
}

// kindOf does not ask the machine, which may have types of its own.
func kindOf(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	}
	return "text/plain; charset=utf-8"
}

// dashboard adds the page and its files. They hold no data, so that no token is needed to
// see the form that asks for it.
func (h *Handler) dashboard() {
	files, err := pages()
	if err != nil {
		panic(fmt.Sprintf("bug: the dashboard is built in and cannot be read: %v", err))
	}
	get := func(f http.HandlerFunc) methods { return methods{http.MethodGet: by(f)} }
	home := http.RedirectHandler("/ui/", http.StatusFound)
	h.open("/{$}", get(home.ServeHTTP))
	h.open("/ui", get(home.ServeHTTP))
	h.open("/ui/", methods{http.MethodGet: func(w http.ResponseWriter, r *http.Request) *fault {
		name := strings.TrimPrefix(r.URL.Path, "/ui/")
		if name == "" {
			name = "index.html"
		}
		p, ok := files[name]
		if !ok {
			return &fault{http.StatusNotFound, codeNotFound, "the dashboard has no such file; it is at /ui/"}
		}
		p.serve(w, r)
		return nil
	}})
}

// serve answers with the file, or that the browser's copy is still the same.
func (p page) serve(w http.ResponseWriter, r *http.Request) {
	head := w.Header()
	head.Set("Cache-Control", "no-cache") // keep it, and ask each time
	head.Set("ETag", p.tag)
	head.Set("Vary", "Accept-Encoding")
	if strings.Contains(r.Header.Get("If-None-Match"), p.tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	body := p.body
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		head.Set("Content-Encoding", "gzip")
		body = p.zipped
	}
	head.Set("Content-Type", p.kind)
	_, _ = w.Write(body) // the caller may be gone; there is nobody to tell
}
