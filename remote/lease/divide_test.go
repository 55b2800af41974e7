package lease

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestDivideGivesAllThereIsEvenlyAndNobodyMoreThanItAsksFor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		total := rapid.IntRange(0, 100).Draw(t, "total")
		claims := rapid.SliceOfN(rapid.IntRange(0, 40), 0, 8).Draw(t, "claims")
		got := divide(total, claims)
		sum, asked := 0, 0
		for i := range claims {
			if got[i] < 0 || got[i] > claims[i] {
				t.Fatalf("%d of %d", got[i], claims[i])
			}
			sum, asked = sum+got[i], asked+claims[i]
			for j := range claims {
				if got[j] < claims[j] && got[i] > got[j]+1 || i > j && got[j] < claims[j] && got[i] > got[j] {
					t.Fatalf("%v of %v: %d has less than %d, and wants more", got, claims, j, i)
				}
			}
		}
		if sum != min(total, asked) {
			t.Fatalf("%v of %d for %v", got, total, claims)
		}
	})
}

func TestANodeThatGoesMovesOnlyTheLimitsThatItRankedFirstFor(t *testing.T) {
	members := []string{name(0), name(1), name(2), name(3)}
	all := func(string) bool { return true }
	count := map[string]int{}
	for i := range 400 {
		limit := fmt.Sprint("limit ", i)
		before := first(limit, members, all)
		count[before]++
		after := first(limit, members, func(m string) bool { return m != name(2) })
		if before != name(2) && after != before {
			t.Fatalf("%s moves from %s to %s", limit, before, after)
		}
	}
	for _, m := range members {
		if count[m] < 50 {
			t.Errorf("%s is first for %d of 400", m, count[m])
		}
	}
	if first("x", members, func(string) bool { return false }) != "" {
		t.Error("somebody is first of nobody")
	}
}

func TestMembersAreTheSameInAnyOrder(t *testing.T) {
	a := normalized([]string{"c", "a", "b", "a"}, "d")
	b := normalized([]string{"d", "b", "c", "a"}, "a")
	if !slices.Equal(a, b) || difference(a, b) != 0 {
		t.Error(a, b)
	}
	for other, want := range map[string]int{"a": 3, "b c d": 1, "a b c d e": 1, "a b c e": 2, "": 4, "0 a b c d": 1} {
		if got := difference(a, strings.Fields(other)); got != want || difference(strings.Fields(other), a) != want {
			t.Errorf("%v and %q differ by %d, want %d", a, other, got, want)
		}
	}
}
