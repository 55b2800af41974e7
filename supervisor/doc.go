// Package supervisor decides what happens after a worker panics.
//
// The strategy is one-for-one and never gives up: a failed worker is restarted,
// its siblings are not touched, and the pool never shrinks. The first restarts
// are immediate; from the third failure of the same worker within ten seconds on
// they are delayed, 100 ms doubling to 5 s, with jitter, for as long as each
// failure comes within ten seconds of the restart before it.
//
// Window is the rule as a pure function of time; Strategy ties it to the
// engine's supervision.
package supervisor
