package remote_test

import (
	"context"
	"errors"
	"io"
	"net"
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

// BenchmarkCost compares, in one run on loopback, a 1 KB chat at a provider of another
// node with a plain gRPC unary call that carries 1 KB there and back: one caller at a
// time for the median, and 64 for the throughput.
func BenchmarkCost(b *testing.B) {
	text := strings.Repeat("x", 1000)
	there := benchProcess(b, remote.Config{}, bifrost.WithProvider(providerName, answering()),
		schemas.StaticAccount{providerName: {Config: schemas.ProviderConfig{ConcurrencyAndBufferSize: schemas.ConcurrencyAndBufferSize{Concurrency: 64, BufferSize: 1024}}}})
	here := benchProcess(b, remote.Config{Providers: map[string]remote.Provider{providerName: {Nodes: []string{there.node.Address()}}}},
		bifrost.WithHooks(), nil)
	unary := plainUnary(b)
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
	for _, one := range calls {
		b.Run("callers=1/"+one.name, func(b *testing.B) { measure(b, 1, one.call) })
	}
	for _, one := range calls {
		b.Run("callers=64/"+one.name, func(b *testing.B) { measure(b, 64, one.call) })
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
	return &process{node, client}
}

// plainUnary starts a server that returns what it gets, and connects to it.
func plainUnary(b *testing.B) *grpc.ClientConn {
	b.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	server := grpc.NewServer()
	server.RegisterService(&grpc.ServiceDesc{ServiceName: "plain.Echo", HandlerType: (*any)(nil), Methods: []grpc.MethodDesc{{
		MethodName: "Call",
		Handler: func(_ any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
			m := new(wrapperspb.StringValue)
			return m, decode(m)
		},
	}}}, struct{}{})
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }() // ends when the server is stopped
	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = conn.Close()
		server.Stop()
		<-served
	})
	return conn
}
