package openai

import (
	"strings"

	"bifrost/schemas"
)

// operations are those that a raw call's path stands for.
var operations = map[string]schemas.Operation{
	PathChat:            schemas.OperationChat,
	PathEmbeddings:      schemas.OperationEmbeddings,
	PathCompletions:     schemas.OperationCompletion,
	PathRerank:          schemas.OperationRerank,
	PathModerations:     schemas.OperationModeration,
	PathImages:          schemas.OperationImage,
	pathImageEdits:      schemas.OperationImage,
	pathImageVariations: schemas.OperationImage,
	PathSpeech:          schemas.OperationSpeech,
	PathTranscriptions:  schemas.OperationTranscription,
	PathTranslations:    schemas.OperationTranslation,
}

// families are the operations of a path and of all that is below it.
var families = []struct {
	path      string
	operation schemas.Operation
}{
	{PathModels, schemas.OperationListModels},
	{PathResponses, schemas.OperationResponses},
	{pathFiles, schemas.OperationFiles},
	{pathUploads, schemas.OperationFiles}, // a file in parts
	{pathBatches, schemas.OperationBatches},
}

// operationOf returns the operation that a raw call's path stands for, or "" for one
// that is not known.
func operationOf(path string) schemas.Operation {
	if op, ok := operations[path]; ok {
		return op
	}
	for _, f := range families {
		if rest, ok := strings.CutPrefix(path, f.path); ok && (rest == "" || rest[0] == '/') {
			return f.operation
		}
	}
	return ""
}

// isDownload reports whether a path is that of a file's content:
// /files/{id}/content.
func isDownload(path string) bool {
	id, ok := strings.CutPrefix(path, pathFiles+"/")
	return ok && strings.HasSuffix(id, "/content")
}
