// Package top shows the queues of a gateway in a terminal: once, or live. It writes plain
// text and, live, a few control sequences that every terminal knows; it fits 80 columns
// and uses more if there are more.
package top
