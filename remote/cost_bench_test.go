package remote_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"bifrost"
	"bifrost/remote"
	"bifrost/schemas"
)

// BenchmarkCost compares, in one run on loopback, a 1 KB chat at a provider in another
// process with a plain gRPC unary call that carries 1 KB there and back: one caller at a
// time, eight, and 64.
func BenchmarkCost(b *testing.B) {
	text := strings.Repeat("x", 1000)
	node, plain := otherProcess(b)
	here := benchProcess(b, remote.Config{Providers: map[string]remote.Provider{providerName: {Nodes: []string{node}}}},
		bifrost.WithHooks(), nil)
	unary := connect(b, plain)
	body := &wrapperspb.StringValue{Value: text}
	calls := []struct {
		name string
		call func() error
	}{
		{"grpc", func() error {
			return unary.Invoke(context.Background(), "/plain.Echo/Call", body, new(wrapperspb.StringValue))
		}},
		{"remote", func() error {
			_, err := here.client.ChatCompletionRequest(context.Background(), hello(text))
			return err
		}},
		{"raw", func() error {
			resp, err := here.client.RawRequest(context.Background(), providerName, model, &schemas.RawRequest{Method: "POST", Path: "/chat/completions", Body: []byte(text)})
			if err != nil {
				return err
			}
			_, err = io.Copy(io.Discard, resp.Raw.Body)
			return errors.Join(err, resp.Raw.Body.Close())
		}},
	}
	for _, callers := range []int{1, 8, 64} {
		for _, one := range calls {
			b.Run(fmt.Sprintf("callers=%d/%s", callers, one.name), func(b *testing.B) { measure(b, callers, one.call) })
		}
	}
}

// measure reports the median besides what the benchmark itself does.
func measure(b *testing.B, callers int, call func() error) {
	b.ReportAllocs()
	var mu sync.Mutex
	var times []time.Duration
	var next atomic.Int64
	if err := call(); err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	var group sync.WaitGroup
	for range callers {
		group.Go(func() {
			var own []time.Duration
			for next.Add(1) <= int64(b.N) {
				began := time.Now()
				if err := call(); err != nil {
					b.Error(err)
					return
				}
				own = append(own, time.Since(began))
			}
			mu.Lock()
			defer mu.Unlock()
			times = append(times, own...)
		})
	}
	group.Wait()
	b.StopTimer()
	slices.Sort(times)
	if len(times) > 0 {
		b.ReportMetric(float64(times[len(times)/2].Nanoseconds())/1000, "p50-µs")
	}
}

func benchProcess(b *testing.B, cfg remote.Config, option bifrost.Option, account schemas.Account) *process {
	b.Helper()
	node, err := remote.Start(cfg)
	if err != nil {
		b.Fatal(err)
	}
	client, err := bifrost.Init(schemas.BifrostConfig{Account: account}, bifrost.WithNode(node), option)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = client.Shutdown(context.Background())
		_ = node.Shutdown(context.Background())
	})
	return &process{node: node, client: client}
}

// otherProcess starts this binary as the process of servers, and returns where its node
// and its plain gRPC server listen.
func otherProcess(b *testing.B) (node, plain string) {
	b.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), servesEnv+"=1")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = in.Close() // it ends then
		_ = cmd.Wait()
	})
	if _, err := fmt.Fscan(out, &node, &plain); err != nil {
		b.Fatal(err)
	}
	return node, plain
}

// servesEnv is set in the environment of the process of servers.
const servesEnv = "BIFROST_TEST_SERVES"

func TestMain(m *testing.M) {
	if os.Getenv(servesEnv) != "" {
		if err := serveCost(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// serveCost serves both ways of calling until its input ends.
func serveCost() error {
	node, err := remote.Start(remote.Config{})
	if err != nil {
		return err
	}
	client, err := bifrost.Init(schemas.BifrostConfig{Account: schemas.StaticAccount{providerName: {Config: schemas.ProviderConfig{
		ConcurrencyAndBufferSize: schemas.ConcurrencyAndBufferSize{Concurrency: 64, BufferSize: 1024}}}}},
		bifrost.WithNode(node), bifrost.WithProvider(providerName, answering()))
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := plainServer()
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }() // ends when the server is stopped
	fmt.Println(node.Address(), listener.Addr())
	_, err = io.Copy(io.Discard, os.Stdin)
	server.Stop()
	return errors.Join(err, <-served, client.Shutdown(context.Background()), node.Shutdown(context.Background()))
}

// plainServer returns what it gets.
func plainServer() *grpc.Server {
	server := grpc.NewServer()
	server.RegisterService(&grpc.ServiceDesc{ServiceName: "plain.Echo", HandlerType: (*any)(nil), Methods: []grpc.MethodDesc{{
		MethodName: "Call",
		Handler: func(_ any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
			m := new(wrapperspb.StringValue)
			return m, decode(m)
		},
	}}}, struct{}{})
	return server
}

func connect(b *testing.B, address string) *grpc.ClientConn {
	b.Helper()
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = conn.Close() })
	return conn
}
