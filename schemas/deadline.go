package schemas

import "context"

type deadlineKey struct{}

// DeadlineCheck says whether a request is refused at once whose deadline cannot be met.
type DeadlineCheck int

// The checks.
const (
	NoDeadlineCheck DeadlineCheck = iota // it waits until its deadline
	CheckDeadline                        // it is refused
	CheckBeginning                       // likewise; the deadline is over once its answer has begun
)

// WithDeadlineCheck returns a context whose requests are refused at once, with kind
// overloaded and reason deadline_unmeetable, if they have to wait for their turn and, by
// how long recent calls have taken, it comes too late for the context's deadline. A
// request that can start at once never is, nor is one while too little is known. It holds
// for the providers of this process.
func WithDeadlineCheck(ctx context.Context, check DeadlineCheck) context.Context {
	return context.WithValue(ctx, deadlineKey{}, check)
}

// DeadlineCheckOf returns the check of a context.
func DeadlineCheckOf(ctx context.Context) DeadlineCheck {
	check, _ := ctx.Value(deadlineKey{}).(DeadlineCheck)
	return check
}
