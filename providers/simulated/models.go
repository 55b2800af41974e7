package simulated

import (
	"context"
	"net/http"

	"bifrost/schemas"
)

// modelsRequest asks for the configured names; it has no body.
type modelsRequest struct{}

func parseModels([]byte) (job, *refusal) { return modelsRequest{}, nil }

func (modelsRequest) streams() bool { return false }

func (modelsRequest) reply(_ context.Context, u *Upstream, _ ticket, _ switches) reply {
	list := schemas.ModelList{Object: "list", Data: make([]schemas.Model, len(u.cfg.Models))}
	for i, name := range u.cfg.Models {
		list.Data[i] = schemas.Model{ID: name, Object: "model", OwnedBy: "simulated"}
	}
	return jsonReply(http.StatusOK, list)
}
