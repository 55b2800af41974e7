package schemas

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

// Spread is how an alias chooses among its targets.
type Spread string

// The ways to spread requests.
const (
	SpreadWeight Spread = "weight" // by chance, each as often as its weight says
	SpreadFree   Spread = "free"   // the one with the most free places; equal ones by weight
)

// Alias is a model name of the operator's own, which stands for one of its targets.
// The others are the fallbacks of the one that is chosen, before those of the request.
type Alias struct {
	Targets []AliasTarget
	Spread  Spread // empty: SpreadWeight
}

// AliasTarget is a model that an alias may stand for.
type AliasTarget struct {
	Model  string  // "provider/model"
	Weight float64 // relative to the others; zero means 1
}

// ValidateAliases reports every fault at once, joined; each names its key.
func ValidateAliases(aliases map[string]Alias) error {
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(aliases)) {
		if err := CheckAliasName(name); err != nil {
			faults = append(faults, fmt.Errorf("models.%q %w", name, err))
		}
		faults = append(faults, aliases[name].validate(name))
	}
	return errors.Join(faults...)
}

func (a Alias) validate(name string) error {
	var faults []error
	switch a.Spread {
	case "", SpreadWeight, SpreadFree:
	default:
		faults = append(faults, fmt.Errorf("models.%s.spread is %q; write %q or %q", name, a.Spread, SpreadWeight, SpreadFree))
	}
	if len(a.Targets) == 0 {
		faults = append(faults, fmt.Errorf("models.%s.targets is empty; name at least one model", name))
	}
	for i, t := range a.Targets {
		if err := CheckFallback(t.Model); err != nil {
			faults = append(faults, fmt.Errorf("models.%s.targets[%d].model %w", name, i, err))
		}
		if t.Weight < 0 || math.IsNaN(t.Weight) || math.IsInf(t.Weight, 0) {
			faults = append(faults, fmt.Errorf("models.%s.targets[%d].weight is %v; it must be positive, or zero for 1", name, i, t.Weight))
		}
	}
	return errors.Join(faults...)
}

// CheckAliasName returns nil, or what is wrong with the name of an alias. The error
// continues a sentence that begins with the name.
func CheckAliasName(name string) error {
	if name == "" || strings.ContainsAny(name, "/ \t\r\n") {
		return errors.New(`is empty, or has a "/" or white space; choose a plain name such as fast`)
	}
	return nil
}

// CloneAliases returns a copy that shares nothing with aliases.
func CloneAliases(aliases map[string]Alias) map[string]Alias {
	out := maps.Clone(aliases)
	for name, a := range out {
		a.Targets = slices.Clone(a.Targets)
		out[name] = a
	}
	return out
}
