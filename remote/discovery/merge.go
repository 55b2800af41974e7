package discovery

import (
	"context"
	"errors"
	"slices"
	"sync"
)

// Merge is a source of all addresses that any of the sources knows. Its first list
// comes with that of the first source that has one.
func Merge(sources ...Source) Source { return merged(sources) }

type merged []Source

// Run runs all sources. The first that fails ends the others.
func (m merged) Run(ctx context.Context, update func([]string)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var (
		wg     sync.WaitGroup
		mu     sync.Mutex // is held while update runs, so that lists come in their order
		faults []error
		last   []string
		lists  = make([][]string, len(m))
	)
	report := func(i int, list []string) {
		mu.Lock()
		defer mu.Unlock()
		lists[i] = list
		all := normal(slices.Concat(lists...))
		if last == nil || !slices.Equal(all, last) {
			last = all
			update(slices.Clone(all))
		}
	}
	for i, source := range m {
		wg.Go(func() { // ends when ctx does
			if err := source.Run(ctx, func(list []string) { report(i, list) }); err != nil {
				mu.Lock()
				faults = append(faults, err)
				mu.Unlock()
				cancel()
			}
		})
	}
	<-ctx.Done()
	wg.Wait()
	return errors.Join(faults...)
}
