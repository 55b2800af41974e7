package schemas

import "encoding/json"

// BatchCreateRequest starts a batch of requests, which are in a file
// (https://platform.openai.com/docs/api-reference/batch/create). The models that the
// file names are the provider's own names.
type BatchCreateRequest struct {
	Provider string `json:"-"` // as configured

	InputFileID      string            `json:"input_file_id"`
	Endpoint         string            `json:"endpoint"`                    // "/v1/chat/completions", …
	CompletionWindow string            `json:"completion_window,omitempty"` // empty: "24h"
	Metadata         map[string]string `json:"metadata,omitempty"`

	// Extra holds further top-level fields, such as output_expires_after, sent as they
	// are. None replaces a field above.
	Extra map[string]json.RawMessage `json:"-"`
}

// BatchRequest names a batch at a provider.
type BatchRequest struct {
	Provider string // as configured
	ID       string
}

// BatchListRequest asks for a page of a provider's batches
// (https://platform.openai.com/docs/api-reference/batch/list).
type BatchListRequest struct {
	Provider string // as configured

	After string // the id of the last batch of the page before
	Limit int    // at most so many; 0: as many as the provider gives
}

// Batch is a batch of requests
// (https://platform.openai.com/docs/api-reference/batch/object). Times are Unix seconds;
// 0: not yet, or not told.
type Batch struct {
	ID               string `json:"id"`
	Object           string `json:"object"`
	Endpoint         string `json:"endpoint"`
	InputFileID      string `json:"input_file_id"`
	CompletionWindow string `json:"completion_window"`

	// Status is "validating", "failed", "in_progress", "finalizing", "completed",
	// "expired", "cancelling" or "cancelled".
	Status       string       `json:"status"`
	Errors       *BatchErrors `json:"errors,omitempty"`
	OutputFileID string       `json:"output_file_id,omitempty"`
	ErrorFileID  string       `json:"error_file_id,omitempty"`

	CreatedAt    int64 `json:"created_at"`
	InProgressAt int64 `json:"in_progress_at,omitempty"`
	ExpiresAt    int64 `json:"expires_at,omitempty"`
	FinalizingAt int64 `json:"finalizing_at,omitempty"`
	CompletedAt  int64 `json:"completed_at,omitempty"`
	FailedAt     int64 `json:"failed_at,omitempty"`
	ExpiredAt    int64 `json:"expired_at,omitempty"`
	CancellingAt int64 `json:"cancelling_at,omitempty"`
	CancelledAt  int64 `json:"cancelled_at,omitempty"`

	RequestCounts *BatchCounts      `json:"request_counts,omitempty"`
	Metadata      map[string]string `json:"metadata,omitempty"`

	Extra map[string]json.RawMessage `json:"-"` // further fields

	Served Served `json:"-"` // as in ChatResponse; not of the batches in a list
}

// BatchErrors says what is wrong with a batch's input.
type BatchErrors struct {
	Object string       `json:"object,omitempty"`
	Data   []BatchError `json:"data"`
}

// BatchError is one fault of a batch's input.
type BatchError struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Param   string `json:"param,omitempty"`
	Line    int64  `json:"line,omitempty"` // 0: not told
}

// BatchCounts counts the requests of a batch.
type BatchCounts struct {
	Total     int64 `json:"total"`
	Completed int64 `json:"completed"`
	Failed    int64 `json:"failed"`
}

// MarshalJSON writes the fields and Extra's.
func (b Batch) MarshalJSON() ([]byte, error) {
	type plain Batch
	return writeObject(plain(b), b.Extra)
}

// UnmarshalJSON reads a batch; see ResponsesResponse.
func (b *Batch) UnmarshalJSON(data []byte) (err error) {
	type plain Batch
	var p plain
	p.Extra, err = readObject(data, &p)
	*b = Batch(p)
	return err
}

// BatchList is a page of batches. The next one comes after LastID.
type BatchList struct {
	Object  string  `json:"object"` // "list"
	Data    []Batch `json:"data"`
	FirstID string  `json:"first_id,omitempty"`
	LastID  string  `json:"last_id,omitempty"`
	HasMore bool    `json:"has_more"`

	Served Served `json:"-"` // as in ChatResponse
}
