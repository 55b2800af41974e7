package schemas

// StoredResponseRequest names a response that a provider keeps
// (https://platform.openai.com/docs/api-reference/responses/get).
type StoredResponseRequest struct {
	Provider string // as configured
	ID       string

	// Include and Extra are sent when the response is retrieved: what is to be in it, and
	// further parameters.
	Include []string
	Extra   map[string]string

	// StartingAfter is of a stream: the number of the last event that is known already.
	// Nil: from the first one.
	StartingAfter *int64
}

// InputItemsRequest asks for the input of a response that a provider keeps
// (https://platform.openai.com/docs/api-reference/responses/input-items).
type InputItemsRequest struct {
	Provider string // as configured
	ID       string // of the response

	Include []string
	After   string // the id of the last item of the page before
	Limit   int    // at most so many; 0: as many as the provider gives
	Order   string // "asc" or "desc"; empty: as the provider has it
}

// ResponsesItemList is a page of items.
type ResponsesItemList struct {
	Object  string          `json:"object"` // "list"
	Data    []ResponsesItem `json:"data"`
	FirstID string          `json:"first_id,omitempty"`
	LastID  string          `json:"last_id,omitempty"`
	HasMore bool            `json:"has_more"`

	Served Served `json:"-"` // as in ChatResponse
}

// Deletion is what a provider says of something that it was to delete.
type Deletion struct {
	ID      string `json:"id"`
	Object  string `json:"object"`
	Deleted bool   `json:"deleted"`

	Served Served `json:"-"` // as in ChatResponse
}
