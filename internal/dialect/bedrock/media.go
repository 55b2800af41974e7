package bedrock

import (
	"encoding/base64"
	"mime"
	"net/url"
	"strconv"
	"strings"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

// The formats that Converse knows, by media type and by the ending of a name.
var (
	imageFormats = map[string]string{"image/png": "png", "image/jpeg": "jpeg", "image/jpg": "jpeg", "image/gif": "gif", "image/webp": "webp",
		"png": "png", "jpeg": "jpeg", "jpg": "jpeg", "gif": "gif", "webp": "webp"}
	videoFormats = map[string]string{"video/mp4": "mp4", "video/quicktime": "mov", "video/webm": "webm", "video/x-matroska": "mkv",
		"video/x-flv": "flv", "video/mpeg": "mpeg", "video/x-ms-wmv": "wmv", "video/3gpp": "three_gp",
		"mp4": "mp4", "mov": "mov", "webm": "webm", "mkv": "mkv", "flv": "flv", "mpeg": "mpeg", "mpg": "mpg", "wmv": "wmv", "3gp": "three_gp"}
	documentFormats = map[string]string{"application/pdf": "pdf", "text/csv": "csv", "text/html": "html", "text/plain": "txt", "text/markdown": "md",
		"application/msword": "doc", "application/vnd.ms-excel": "xls",
		"application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
		"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet":       "xlsx",
		"pdf": "pdf", "csv": "csv", "html": "html", "htm": "html", "txt": "txt", "md": "md", "doc": "doc", "docx": "docx", "xls": "xls", "xlsx": "xlsx"}
)

// mediaOf translates a data: URL, or an address in S3. Converse fetches no other.
func mediaOf(field, address string, formats map[string]string) (*media, error) {
	if strings.HasPrefix(address, "s3://") {
		format := formats[ending(address)]
		if format == "" {
			return nil, unknownFormat(field)
		}
		return &media{Format: format, Source: source{S3Location: &s3Location{URI: address}}}, nil
	}
	kind, data, err := dataURL(field, address)
	if err != nil {
		return nil, err
	}
	format := formats[kind]
	if format == "" {
		return nil, unknownFormat(field)
	}
	return &media{Format: format, Source: source{Bytes: data}}, nil
}

func unknownFormat(field string) *schemas.Error {
	return dialect.BadRequest("the file in " + field + " has a type that Bedrock does not know; convert it")
}

// ending returns what follows the last "." of a name, in lower case.
func ending(name string) string {
	return strings.ToLower(name[strings.LastIndexByte(name, '.')+1:])
}

// dataURL splits a data: URL into its media type and its content in base64.
func dataURL(field, address string) (kind, data string, err error) {
	rest, ok := strings.CutPrefix(address, "data:")
	if !ok {
		return "", "", refused(field, "Bedrock fetches no address but s3://; send the file as a data: URL")
	}
	head, data, ok := strings.Cut(rest, ",")
	if !ok {
		return "", "", dialect.BadRequest("the data: URL in " + field + " has no content; correct it")
	}
	head, coded := strings.CutSuffix(head, ";base64")
	if !coded {
		plain, err := url.PathUnescape(data)
		if err != nil {
			return "", "", dialect.BadRequest("the data: URL in " + field + " is not well escaped; correct it")
		}
		data = base64.StdEncoding.EncodeToString([]byte(plain))
	}
	kind, _, err = mime.ParseMediaType(head)
	if err != nil {
		kind = ""
	}
	return kind, data, nil
}

// document translates a file.
func (e *chatEncoder) document(f *schemas.FileInput) (*media, error) {
	const field = "messages.content.file"
	if f.FileID != "" {
		return nil, refused(field+".file_id", "Bedrock keeps no files; send the file as file_data")
	}
	address := f.FileData
	if address == "" {
		address = f.FileURL
	}
	var m *media
	if format := documentFormats[ending(f.Filename)]; format != "" && !strings.HasPrefix(address, "s3://") {
		_, data, err := dataURL(field, address)
		if err != nil {
			return nil, err
		}
		m = &media{Format: format, Source: source{Bytes: data}}
	} else {
		var err error
		if m, err = mediaOf(field, address, documentFormats); err != nil {
			return nil, err
		}
	}
	m.Name = e.documentName(f.Filename)
	return m, nil
}

// documentName returns a name that Converse takes, unlike the others of the request.
func (e *chatEncoder) documentName(file string) string {
	if i := strings.LastIndexByte(file, '.'); i > 0 {
		file = file[:i]
	}
	base := strings.Join(strings.Fields(strings.Map(nameRune, file)), " ")
	if base == "" {
		base = "document"
	}
	base = strings.TrimSpace(base[:min(len(base), 150)]) // 200 at most; all of it is ASCII
	name := base
	for e.names[name] > 0 {
		e.names[base]++
		name = base + " " + strconv.Itoa(e.names[base])
	}
	e.names[name] = 1
	return name
}

// nameRune makes a space of what a document's name must not have.
func nameRune(r rune) rune {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', strings.ContainsRune("-()[]", r):
		return r
	}
	return ' '
}
