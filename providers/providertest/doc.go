// Package providertest is the suite that every provider adapter passes: what a
// schemas.Provider promises, held against its good answers and against every
// fault that an upstream can show.
//
//	func TestMyProvider(t *testing.T) {
//		providertest.Exercise(t, func(t *testing.T) providertest.Fixture {
//			up := providertest.NewUpstream(t)
//			return providertest.Fixture{Provider: build(t, up.URL), Upstream: up, Key: key, Model: "m"}
//		})
//	}
//
// It is for tests only: it imports package testing.
package providertest
