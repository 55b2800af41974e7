package simulated

import (
	"context"
	"net/http"

	"bifrost/schemas"
)

// modelsRequest asks for the configured names, or for the one that it names; it has no
// body.
type modelsRequest struct{ id string }

func parseModels(id string) operation {
	return func(*Upstream, call) (job, *refusal) { return modelsRequest{id}, nil }
}

func (modelsRequest) streams() bool { return false }

func (r modelsRequest) reply(_ context.Context, u *Upstream, _ ticket, _ switches) reply {
	list := schemas.ModelList{Object: "list", Data: make([]schemas.Model, len(u.cfg.Models))}
	for i, name := range u.cfg.Models {
		list.Data[i] = schemas.Model{ID: name, Object: "model", OwnedBy: "simulated"}
	}
	if r.id == "" {
		return jsonReply(http.StatusOK, list)
	}
	for _, m := range list.Data {
		if m.ID == r.id {
			return jsonReply(http.StatusOK, m)
		}
	}
	f := refusal{status: http.StatusNotFound, code: "model_not_found", param: "model",
		message: "the simulated provider has no such model; see the list of models"}
	return f.reply()
}
