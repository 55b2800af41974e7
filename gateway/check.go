package gateway

import "github.com/tidwall/gjson"

// check looks at the fields of one operation without which the call is in vain. It
// knows no more of an operation: what else a provider takes is the provider's.
type check func(*document) error

func checkChat(d *document) error {
	messages, err := d.only("messages")
	switch {
	case err != nil:
		return err
	case !messages.Exists():
		return badField("messages", "the field messages is missing; send an array of messages")
	case !messages.IsArray():
		return badField("messages", "the field messages must be an array of messages")
	}
	return checkStream(d)
}

func checkContents(d *document) error {
	contents, err := d.only("contents")
	switch {
	case err != nil:
		return err
	case !contents.Exists():
		return badField("contents", "the field contents is missing; send an array of contents")
	case !contents.IsArray():
		return badField("contents", "the field contents must be an array of contents")
	}
	return nil
}

func checkNothing(*document) error { return nil }

func checkEmbeddings(d *document) error {
	input, err := d.only("input")
	switch {
	case err != nil:
		return err
	case !input.Exists():
		return badField("input", "the field input is missing; send a string or an array")
	case input.Type != gjson.String && !input.IsArray():
		return badField("input", "the field input must be a string or an array")
	}
	return nil
}

// checkStream lets null pass: it means the default.
func checkStream(d *document) error {
	stream, err := d.only("stream")
	if err != nil {
		return err
	}
	switch stream.Type {
	case gjson.Null, gjson.True, gjson.False:
		return nil
	}
	return badField("stream", "the field stream must be true or false")
}
