package codec

import (
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"bifrost/remote/bifrostv1"
	"bifrost/schemas"
)

// arrived returns err as it arrives.
func arrived(t *testing.T, err error) *schemas.Error {
	t.Helper()
	switch m := sent(t, EncodeError(err)).(type) {
	case *bifrostv1.DeadLetter:
		return DecodeDeadLetter(m)
	case *bifrostv1.Error:
		return DecodeError(m)
	default:
		t.Fatalf("got a %T", m)
		return nil
	}
}

func TestAnErrorArrivesWithAllButItsCause(t *testing.T) {
	for _, kind := range constants(t, "error.go", "ErrorKind") {
		want := schemas.Error{Kind: schemas.ErrorKind(kind), Reason: schemas.ReasonKeysResting, Provider: "p", Model: "m", Message: "é; retry",
			StatusCode: 529, RetryAfter: 1500 * time.Millisecond, QuotaSpent: true, MayHaveStarted: true,
			Upstream: &schemas.UpstreamReply{StatusCode: 529, Header: map[string][]string{"Retry-After": {"2"}}, Body: []byte("\xff{}"), Dialect: "anthropic"}}
		given := want
		given.Err = errors.New("s3cret")
		if got := arrived(t, fmt.Errorf("around it: %w", &given)); !reflect.DeepEqual(got, &want) {
			t.Errorf("got  %s\nwant %s", show(got), show(&want))
		}
	}
}

// A field that is added is in the test above, or here.
func TestTheFieldsOfErrorsAreTheOnesThatAreSent(t *testing.T) {
	for typ, want := range map[reflect.Type]int{reflect.TypeFor[schemas.Error](): 11, reflect.TypeFor[schemas.UpstreamReply](): 4, reflect.TypeFor[schemas.DeadLetter](): 8} {
		if typ.NumField() != want {
			t.Errorf("%s has %d fields: send the new ones, and write their number here", typ, typ.NumField())
		}
	}
}

func TestARefusalArrivesAsTheSameDeadLetter(t *testing.T) {
	for _, reason := range constants(t, "error.go", "Reason") {
		kind := schemas.KindOverloaded
		if reason == "not_found" {
			kind = schemas.KindNotFound
		}
		letter := &schemas.DeadLetter{Provider: "p", Reason: schemas.Reason(reason), Capacity: 1 << 40, Queued: 2, InHand: 3, Waiting: 4, RetryAfter: time.Nanosecond,
			Hopeless: reason == string(schemas.ReasonDeadlineUnmeetable)}
		want := &schemas.Error{Kind: kind, Reason: letter.Reason, Provider: "p", Model: "m", Message: "advice", RetryAfter: time.Nanosecond, Err: letter}
		if got := arrived(t, want); !reflect.DeepEqual(got, want) {
			t.Errorf("got  %s\nwant %s", show(got), show(want))
		}
		want.Model, want.Message = "", ""
		if got := arrived(t, letter); !reflect.DeepEqual(got, want) {
			t.Errorf("got  %s\nwant %s", show(got), show(want))
		}
	}
}

func TestOnlyAnErrorThatIsARefusalItselfIsSentAsOne(t *testing.T) {
	refusal := &schemas.Error{Kind: schemas.KindOverloaded, Reason: schemas.ReasonQueueFull, Err: &schemas.DeadLetter{Reason: schemas.ReasonQueueFull}}
	primary := &schemas.Error{Kind: schemas.KindUpstream, StatusCode: 500, MayHaveStarted: true}
	for _, err := range []error{errors.Join(primary, refusal), &schemas.Error{Kind: schemas.KindUpstream, StatusCode: 500, MayHaveStarted: true, Err: refusal}} {
		if got := arrived(t, err); !reflect.DeepEqual(got, primary) {
			t.Errorf("got %s", show(got))
		}
	}
}

func TestAnErrorOfAnotherTypeSaysNothing(t *testing.T) {
	var typed *schemas.Error
	var letter *schemas.DeadLetter
	for _, err := range []error{errors.New("s3cret"), context.Canceled, nil, typed, letter} {
		got := arrived(t, err)
		if got.Kind != schemas.KindInternal || strings.Contains(got.Error(), "s3cret") || got.Message == "" || !got.MayHaveStarted {
			t.Errorf("%v: got %v", err, got)
		}
	}
}

func TestWhatAPeerSaysOfAnErrorIsBounded(t *testing.T) {
	got := DecodeError(&bifrostv1.Error{Kind: "of a newer version", Reason: "Not A Reason",
		RetryAfter: durationpb.New(-time.Hour), Upstream: &bifrostv1.Upstream{Body: make([]byte, maxUpstreamBody+1)}})
	if got.Kind != schemas.KindInternal || got.Reason != "" || got.RetryAfter != 0 || len(got.Upstream.Body) != maxUpstreamBody {
		t.Errorf("got %+v", got)
	}
	got = DecodeDeadLetter(&bifrostv1.DeadLetter{Reason: "newer_reason", RetryAfter: &durationpb.Duration{Seconds: math.MaxInt64}})
	if got.Kind != schemas.KindOverloaded || got.Reason != "newer_reason" || got.RetryAfter != math.MaxInt64 {
		t.Errorf("got %+v", got)
	}
	if got := DecodeDeadLetter(&bifrostv1.DeadLetter{Reason: strings.Repeat("a", 33)}); got.Reason != "" {
		t.Errorf("got %+v", got)
	}
	long := &schemas.Error{Upstream: &schemas.UpstreamReply{Body: make([]byte, maxUpstreamBody+1)}}
	if m, ok := EncodeError(long).(*bifrostv1.Error); !ok || len(m.GetUpstream().GetBody()) != maxUpstreamBody {
		t.Error("a longer body is sent")
	}
}
