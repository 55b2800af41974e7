package schemas

import (
	"encoding/json"
	"io"
)

// FileUploadRequest stores a file at a provider
// (https://platform.openai.com/docs/api-reference/files/create).
type FileUploadRequest struct {
	Provider string // as configured

	// File is read to its end, before the provider is asked, and held in memory until the
	// call is over. So this request, unlike others, is for one call.
	File     io.Reader
	Filename string // empty: "file"
	Purpose  string // "batch", "user_data", …

	// Extra holds further form fields, such as expires_after[anchor], sent as they are.
	Extra map[string]string
}

// MaxUpload is the largest file that can be uploaded, in bytes: that of OpenAI's own
// API.
const MaxUpload = 512 << 20

// File is a file that a provider keeps
// (https://platform.openai.com/docs/api-reference/files/object).
type File struct {
	ID            string `json:"id"`
	Object        string `json:"object"`
	Bytes         int64  `json:"bytes"`
	CreatedAt     int64  `json:"created_at"`           // Unix seconds
	ExpiresAt     int64  `json:"expires_at,omitempty"` // Unix seconds; 0: never, or not told
	Filename      string `json:"filename"`
	Purpose       string `json:"purpose"`
	Status        string `json:"status,omitempty"`
	StatusDetails string `json:"status_details,omitempty"`

	Extra map[string]json.RawMessage `json:"-"` // further fields

	Served Served `json:"-"` // as in ChatResponse; not of the files in a list
}

// MarshalJSON writes the fields and Extra's.
func (f File) MarshalJSON() ([]byte, error) {
	type plain File
	return writeObject(plain(f), f.Extra)
}

// UnmarshalJSON reads a file; see ResponsesResponse.
func (f *File) UnmarshalJSON(data []byte) (err error) {
	type plain File
	var p plain
	p.Extra, err = readObject(data, &p)
	*f = File(p)
	return err
}

// FileRequest names a file that a provider keeps.
type FileRequest struct {
	Provider string // as configured
	ID       string
}

// FileListRequest asks for a page of the files that a provider keeps
// (https://platform.openai.com/docs/api-reference/files/list).
type FileListRequest struct {
	Provider string // as configured

	Purpose string // empty: of any
	After   string // the id of the last file of the page before
	Limit   int    // at most so many; 0: as many as the provider gives
	Order   string // "asc" or "desc" by time; empty: as the provider has it
}

// FileList is a page of files. The next one comes after LastID, or the last file's id.
type FileList struct {
	Object  string `json:"object"` // "list"
	Data    []File `json:"data"`
	FirstID string `json:"first_id,omitempty"`
	LastID  string `json:"last_id,omitempty"`
	HasMore bool   `json:"has_more"`

	Served Served `json:"-"` // as in ChatResponse
}
