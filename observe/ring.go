package observe

// ring keeps the last values that were put into it, at most its size. It is not safe
// for concurrent use.
type ring[T any] struct {
	size int
	kept []T // grows to size, then the oldest is overwritten
	next int // where the oldest is, once it is full
}

func (r *ring[T]) put(v T) {
	if len(r.kept) < r.size {
		r.kept = append(r.kept, v)
		return
	}
	r.kept[r.next] = v
	r.next = (r.next + 1) % r.size
}

// newestFirst returns a copy.
func (r *ring[T]) newestFirst() []T {
	out := make([]T, len(r.kept))
	for i := range out {
		out[i] = r.kept[(r.next+len(r.kept)-1-i)%len(r.kept)]
	}
	return out
}
