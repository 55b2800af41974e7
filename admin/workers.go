package admin

import "bifrost"

// workers lists the workers of a provider that runs here.
func (h *Handler) workers(name string) []WorkerView {
	out := []WorkerView{}
	list, _ := h.o.Client.Workers(name)
	for _, w := range list {
		out = append(out, workerOf(w))
	}
	return out
}

func workerOf(w bifrost.WorkerState) WorkerView {
	return WorkerView{ID: w.ID, State: string(w.Status), Since: w.Since, Model: w.Model}
}
