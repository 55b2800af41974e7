package guard

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/remote"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// patience ends a test that waits in vain.
const patience = 30 * time.Second

// A process is a node that runs.
type process struct {
	t       *testing.T
	address string
	log     logLines // what it writes to its standard error
	in      io.WriteCloser
	out     *bufio.Scanner
}

// logLines is a log in memory.
type logLines struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (l *logLines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.Write(p)
}

func (l *logLines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.String()
}

// reasons returns the reason of each line.
func (l *logLines) reasons(t *testing.T) []string {
	t.Helper()
	var found []string
	for line := range strings.Lines(l.String()) {
		var fields struct{ Reason string }
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Fatalf("not a line of the log: %v:\n%s", err, l)
		}
		found = append(found, fields.Reason)
	}
	return found
}

func run(t *testing.T, config nodeConfig) *process {
	t.Helper()
	text, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	p := &process{t: t}
	cmd := exec.Command(os.Args[0])
	// Under the race detector a program sleeps for a second before it ends, unless told.
	cmd.Env = append(os.Environ(), nodeEnv+"="+string(text), "GORACE=atexit_sleep_ms=0 "+os.Getenv("GORACE"))
	cmd.Stderr = &p.log
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if p.in, err = cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.in.Close() // which ends it
		if err := cmd.Wait(); err != nil {
			t.Errorf("the node has ended with %v:\n%s", err, &p.log)
		}
	})
	p.out = bufio.NewScanner(out)
	p.address = p.answer().Address
	return p
}

func (p *process) answer() (s nodeState) {
	p.t.Helper()
	if !p.out.Scan() {
		p.t.Fatalf("the node is down:\n%s", &p.log)
	}
	if err := json.Unmarshal(p.out.Bytes(), &s); err != nil {
		p.t.Fatal(err)
	}
	return s
}

func (p *process) tell(command string) nodeState {
	p.t.Helper()
	if _, err := io.WriteString(p.in, command+"\n"); err != nil {
		p.t.Fatalf("the node is down: %v:\n%s", err, &p.log)
	}
	return p.answer()
}

func (p *process) state() nodeState { p.t.Helper(); return p.tell("state") }

// A rig is a node under attack, and an honest peer that talks with it all the time.
type rig struct {
	*process
	honest *process
}

func newRig(t *testing.T, config nodeConfig) *rig {
	t.Helper()
	r := &rig{run(t, config), run(t, nodeConfig{TLS: config.TLS})}
	r.honest.tell("talk " + r.address)
	eventually(t, "the honest peer is answered", func() bool { return r.honest.state().Answered > 0 })
	return r
}

// survived checks what must hold after any attack: the node is up, the honest peer has
// been answered all the time and still is, the log has these lines and no other.
func (r *rig) survived(t *testing.T, lines ...Reason) nodeState {
	t.Helper()
	s := r.honest.state().Answered
	eventually(t, "the honest peer is still answered", func() bool { return r.honest.state().Answered > s+10 })
	if h := r.honest.tell("hush"); h.Asked != h.Answered {
		t.Errorf("the honest peer asked %d times and was answered %d times", h.Asked, h.Answered)
	}
	if text := r.honest.log.String(); text != "" {
		t.Errorf("the honest peer complains: %s", text)
	}
	var want []string
	for _, l := range lines {
		want = append(want, string(l))
	}
	if got := r.log.reasons(t); strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("want log lines of %v, got %v:\n%s", want, got, &r.log)
	}
	now := r.state()
	if now.Stopped {
		t.Error("a peer has stopped the victim")
	}
	if now.Stats.Connections != 1 {
		t.Errorf("want the honest peer's connection only, got %+v", now.Stats)
	}
	return now
}

// A hostile is a peer that writes its own messages.
type hostile struct {
	remote.Remoting_ReceiveClient
	conn *grpc.ClientConn
	t    *testing.T
}

func attack(t *testing.T, p *process, options ...grpc.CallOption) *hostile {
	t.Helper()
	return attackWith(t, p.address, insecure.NewCredentials(), options...)
}

func attackWith(t *testing.T, address string, c credentials.TransportCredentials, options ...grpc.CallOption) *hostile {
	t.Helper()
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(c))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	s, err := remote.NewRemotingClient(conn).Receive(ctx, options...)
	if err != nil {
		t.Fatal(err)
	}
	return &hostile{s, conn, t}
}

const hostileAddress = "127.0.0.1:9"

func introduction(address string) *remote.RemoteMessage {
	return &remote.RemoteMessage{MessageType: &remote.RemoteMessage_ConnectRequest{ConnectRequest: &remote.ConnectRequest{
		ConnectionType: &remote.ConnectRequest_ServerConnection{ServerConnection: &remote.ServerConnection{
			MemberId: "hostile", Address: address,
		}},
	}}}
}

func (h *hostile) introduce(address string) {
	h.t.Helper()
	h.say(introduction(address))
	if m, err := h.Recv(); err != nil || m.GetConnectResponse() == nil {
		h.t.Fatalf("want a ConnectResponse, got %v, %v", m, err)
	}
}

// say sends m. That the stream is over already, refused finds out.
func (h *hostile) say(m *remote.RemoteMessage) {
	h.t.Helper()
	if err := h.Send(m); err != nil && err != io.EOF {
		h.t.Fatal(err)
	}
}

// refused waits for the end of the stream.
func (h *hostile) refused(want codes.Code) {
	h.t.Helper()
	for {
		_, err := h.Recv()
		if err == nil {
			continue
		}
		if !has(err, want) {
			h.t.Errorf("want the stream to end with %v, got %v", want, err)
		}
		return
	}
}

func has(err error, want codes.Code) bool { return status.Code(err) == want }

func batchOf(b *remote.MessageBatch) *remote.RemoteMessage {
	return &remote.RemoteMessage{MessageType: &remote.RemoteMessage_MessageBatch{MessageBatch: b}}
}

// oneMessage is a sound batch.
func oneMessage(target, typeName string, m proto.Message) *remote.MessageBatch {
	data, err := proto.Marshal(m)
	if err != nil {
		panic(err)
	}
	return &remote.MessageBatch{
		TypeNames: []string{typeName}, Targets: []string{target},
		Envelopes: []*remote.MessageEnvelope{{MessageData: data}},
	}
}

// eventually polls, since what is counted has no signal.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	pace, end := time.NewTicker(5*time.Millisecond), time.After(patience)
	defer pace.Stop()
	for !ok() {
		select {
		case <-pace.C:
		case <-end:
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

// alone waits until the honest peer's is the only connection.
func (r *rig) alone(t *testing.T) {
	t.Helper()
	eventually(t, "the hostile connections are closed", func() bool {
		s := r.state().Stats
		return s.Strangers == 0 && s.Connections == 1
	})
}

// open connects without a word.
func open(t *testing.T, address string) net.Conn {
	t.Helper()
	c, err := net.DialTimeout("tcp", address, patience)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// closed waits until the other end closes c.
func closed(t *testing.T, c net.Conn) {
	t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(patience))
	if _, err := io.Copy(io.Discard, c); err != nil && os.IsTimeout(err) {
		t.Error("the node keeps the connection open")
	}
}
