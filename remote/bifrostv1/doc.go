// Package bifrostv1 has the messages that nodes send each other, generated from
// bifrost.proto and content.proto by "make generate". An actor of another process asks a provider's
// PID with Request; remote.NewRequest makes one and remote.Open reads the answer.
package bifrostv1
