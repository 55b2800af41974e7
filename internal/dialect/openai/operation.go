package openai

import (
	"strings"

	"bifrost/schemas"
)

// operationOf returns the operation that a raw call's path stands for, or "" for one
// that is not known.
func operationOf(path string) schemas.Operation {
	switch {
	case path == PathChat:
		return schemas.OperationChat
	case path == PathEmbeddings:
		return schemas.OperationEmbeddings
	case path == PathModels, strings.HasPrefix(path, PathModels+"/"):
		return schemas.OperationListModels
	}
	return ""
}
