package simulated_test

import (
	"context"
	"io"
	"testing"

	"bifrost/providers/simulated"
	"bifrost/schemas"
)

func BenchmarkChat(b *testing.B) {
	u := simulated.New(schemas.SimulationConfig{})
	r := chatCall(hello, "")
	b.ReportAllocs()
	for b.Loop() {
		resp := open(b, u, r)
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
	}
}

func BenchmarkChatParallel(b *testing.B) {
	u := simulated.New(schemas.SimulationConfig{Seed: 1, ErrorRate: 0.01, Concurrency: 1 << 20})
	r := chatCall(hello, "")
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if resp, err := u.Do(context.Background(), r); err == nil {
				resp.Body.Close()
			}
		}
	})
}

func BenchmarkChatStream(b *testing.B) {
	u := simulated.New(schemas.SimulationConfig{})
	r := chatCall(helloStream, "")
	buffer := make([]byte, 4096)
	b.ReportAllocs()
	for b.Loop() {
		resp := open(b, u, r)
		for {
			if _, err := resp.Body.Read(buffer); err != nil {
				break
			}
		}
		resp.Body.Close()
	}
}

func BenchmarkRefusal(b *testing.B) {
	u := simulated.New(schemas.SimulationConfig{Concurrency: 1})
	defer open(b, u, chatCall(helloStream, "")).Body.Close()
	r := chatCall(hello, "")
	b.ReportAllocs()
	for b.Loop() {
		open(b, u, r).Body.Close()
	}
}

func BenchmarkEmbedding(b *testing.B) {
	u := simulated.New(schemas.SimulationConfig{})
	r := chatCall(`{"model":"e","input":"some text"}`, "")
	r.URL = "http://sim/v1/embeddings"
	b.ReportAllocs()
	for b.Loop() {
		open(b, u, r).Body.Close()
	}
}
